"""Devices made Channels: analogue telephones (fxs) and analogue exchange lines (fxo)."""
