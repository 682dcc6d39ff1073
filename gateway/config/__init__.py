"""The configuration: one TOML file, checked whole before anything starts, frozen afterwards."""

from gateway.config.load import load
from gateway.config.model import Config
from gateway.config.office import dialplan_doubts, load_office, setting_doubts, ways_out

__all__ = ["Config", "dialplan_doubts", "load", "load_office", "setting_doubts", "ways_out"]
