"""Addresses as compiled code uses them: typed pointers and records of what lies there, and functions of C."""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["call_c", "int16_at", "int32_at", "int64_at", "prefetch", "record_of", "uint8_at"]


def record_of(dtype: np.dtype[Any]) -> Any:
    """A compiled function that gives the record `index` of the array of `dtype` at `address`."""
    record = numba.from_dtype(dtype)
    size = dtype.itemsize

    def at(typing_context: Any, address: Any, index: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            offset = builder.mul(arguments[1], ir.Constant(ir.IntType(64), size))
            return builder.inttoptr(builder.add(arguments[0], offset), context.get_value_type(record))

        return record(types.int64, types.int64), generate

    return intrinsic(at)


def _pointer(element: Any) -> Any:
    """A compiled function that makes a typed pointer of an address, as `carray` wants it."""
    make: Any = types.CPointer
    pointer = make(element)

    def at(typing_context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(pointer))

        return pointer(types.int64), generate

    return intrinsic(at)


def _prefetch(typing_context: Any, address: Any) -> Any:
    """Have the cache line at an address brought near; one where nothing is does no harm."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        octet, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [octet, number, number, number])
        fetch: Any = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, kind, "llvm.prefetch.p0i8"
        )
        to_read, keep, data = number(0), number(3), number(1)
        builder.call(fetch, [builder.inttoptr(arguments[0], octet), to_read, keep, data])
        return context.get_dummy_value()

    return types.void(types.int64), generate


prefetch: Final[Any] = intrinsic(_prefetch)


def _call(typing_context: Any, function: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any) -> Any:
    """int at `function`, with up to seven arguments; those that it does not have it does not see.

    So it is with the C calling conventions of x86-64 and AArch64: the caller clears its arguments away.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = ir.IntType(64)
        kind = ir.FunctionType(ir.IntType(32), [word] * 7)
        return builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), arguments[1:])

    return types.int32(*[types.int64] * 8), generate


call_c: Final[Any] = intrinsic(_call)
int16_at: Final[Any] = _pointer(types.int16)
int32_at: Final[Any] = _pointer(types.int32)
int64_at: Final[Any] = _pointer(types.int64)
uint8_at: Final[Any] = _pointer(types.uint8)
