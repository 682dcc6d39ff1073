"""The configuration: one TOML file, checked whole before anything starts, frozen afterwards."""

from gateway.config.load import load
from gateway.config.model import Config

__all__ = ["Config", "load"]
