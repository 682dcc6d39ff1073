"""Rows that go to the driver as they are, for the table that grows with every call.

SQLAlchemy looks at each value of each row by itself, which costs a call record three times what the rest does.
Here it says once how a table is written; what is left for each row is to put its values in order. Many rows go as
one statement: between statements SQLite's thread asks for the interpreter, which takes it from the calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Dialect, Table, insert

__all__ = ["Insertion"]


_NUMBER: Final = re.compile(r"\$(\d+)")
"""The place of a value, where a driver numbers them (PostgreSQL's); SQLite's are all `?`."""


class Insertion:
    """The insertion of rows into `table`, each with a value for every column.

    Args:
        together: rows that go as one statement, where there are so many.
    """

    def __init__(self, table: Table, dialect: Dialect, together: int) -> None:
        compiled = insert(table).compile(dialect=dialect)
        names = compiled.positiontup
        assert names is not None  # the parameters of both our drivers are known by their places
        self._one = str(compiled)
        self._together = together
        head, _, values = self._one.partition(" VALUES ")
        rows = [_moved(values, row * len(names)) for row in range(together)]
        self._many = f"{head} VALUES {', '.join(rows)}"
        self._ordered: Callable[[Mapping[str, Any]], tuple[Any, ...]] = itemgetter(*names)
        processors = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
        self._processed = [
            (place, processor) for place, processor in enumerate(processors) if processor is not None
        ]

    def statement(
        self, rows: Sequence[Mapping[str, object]]
    ) -> tuple[str, tuple[object, ...] | list[tuple[object, ...]]]:
        """How rows are written, and their values: those of all, or those of each for a statement that is repeated.

        Raises:
            ValueError: one is of a type that its column cannot have.
        """
        try:
            values = [self._driven(row) for row in rows]
        except (AttributeError, TypeError) as error:
            raise ValueError(f"a value is not of its column's type: {error}") from error
        if len(values) == self._together:
            return self._many, tuple(chain.from_iterable(values))
        return self._one, values

    def _driven(self, row: Mapping[str, object]) -> tuple[object, ...]:
        values = list(self._ordered(row))
        for place, processor in self._processed:
            values[place] = processor(values[place])
        return tuple(values)


def _moved(values: str, by: int) -> str:
    """The places of a row's values, `by` values later."""
    return _NUMBER.sub(lambda found: f"${int(found[1]) + by}", values)
