"""Analogue cards: the DAHDI ABI, the port above it, the kernel and the emulated card below it."""
