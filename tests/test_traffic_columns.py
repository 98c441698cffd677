"""Columns of a Parquet file are read as pyarrow's own rows have them, whatever their type."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from slmdecide.traffic.files import _cells

COLUMNS: dict[str, Any] = {
    "texts": pa.array(["a", None, "é\x00"]),
    "large texts": pa.array(["a", "b"], pa.large_string()),
    "a part of texts": pa.array(["a", "b", "c"])[1:],
    "no text": pa.array([None, None], pa.string()),
    "none": pa.array([], pa.string()),
    "whole": pa.array([1, 2**63 - 1, -5]),
    "small": pa.array([1, 2], pa.int8()),
    "largest": pa.array([2**64 - 1], pa.uint64()),
    "whole, some missing": pa.array([2**62 + 1, None]),
    "numbers": pa.array([1.5, float("nan"), float("inf")]),
    "numbers, some missing": pa.array([1.5, None]),
    "single": pa.array([0.1], pa.float32()),
    "flags": pa.array([True, None]),
    "times": pa.array([datetime(2026, 1, 1, tzinfo=UTC)]),
    "decimals": pa.array([Decimal("1.5")]),
    "dictionary": pa.array(["x", "x", None]).dictionary_encode(),
    "lists": pa.array([[1], None]),
    "objects": pa.array([{"a": 1}]),
    "maps": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
    "bytes": pa.array([b"x"]),
    "nothing": pa.nulls(2),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_cells_are_those_of_pyarrow(name: str) -> None:
    """Values and their types."""
    expected = COLUMNS[name].to_pylist(maps_as_pydicts="lossy")
    found = _cells(COLUMNS[name])
    assert repr(found) == repr(expected)
    assert [type(one) for one in found] == [type(one) for one in expected]
