"""A whole office under test, for our own tests and, by `hardware.pytest_plugin`, for those of other projects."""
