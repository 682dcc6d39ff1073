"""What analogue and digital cards have in common: the DAHDI kernel driver, its numbers and structures."""
