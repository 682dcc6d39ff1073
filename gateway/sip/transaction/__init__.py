"""SIP transactions (RFC 3261 section 17, RFC 6026): one machine a file, and the layer that drives them."""
