"""The shared words of the system: one noun a file, no I/O, no clock, nothing above imported."""
