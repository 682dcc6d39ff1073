"""`python -m gateway` is `copperline`."""

from __future__ import annotations

import sys

from gateway.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
