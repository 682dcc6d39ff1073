"""Session descriptions (RFC 8866) and the offer/answer exchange over them (RFC 3264): pure text and values."""
