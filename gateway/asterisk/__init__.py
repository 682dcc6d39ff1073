"""An Asterisk configuration directory turned into an office of ours; what is left behind is told line by line."""

from gateway.asterisk.whole import Imported, read_directory

__all__ = ["Imported", "read_directory"]
