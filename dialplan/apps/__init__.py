"""Dialplan applications, one file a family; `dialplan.applications` has the whole table.

An application is one coroutine that reads like the thing it does; it ends when that is done, and HungUp passes
through it when the leg is over.
"""
