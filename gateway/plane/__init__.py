"""The media plane: one compiled loop over a table of rows, a row for each leg's audio.

In go descriptors (RTP sockets, frame devices) and commands; out come events. Control (Python) and the loop share
nothing but arrays, two rings and descriptors. Packets never meet the interpreter.
"""
