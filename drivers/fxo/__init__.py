"""FXO: a port that is plugged into an exchange line."""
