"""AudioSocket: a program on the network as a call's far side."""
