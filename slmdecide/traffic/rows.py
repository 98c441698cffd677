"""The rows of a small table of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir


def rows_of(table: ir.Table) -> list[dict[str, Any]]:
    """One mapping a row."""
    backend = table.get_backend()
    if backend.name == "duckdb":
        # Its own rows: Ibis would import pandas for them, which takes longer than most queries here.
        names = table.columns
        return [dict(zip(names, row, strict=True)) for row in backend.raw_sql(backend.compile(table)).fetchall()]
    found: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return found


def count_of(table: ir.Table) -> int:
    """How many rows it has."""
    return int(rows_of(table.agg(n=table.count()))[0]["n"])
