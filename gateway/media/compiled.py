"""How functions on the path of media are compiled, and how the compiled form is found again by the next process.

`stage` marks a function that is compiled into those that call it; `entry` one that may be called from Python too,
whose machine code (with every stage in it) is kept on disk. Both release the interpreter lock while they run.

A stage is but written down when it is compiled; the entry takes in all stages below it and has them optimised
together, once. Numba by itself would optimise each stage with a copy of all that it calls, at every level of the
calls, and make machine code of it that nobody runs: twice the work in all. Where that makes faster code, in the
echo canceller and in G.726, `njit` is used as it is.

Numba notices a change of the file of a cached function only, not of those that it is compiled together with. A
checksum of all of them, used by the entry as a closure value, is part of numba's cache key: a change to any file
compiles anew instead of running old code.
"""

from __future__ import annotations

import gc
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from numba import cfunc, njit, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

__all__ = ["callback", "checksum", "entry", "stage"]

Function = TypeVar("Function", bound=Callable[..., Any])
_without_value: Final[Any] = types.unliteral


def checksum(files: Iterable[Path]) -> int:
    """Checksum of source files and of this one, in the order given; never negative."""
    value = 0
    for file in (Path(__file__), *files):
        value = zlib.crc32(file.read_bytes(), value)
    return value


class _Part(JITCodeLibrary):
    """The code of a stage as it was written down: neither optimised nor made to run."""

    def _optimize_functions(self, module: Any) -> None:
        module.data_layout = self._codegen._data_layout

    def finalize(self) -> None:
        self._finalized = True


class _Whole(JITCodeLibrary):
    """The code of an entry and of every stage below it."""

    def finalize(self) -> None:
        self._linking_libraries = _all_below(self)
        super().finalize()  # type: ignore[no-untyped-call]


def _all_below(library: Any) -> list[Any]:
    """What `library` calls, and what the stages among it call, each once."""
    below: dict[Any, None] = dict.fromkeys(library._linking_libraries)
    waiting = list(below)
    while waiting:
        called = waiting.pop()
        if isinstance(called, _Part):
            further = [other for other in called._linking_libraries if other not in below]
            below.update(dict.fromkeys(further))
            waiting += further
    return list(below)


class _StageCompiler(Compiler):
    def compile_extra(self, function: Any) -> Any:
        self.state.flags.no_cpython_wrapper = True
        self.state.flags.no_cfunc_wrapper = True
        context = self.state.targetctx
        self.state.library = _Part(context.codegen(), function.__qualname__)  # type: ignore[no-untyped-call]
        # Numba tells compiled functions apart by a builtin of each, which Python would call; this one nobody calls.
        context.get_executable = lambda library, descriptor, environment: descriptor.__sizeof__
        return super().compile_extra(function)  # type: ignore[no-untyped-call]


class _EntryCompiler(Compiler):
    def compile_extra(self, function: Any) -> Any:
        self.state.flags.no_cfunc_wrapper = True
        codegen = self.state.targetctx.codegen()
        self.state.library = _Whole(codegen, function.__qualname__)  # type: ignore[no-untyped-call]
        self.state.library.enable_object_caching()
        with _uncollected():
            return super().compile_extra(function)  # type: ignore[no-untyped-call]


class _CallbackCompiler(Compiler):
    def compile_extra(self, function: Any) -> Any:
        self.state.flags.no_cpython_wrapper = True
        codegen = self.state.targetctx.codegen()
        self.state.library = _Whole(codegen, function.__qualname__)  # type: ignore[no-untyped-call]
        self.state.library.enable_object_caching()
        with _uncollected():
            return super().compile_extra(function)  # type: ignore[no-untyped-call]


@contextmanager
def _uncollected() -> Iterator[None]:
    """The cyclic garbage collector is off meanwhile: it finds little in a compiler, and looks at all of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Stage:
    """In compiled code what `compiled` is. Called from Python, as tests do, it is compiled as an entry."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._numba_type_ = compiled._numba_type_
        self.py_func = compiled.py_func

    @cached_property
    def _entry(self) -> Any:
        compiled = self._compiled
        return njit(nogil=True, pipeline_class=_EntryCompiler)(lambda *arguments: compiled(*arguments))

    def __call__(self, *arguments: Any) -> Any:
        return self._entry(*arguments)


def stage(function: Function) -> Function:
    """Compile `function` as part of its callers; `function.py_func` stays the readable plain form.

    It is compiled once, with every whole number taken as int64. Numba would else make a copy for each constant and
    each width that it is called with, thirteen of `emit` alone, and take half as long again.
    """
    compiled: Any = njit(nogil=True, error_model="numpy", pipeline_class=_StageCompiler)(function)
    template = compiled.get_call_template

    def general(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        widened = {name: _widened(kind) for name, kind in keywords.items()}
        return template(tuple(_widened(kind) for kind in arguments), widened)

    compiled.get_call_template = general
    return cast(Function, _Stage(compiled))


def _widened(kind: Any) -> Any:
    kind = _without_value(kind)
    return types.int64 if isinstance(kind, types.Integer) else kind


def entry(function: Function) -> Function:
    """Compile `function` with all its stages, and keep it on disk.

    Where stages of other files take part, it uses their `checksum` through a closure.
    """
    compiled: Any = njit(nogil=True, cache=True, error_model="numpy", pipeline_class=_EntryCompiler)(function)
    return cast(Function, compiled)


def callback(signature: Any) -> Callable[[Function], Any]:
    """Compile a function with all its stages as one of C, and keep it on disk as an entry is kept.

    Returns:
        What makes numba's CFunc of a function: `address` for compiled code, `ctypes` for others.
    """
    return cast(
        Callable[[Function], Any],
        cfunc(signature, cache=True, error_model="numpy", pipeline_class=_CallbackCompiler),
    )
