"""What calls to the outside may be made, by whom, and how much of it."""
