"""SIP events (RFC 6665, RFC 3903): who may watch what, what they are sent, and what they publish."""
