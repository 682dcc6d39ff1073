"""Serial ISDN terminal adapters: real ones by pyserial, emulated ones on pseudo-terminals."""
