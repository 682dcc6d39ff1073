"""A running office under everything that real networks, people and machines do, for as long as somebody wants.

    make soak MINUTES=30        or: python -m tests.soak --minutes 30 [--seed 7] [--rate 4] [--without machine]

Telephones and providers that call, answer, refuse, give up, vanish, repeat themselves and talk nonsense, by wires
that lose, double and delay; operators that reload, hang up and look on; a machine that stops for seconds, whose
disk is full and whose descriptors are used up. After each stretch all is let come to rest, and nothing may be left
over; in the end the power fails in mid-call, and the office is told to stop in mid-call.
"""
