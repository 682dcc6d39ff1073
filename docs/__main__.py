"""`python -m docs`: writes everything in docs/ that comes from the code."""

from docs import draw

draw.main()
