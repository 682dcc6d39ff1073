"""Copperline: a SIP-to-PSTN media gateway and PBX."""
