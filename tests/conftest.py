"""The order of the suite."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with real peers first: they mostly wait, and whoever computes does so beside them, not after them."""
    items.sort(key=lambda item: item.get_closest_marker("wire") is None)
