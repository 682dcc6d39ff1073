"""The parts of an emulated DAHDI card: what the kernel and a card's driver do between ioctl and copper."""
