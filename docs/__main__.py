"""`python -m docs`: writes everything in docs/ that comes from the code."""

from docs import applications, draw, settings

draw.main()
settings.main()
applications.main()
