"""ISDN: a basic access behind a serial terminal adapter."""
