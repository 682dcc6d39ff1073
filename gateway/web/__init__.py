"""HTTP: the interface for programs, the console's page, metrics."""
