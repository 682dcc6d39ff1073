"""AGI: a program beside the dialplan, or one on another machine, drives a call by lines of text."""
