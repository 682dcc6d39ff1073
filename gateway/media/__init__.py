"""Pure sample work: coding, tones, detection, caller ID modems, prompts. No clock, no sockets, no devices."""
