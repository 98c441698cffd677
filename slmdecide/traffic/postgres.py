"""Calls where a gateway keeps them: a table of a PostgreSQL database, by default LiteLLM's, read in one pass that changes nothing.

The rows are streamed through a cursor on the server, in one read-only transaction: the database does one scan and no more, and
memory stays bounded. What is done with them is the same as for rows of a file.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from slmdecide.errors import InputError, RunError, did_you_mean
from slmdecide.traffic.files import CutOffError, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = "LiteLLM_SpendLogs"
_SCHEMES = ("postgresql", "postgres")
_WITHOUT_USE = frozenset(("api_key", "cache_key", "user", "end_user", "requester_ip_address", "team_id", "organization_id", "api_base"))
"""Columns of LiteLLM's table that say who called and not what for: they are not even read."""
_ROWS_AT_ONCE = 500
_SIZE = """
SELECT pg_total_relation_size(%(table)s::regclass)
  + coalesce((SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(%(table)s::regclass) WHERE level > 0), 0)
"""
"""Of a table, with all its partitions."""
_SECONDS = 10
"""To wait for a connection."""


class Database(NamedTuple):
    """Where the calls are. The address holds a password perhaps: only `name` is ever shown."""

    address: str
    name: str
    table: str


def database(address: str, table: str) -> Database:
    """What `--from` and `--table` name. InputError for an address of something else."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in _SCHEMES:
        scheme = f"{parts.scheme[:20]}://" if parts is not None and parts.scheme else "no such address"
        raise InputError(f"--from: found {scheme}; an address such as postgresql://user@host:5432/database is expected")
    where = f"{parts.hostname or ''}{f':{port}' if port is not None else ''}"
    user = f"{unquote(parts.username)}@" if parts.username else ""
    return Database(address, f"postgresql://{user}{where}{parts.path}", table)


class Source:
    """An open connection, in a transaction that may only read.

    `counts`: whether the database is to count. The transaction then takes temporary tables, and is never committed.
    """

    def __init__(self, where: Database, *, counts: bool = False) -> None:
        psycopg = _psycopg()
        self._errors = (psycopg.Error,)
        self._where = where
        try:
            self._connection = psycopg.connect(where.address, connect_timeout=_SECONDS)
        except psycopg.ProgrammingError:
            # Its message repeats parts of the address.
            raise InputError(f"--from: {where.name} is followed by something that no PostgreSQL address has") from None
        except psycopg.Error as error:
            raise RunError(f"--from: {where.name}: {self.told(error)}") from None
        try:
            self._connection.read_only = None if counts else True
            self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            self.types = self._types()
        except psycopg.Error as error:
            self.close()
            raise RunError(f"--from: {where.name}: {self.told(error)}") from None
        except InputError:
            self.close()
            raise

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the table."""
        return tuple(self.types)

    @property
    def connection(self) -> Any:  # noqa: ANN401  (of psycopg, which is imported late)
        """Of psycopg, inside the transaction."""
        return self._connection

    @property
    def place(self) -> Database:
        """Where it is open."""
        return self._where

    @property
    def name(self) -> str:
        """What stands in the report."""
        return f"{self._where.name} {self._where.table}"

    def close(self) -> None:
        """Ends the transaction and the connection."""
        self._connection.close()

    def size(self) -> float:
        """Bytes of the table with its long values, as they are stored: compressed, mostly."""
        try:
            found = self._connection.execute(_SIZE, {"table": table_name(self._where.table)}).fetchone()
        except self._errors as error:
            raise RunError(f"--from: {self._where.name}: {self.told(error)}") from None
        return float(found[0]) if found is not None else 0.0

    def rows(self) -> Iterator[Row]:
        """The rows. CutOffError where the server goes away."""
        names = [name for name in self.columns if name not in _WITHOUT_USE]
        query = f"SELECT {', '.join(map(quoted, names))} FROM {table_name(self._where.table)}"  # noqa: S608  (quoted)
        try:
            with self._connection.cursor(name="slmdecide") as cursor:
                cursor.itersize = _ROWS_AT_ONCE
                cursor.execute(query)
                for number, row in enumerate(cursor, start=1):
                    yield Row(number, {name: plain(value) for name, value in zip(names, row, strict=True)}, None)
        except self._errors as error:
            raise CutOffError(f"could not be read further: {self.told(error)}") from None

    def _types(self) -> dict[str, str]:
        schema, _, table = self._where.table.rpartition(".")
        found = self._connection.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = coalesce(%s, current_schema())"
            " ORDER BY table_name, ordinal_position",
            [schema or None],
        ).fetchall()
        types = {column: its for name, column, its in found if name == table}
        if not types:
            known = sorted({name for name, _, _ in found})
            raise InputError(
                f"--table: {self._where.name} has no table {self._where.table[:80]!r}{did_you_mean(table, known)}",
                hint=f"tables: {', '.join(known[:20])}" if known else "the user sees no table there",
            )
        return types

    def told(self, error: Exception) -> str:
        """The first line of the server's message, without the password."""
        told = next(iter(str(error).strip().splitlines()), type(error).__name__)
        password = urlsplit(self._where.address).password
        for secret in (password, unquote(password)) if password else ():
            told = told.replace(secret, "***")
        return told[:200]


def table_name(table: str) -> str:
    """The table as SQL, its schema apart."""
    return ".".join(quoted(part) for part in table.split("."))


def quoted(name: str) -> str:
    """The name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def plain(value: Any) -> Any:  # noqa: ANN401  (a cell)
    """The cell as a file would have it; times stay times."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes | memoryview):
        return None
    return value


def _psycopg() -> Any:  # noqa: ANN401  (a module)
    try:
        import psycopg  # noqa: PLC0415  (heavy)
    except ImportError:
        raise RunError("--from needs psycopg", hint='pip install "slmdecide[postgres]"') from None
    return psycopg
