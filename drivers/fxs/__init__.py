"""FXS: a port with a telephone on it."""
