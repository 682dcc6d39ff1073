"""Structures that an ioctl passes: taken apart and put together, with EFAULT for what is no such structure."""

from __future__ import annotations

import errno
from functools import cache
from typing import Any

__all__ = ["read", "write"]


@cache
def _size(struct: Any) -> int:
    """Octets of a structure; construct adds them up from its fields each time."""
    return int(struct.sizeof())


def read(struct: Any, argument: bytearray | None) -> Any:
    """Parse the structure passed.

    Raises:
        OSError: EFAULT there is none or it has another size.
    """
    if argument is None or len(argument) != _size(struct):
        raise OSError(errno.EFAULT, "bad address")
    return struct.parse(argument)


def write(struct: Any, argument: bytearray | None, value: Any) -> None:
    """Overwrite the structure passed; raises as `read` does."""
    if argument is None or len(argument) != _size(struct):
        raise OSError(errno.EFAULT, "bad address")
    argument[:] = struct.build(value)
