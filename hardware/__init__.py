"""Telephony devices and their emulators, side by side below one seam a kind of device."""
