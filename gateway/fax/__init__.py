"""Fax: packets of T.38 on the wire, and T.30 machines and gateways by libspandsp. No sockets, clocks or threads."""
