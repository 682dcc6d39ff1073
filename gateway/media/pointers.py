"""Addresses as compiled code uses them: typed pointers and records of what lies there."""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["int16_at", "int32_at", "int64_at", "record_of", "uint8_at"]


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


int16_at: Final[Any] = _pointer(types.int16)
int32_at: Final[Any] = _pointer(types.int32)
int64_at: Final[Any] = _pointer(types.int64)
uint8_at: Final[Any] = _pointer(types.uint8)
