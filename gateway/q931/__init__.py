"""Primary-rate ISDN: Q.931 messages and call control, and the data link (Q.921). No sockets, clocks, threads."""
