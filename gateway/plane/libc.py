"""The kernel as compiled code reaches it: C library calls by symbol, errno, and ordered loads and stores.

Pointers are plain integers (`array.ctypes.data`); a call returns what C returns, `errno()` says why it failed.
Nothing here allocates or raises. Symbols are looked up by name when code is loaded, so compiled code can be cached
(a ctypes function as a global could not).
"""

from __future__ import annotations

import platform
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.numpy_support import carray

from gateway.media.compiled import stage

__all__ = [
    "CLOCK_MONOTONIC",
    "EPOLLERR",
    "EPOLLHUP",
    "EPOLLIN",
    "EPOLLRDHUP",
    "EPOLL_CTL_ADD",
    "EPOLL_CTL_DEL",
    "EPOLL_CTL_MOD",
    "EPOLL_EVENT",
    "F_GETFD",
    "MSG_DONTWAIT",
    "MSG_NOSIGNAL",
    "MSG_TRUNC",
    "TFD_TIMER_ABSTIME",
    "clock_gettime",
    "connect",
    "epoll_ctl",
    "epoll_wait",
    "errno",
    "fcntl",
    "load_acquire",
    "memchr",
    "memmove",
    "memset",
    "read",
    "recvfrom",
    "sendto",
    "store_release",
    "timerfd_settime",
    "write",
]

CLOCK_MONOTONIC: Final = 1
EPOLLIN: Final = 0x001
EPOLLERR: Final = 0x008
EPOLLHUP: Final = 0x010
EPOLLRDHUP: Final = 0x2000
EPOLL_CTL_ADD: Final = 1
EPOLL_CTL_DEL: Final = 2
EPOLL_CTL_MOD: Final = 3
F_GETFD: Final = 1
MSG_TRUNC: Final = 0x20
MSG_DONTWAIT: Final = 0x40
MSG_NOSIGNAL: Final = 0x4000
TFD_TIMER_ABSTIME: Final = 1

EPOLL_EVENT: Final = np.dtype(
    [("events", np.uint32), ("data", np.int64)], align=platform.machine() not in ("x86_64", "AMD64")
)
"""struct epoll_event: packed on x86-64 and nowhere else (sys/epoll.h)."""

_pointer_to: Final[Any] = types.CPointer
_int = types.int32
_long = types.intp

read: Final[Any] = types.ExternalFunction("read", _long(_int, _long, _long))
write: Final[Any] = types.ExternalFunction("write", _long(_int, _long, _long))
recvfrom: Final[Any] = types.ExternalFunction("recvfrom", _long(_int, _long, _long, _int, _long, _long))
sendto: Final[Any] = types.ExternalFunction("sendto", _long(_int, _long, _long, _int, _long, _int))
connect: Final[Any] = types.ExternalFunction("connect", _int(_int, _long, _int))
epoll_ctl: Final[Any] = types.ExternalFunction("epoll_ctl", _int(_int, _int, _int, _long))
epoll_wait: Final[Any] = types.ExternalFunction("epoll_wait", _int(_int, _long, _int, _int))
memchr: Final[Any] = types.ExternalFunction("memchr", _long(_long, _int, _long))
memmove: Final[Any] = types.ExternalFunction("memmove", _long(_long, _long, _long))
memset: Final[Any] = types.ExternalFunction("memset", _long(_long, _int, _long))
fcntl: Final[Any] = types.ExternalFunction("fcntl", _int(_int, _int))
timerfd_settime: Final[Any] = types.ExternalFunction("timerfd_settime", _int(_int, _int, _long, _long))
clock_gettime: Final[Any] = types.ExternalFunction("clock_gettime", _int(_int, _long))
_errno_location: Any = types.ExternalFunction("__errno_location", _pointer_to(_int)())


@stage
def errno() -> int:
    """The calling thread's errno."""
    return int(carray(_errno_location(), (1,))[0])


def _load_acquire(typing_context: Any, address: Any) -> Any:
    """int64 at `address`; nothing that follows is done before it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())
        return builder.load_atomic(pointer, "acquire", 8)

    return types.int64(types.intp), generate


def _store_release(typing_context: Any, address: Any, value: Any) -> Any:
    """Store int64 `value` at `address` after everything that went before."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())
        builder.store_atomic(arguments[1], pointer, "release", 8)
        return context.get_dummy_value()

    return types.void(types.intp, types.int64), generate


load_acquire: Final[Any] = intrinsic(_load_acquire)
store_release: Final[Any] = intrinsic(_store_release)
