"""The dialplan room: `extensions.conf` files, and the scripts in them, run for a leg.

    text -> reader -> parser -> model -> check      once, when a file is loaded
    number -> matcher -> step -> substitution -> application      for each step of a call

Nothing here knows a technology; legs and the switch are reached through `gateway.core.switch` alone.
"""
