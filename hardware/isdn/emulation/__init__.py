"""An emulated terminal adapter, after the modem emulator of isdn4linux (drivers/isdn/i4l/isdn_tty.c)."""
