"""`python -m docs`: writes everything in docs/ that comes from the code."""

from docs import applications, codecs, draw, http, settings

draw.main()
settings.main()
applications.main()
codecs.main()
http.main()
