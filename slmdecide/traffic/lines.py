"""The lines of plain chat logs, as the embedded engine reads them: a drawn share of them, all of them, or some by number.

DuckDB alone draws the share, so that it can begin before Ibis is there, whose import takes a while.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from slmdecide.traffic.backend import DUCKDB_PLACE, temporary
from slmdecide.traffic.formats import KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import ibis.expr.datatypes as dt
    import ibis.expr.types as ir
    from duckdb import DuckDBPyConnection

_NUMBERS = ("latency_ms", "duration_ms", "ttft_ms", "cost_usd", "cost")
TIMES = ("timestamp", "created_at", "time")
"""Of a row; the first that is there counts."""
REFUSED = ("error", "usage")
"""Fields of a row that are left to the reading row by row, for all that they may hold."""
_FIELDS: Mapping[str, Any] = {
    "request": {
        "model": "VARCHAR",
        "messages": [{"role": "VARCHAR", "content": "VARCHAR"}],
        "temperature": "DOUBLE",
        **dict.fromkeys(("metadata", "prompt", "input", "instructions"), "JSON"),
    },
    "response": {
        "id": "VARCHAR",
        "created": "DOUBLE",
        "model": "VARCHAR",
        "choices": [{"message": {"content": "VARCHAR", "tool_calls": "JSON", "function_call": "JSON", "parts": "JSON"}}],
        "usage": {
            **dict.fromkeys(("prompt_tokens", "completion_tokens", "cost"), "DOUBLE"),
            **dict.fromkeys(("input_tokens", "output_tokens"), "JSON"),
            "prompt_tokens_details": {"cached_tokens": "DOUBLE"},
            "completion_tokens_details": {"reasoning_tokens": "DOUBLE"},
        },
        **dict.fromkeys(("error", "output"), "JSON"),
    },
    "metadata": "JSON",
    **dict.fromkeys(("trace_id", "session_id", "conversation_id", "provider", *TIMES, *KEYS), "VARCHAR"),
    **dict.fromkeys(_NUMBERS, "DOUBLE"),
    **dict.fromkeys(REFUSED, "JSON"),
}
"""What the engine reads of a line, as types of DuckDB; it skips the rest."""
_HASHES = 2**64
"""Values of the engine's hash."""
_FROM_LINE = f"from_json(line, '{json.dumps(_FIELDS)}')"


def draw_lines(duckdb: DuckDBPyConnection, paths: Sequence[Path], share: float) -> None:
    """Puts aside a share of the lines, by what stands in them. They are not parsed, so it takes little more than reading the files."""
    # A line that cannot be read is NULL.
    chosen = f"json IS NULL OR hash(json) < {int(share * _HASHES)}" if share < 1 else "true"
    lines = f"read_json_objects({_listed(paths)}, format='newline_delimited', ignore_errors=true, filename=true)"
    selected = f"SELECT json AS line, {_number_of(paths)} AS file FROM {lines} WHERE {chosen}"  # noqa: S608  (quoted)
    duckdb.execute(f"CREATE OR REPLACE TABLE drawn_lines AS {selected}")
    duckdb.execute(_parsed("parsed_draw", f"{_FROM_LINE} AS fields, file FROM drawn_lines", "file"))


def drawn_lines(connection: Any) -> ir.Table:  # noqa: ANN401  (an Ibis connection)
    """The lines that were drawn, or are being drawn, with `file`; what cannot be read is a row of NULLs."""
    return _table(connection, "parsed_draw", "file")


def forget_drawn(duckdb: DuckDBPyConnection) -> None:
    """Lets go of the lines that were drawn."""
    duckdb.execute("DROP VIEW parsed_draw")
    duckdb.execute("DROP TABLE drawn_lines")


def all_lines(connection: Any, paths: Sequence[Path]) -> ir.Table:  # noqa: ANN401  (an Ibis connection)
    """The lines of the files, with `file`; what cannot be read is a row of NULLs."""
    types = ", ".join(f"{name}: {_quoted(_type(field))}" for name, field in _FIELDS.items())
    options = f"columns={{{types}}}, format='newline_delimited', ignore_errors=true, filename=true"
    selected = f"SELECT * EXCLUDE (filename), {_number_of(paths)} AS file FROM read_json({_listed(paths)}, {options})"  # noqa: S608  (quoted)
    connection.raw_sql(f"CREATE OR REPLACE VIEW all_lines AS {selected}")
    return _table(connection, "all_lines", "file")


def numbered_lines(connection: Any, lines: Any) -> ir.Table:  # noqa: ANN401  (an Ibis connection; Arrow's batches of `number` and `line`)
    """Lines of one file, each with its `number` and its `line`, parsed like those that the engine reads itself."""
    connection.con.register("given_lines", lines)
    fields = f"CASE WHEN json_valid(line) THEN {_FROM_LINE} END AS fields"
    more = ("file", "number", "line")
    connection.raw_sql(_parsed("numbered_lines", f"{fields}, NULL AS file, number, line FROM given_lines", *more))
    return _table(connection, "numbered_lines", *more)


def _parsed(name: str, selected: str, *more: str) -> str:
    """What makes a view of parsed lines. `selected` gives `fields` and the other columns."""
    columns = ", ".join(("fields.*", *more))
    return f"CREATE OR REPLACE VIEW {name} AS SELECT {columns} FROM (SELECT {selected})"  # noqa: S608  (no input)


def _table(connection: Any, name: str, *more: str) -> ir.Table:  # noqa: ANN401  (an Ibis connection)
    """The view as a table."""
    import ibis  # noqa: PLC0415  (heavy)

    types = {column: _ibis_type(field) for column, field in _FIELDS.items()}
    beside = {"file": "int32", "number": "int64", "line": "string"}
    return temporary(connection, name, ibis.schema({**types, **{column: beside[column] for column in more}}), **DUCKDB_PLACE)


def _listed(paths: Sequence[Path]) -> str:
    return f"[{', '.join(_quoted(str(path.absolute())) for path in paths)}]"


def _number_of(paths: Sequence[Path]) -> str:
    """The place of a row's file among the paths, from 0 on: it takes less room than a name in each row."""
    return f"(list_position({_listed(paths)}, filename) - 1)::INTEGER"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _type(field: Any) -> str:  # noqa: ANN401  (a name, a list of one field, or fields by name)
    """A field as a type of DuckDB."""
    if isinstance(field, str):
        return field
    if isinstance(field, list):
        return f"{_type(field[0])}[]"
    return f"STRUCT({', '.join(f'{name} {_type(inner)}' for name, inner in field.items())})"


def _ibis_type(field: Any) -> dt.DataType:  # noqa: ANN401  (a name, a list of one field, or fields by name)
    """The same as a type of Ibis."""
    import ibis.expr.datatypes as dt  # noqa: PLC0415  (heavy)

    if isinstance(field, str):
        return {"VARCHAR": dt.string, "DOUBLE": dt.float64, "JSON": dt.json}[field]
    if isinstance(field, list):
        return dt.Array(_ibis_type(field[0]))
    return dt.Struct({name: _ibis_type(inner) for name, inner in field.items()})
