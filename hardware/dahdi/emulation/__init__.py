"""The parts of an emulated DAHDI device that are the same for every kind of channel."""
