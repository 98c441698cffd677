"""LiteLLM's table as the database itself counts it: what may be asked of it, in one transaction that is never committed.

What is put aside are temporary tables and views; they and the transaction are gone with the connection.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.errors import InputError, RunError
from slmdecide.traffic.backend import Backend, temporary
from slmdecide.traffic.files import CutOffError, Row
from slmdecide.traffic.formats import detect
from slmdecide.traffic.light import with_system_key
from slmdecide.traffic.postgres import Source, plain, quoted, table_name
from slmdecide.traffic.postgres_json import function
from slmdecide.traffic.rows import rows_of
from slmdecide.traffic.spend_rows import NEEDED, STRANGE, TYPES, spend_calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import ibis.expr.types as ir

_FETCHED = 500
"""Rows at once of those that are read one by one."""
_INSTEAD = "leave --engine postgres out: the rows are then streamed and counted here, with the same result"
_CHECKED = "10s"
"""After which the server ends a query whose client has gone."""


class Rows(NamedTuple):
    """Of the whole table."""

    rows: int
    model_calls: int


class SpendTable:
    """The table in an open database that counts."""

    def __init__(self, source: Source) -> None:
        import psycopg  # noqa: PLC0415  (heavy)

        from slmdecide.traffic.postgres_ibis import connected  # noqa: PLC0415  (heavy)

        _check_columns(source.types, source.place.table)
        self._source = source
        self._connection = connected(source.connection)
        try:
            _prepare(source)
            self._rows = self._raw_rows()
        except psycopg.Error as error:
            raise RunError(f"--engine postgres: {source.place.name}: {source.told(error)}", hint=_INSTEAD) from None
        self._calls: ir.Table | None = None

    @property
    def name(self) -> str:
        """What stands in the report."""
        return self._source.name

    def drawn(self, below: str | None) -> ir.Table:
        """The calls whose draw lies below this word, of all that can be called so."""
        found = self._built("drawn", below)
        return found.filter(found.model_call)

    def calls(self) -> ir.Table:
        """All calls, with `fits`."""
        return self.everything().filter(self.everything().model_call)

    def everything(self) -> ir.Table:
        """All rows as calls, with `fits` and `model_call`."""
        if self._calls is None:
            self._calls = self._built("all", None)
        return self._calls

    def totals(self) -> Rows:
        """How many rows there are."""
        calls = self.everything()
        found = rows_of(calls.agg(n=calls.count(), model_calls=calls.model_call.cast("int").sum()))[0]
        return Rows(found["n"], found["model_calls"] or 0)

    def odd_rows(self) -> Iterator[Row]:
        """The rows of calls that the database cannot read. CutOffError where the server goes away."""
        import psycopg  # noqa: PLC0415  (heavy)

        calls = self.everything()
        names = [name for name in TYPES if name in self._source.types]
        chosen = calls.filter(calls.model_call & ~calls.fits).select(*(f"raw_{name}" for name in names))
        try:
            with self._source.connection.cursor(name="slmdecide_odd") as cursor:
                cursor.itersize = _FETCHED
                cursor.execute(self._connection.compile(chosen))
                for row in cursor:
                    yield Row(None, {name: plain(value) for name, value in zip(names, row, strict=True)}, None)
        except psycopg.Error as error:
            raise CutOffError(f"could not be read further: {self._source.told(error)}") from None

    def backend(self) -> Backend:
        """The database as an engine."""
        import psycopg  # noqa: PLC0415  (heavy)

        connection, its = self._source.connection, self._connection

        def keep(name: str, table: ir.Table) -> ir.Table:
            connection.execute(f"CREATE TEMP TABLE {quoted(name)} AS {its.compile(table)}")
            connection.execute(f"ANALYZE {quoted(name)}")
            return temporary(its, name, table.schema())

        return Backend(
            name="postgres",
            connect=lambda: its,
            fingerprint=_fingerprint,
            keep=keep,
            load=self._loaded,
            errors=(psycopg.Error,),
            interrupt=connection.cancel,
            close=self._source.close,
            hint=_INSTEAD,
        )

    def _built(self, what: str, below: str | None) -> ir.Table:
        from slmdecide.traffic.postgres_ibis import view  # noqa: PLC0415  (heavy)

        def fence(name: str, table: ir.Table) -> ir.Table:
            return view(self._connection, f"{what}_{name}", table)

        return fence("keyed", with_system_key(spend_calls(self._rows, fence, below), _fingerprint))

    def _raw_rows(self) -> ir.Table:
        """The columns that are read, under names of their own; those that this version of LiteLLM has not are NULL."""
        types = self._source.types
        columns = [_column(name, types.get(name), kinds[0]) for name, kinds in TYPES.items()]
        selected = f"SELECT {', '.join(columns)} FROM {table_name(self._source.place.table)}"  # noqa: S608  (quoted)
        self._source.connection.execute(f"CREATE TEMP VIEW spend_rows AS {selected}")
        return self._connection.table("spend_rows")

    def _loaded(self, name: str, parquet: Path) -> ir.Table:
        """A file of calls that were read row by row, as a temporary table."""
        import pyarrow.parquet as pq  # noqa: PLC0415  (heavy)

        kinds = {"string": 'text COLLATE "C"', "int64": "bigint", "double": "double precision"}
        with pq.ParquetFile(parquet) as file:
            columns = ", ".join(f"{quoted(one.name)} {kinds[str(one.type)]}" for one in file.schema_arrow)
            self._source.connection.execute(f"CREATE TEMP TABLE {quoted(name)} ({columns})")
            with self._source.connection.cursor() as cursor, cursor.copy(f"COPY {quoted(name)} FROM STDIN") as copy:
                for batch in file.iter_batches(_FETCHED):
                    for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                        copy.write_row(row)
        return self._connection.table(name)


def _fingerprint(text: ir.StringValue) -> ir.Value:
    found: ir.Value = function("hashtextextended", "int64", "string", "int64")(text, 0)
    return found


def _column(name: str, kind: str | None, usual: str) -> str:
    if kind is None:
        return f"NULL::{usual} AS {quoted(f'raw_{name}')}"
    order = ' COLLATE "C"' if kind == "text" else ""
    return f"{quoted(name)}{order} AS {quoted(f'raw_{name}')}"


def _check_columns(types: Mapping[str, str], table: str) -> None:
    """InputError for a table that is not LiteLLM's."""
    why = None
    if detect(dict.fromkeys(types)) != "litellm" or any(name not in types for name in NEEDED):
        why = f"it has no column {next((name for name in NEEDED if name not in types), NEEDED[0])}"
    strange = [name for name in STRANGE if name in types]
    if strange:
        why = f"it has a column {strange[0]}"
    wrong = [(name, types[name], kinds) for name, kinds in TYPES.items() if name in types and types[name] not in kinds]
    if wrong:
        name, kind, kinds = wrong[0]
        why = f"its column {name} is {kind}; {' or '.join(kinds)} is expected"
    if why is not None:
        raise InputError(f"--engine postgres counts the rows of LiteLLM's table; {table[:80]} is another: {why}", hint=_INSTEAD)


def _prepare(source: Source) -> None:
    """RunError where a user, or a server, takes no temporary tables."""
    import psycopg  # noqa: PLC0415  (heavy)

    connection = source.connection
    asked = (
        "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on', has_database_privilege(current_database(), 'TEMP')"
    )
    replica, read_only, temporary = connection.execute(asked).fetchone()
    encoding = connection.execute("SHOW server_encoding").fetchone()[0]
    why = None
    if replica:
        why = "it is a replica, which takes no temporary tables"
    elif read_only:
        why = "transactions may only read there, so it takes no temporary tables"
    elif not temporary:
        why = "the user may not create temporary tables there"
    elif encoding != "UTF8":
        why = f"its encoding is {encoding}; UTF8 is expected"
    if why is not None:
        raise RunError(f"--engine postgres: {source.place.name}: {why}", hint=_INSTEAD)
    # Of this transaction only. What is compiled here would take longer than it saves.
    for setting in ("jit = off", "timezone = 'UTC'"):
        connection.execute(f"SET LOCAL {setting}")
    # Older servers, and those on some systems, cannot.
    with suppress(psycopg.Error), connection.transaction():
        connection.execute(f"SET LOCAL client_connection_check_interval = '{_CHECKED}'")
