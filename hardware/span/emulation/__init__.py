"""The parts of an emulated span: what the kernel and a card's framer do between ioctl and line."""
