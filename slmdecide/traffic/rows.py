"""The rows of a small table of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir


def rows_of(table: ir.Table) -> list[dict[str, Any]]:
    """One mapping a row."""
    names = table.columns
    return [dict(zip(names, row, strict=True)) for row in tuples_of(table)]


def tuples_of(table: ir.Table) -> list[tuple[Any, ...]]:
    """One tuple a row, in the order of the columns."""
    backend = table.get_backend()
    if backend.name in ("duckdb", "postgres"):
        # Its own rows: Ibis would import pandas or Arrow for them, which takes longer than most queries here.
        found: list[tuple[Any, ...]] = backend.raw_sql(backend.compile(table)).fetchall()
        return found
    return list(zip(*(column.to_pylist() for column in table.to_pyarrow().columns), strict=True))


def count_of(table: ir.Table) -> int:
    """How many rows it has."""
    return int(rows_of(table.agg(n=table.count()))[0]["n"])
