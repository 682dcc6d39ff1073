"""iLBC (RFC 3951): speech at 8000 Hz in frames that each stand alone, 38 octets for 20 ms or 50 for 30.

A frame is what is left of the speech when its spectrum is taken out (clause 3.2, 3.3). The 57 or 58 samples of it
with most of the energy are written down sample by sample (the start state, clause 3.5); from there outwards, first
later and then earlier, every other block is said as a sum of three pieces of what stands already (clause 3.6).
No frame needs another one to be heard, which is why a loss ends with its frame.

Names of the RFC's variables are given where they help to follow it.
"""
