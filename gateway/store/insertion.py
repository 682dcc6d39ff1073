"""Rows that go to the driver as they are, for the table that grows with every call.

SQLAlchemy looks at each value of each row by itself, which costs a call record three times what the rest does.
Here it says once how a table is written; what is left for each row is to put its values in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any

from sqlalchemy import Dialect, Table, insert

__all__ = ["Insertion"]


class Insertion:
    """The insertion of rows into `table`, each with a value for every column.

    Attributes:
        text: the statement, in the words of the dialect's driver.
    """

    def __init__(self, table: Table, dialect: Dialect) -> None:
        compiled = insert(table).compile(dialect=dialect)
        names = compiled.positiontup
        assert names is not None  # the parameters of both our drivers are known by their places
        self.text = str(compiled)
        self._ordered: Callable[[Mapping[str, Any]], tuple[Any, ...]] = itemgetter(*names)
        processors = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
        self._processed = [
            (place, processor) for place, processor in enumerate(processors) if processor is not None
        ]

    def values(self, rows: Iterable[Mapping[str, object]]) -> list[tuple[object, ...]]:
        """The values of rows, as the driver takes them.

        Raises:
            ValueError: one is of a type that its column cannot have.
        """
        try:
            return [self._driven(row) for row in rows]
        except (AttributeError, TypeError) as error:
            raise ValueError(f"a value is not of its column's type: {error}") from error

    def _driven(self, row: Mapping[str, object]) -> tuple[object, ...]:
        values = list(self._ordered(row))
        for place, processor in self._processed:
            values[place] = processor(values[place])
        return tuple(values)
