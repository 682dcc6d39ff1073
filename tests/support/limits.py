"""What the system allows this process, for a while: full disks and full tables of descriptors.

with limited(resource.RLIMIT_FSIZE, 12_000): ...
"""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator

__all__ = ["limited"]


@contextlib.contextmanager
def limited(what: int, most: int) -> Iterator[None]:
    """No more than `most` of a resource (getrlimit(2)); RLIMIT_FSIZE is a disk on which no file becomes longer."""
    limits = resource.getrlimit(what)
    resource.setrlimit(what, (most, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, limits)
