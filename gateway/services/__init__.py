"""Services of the office that are neither calls nor protocols: who is busy, whose messages wait."""
