"""E1 and T1 spans made lines: a D channel with Q.931, and a Channel for each call on its B channels."""
