"""Ibis on PostgreSQL as the counting needs it: the few operations that Ibis lacks there, or that give other last digits than elsewhere.

Imported when a database counts, and only then: Ibis is heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis.expr.datatypes as dt
import sqlglot.expressions as sge
from ibis.backends.postgres import Backend
from ibis.backends.sql.compilers.postgres import PostgresCompiler

from slmdecide.traffic.backend import temporary
from slmdecide.traffic.postgres import quoted

if TYPE_CHECKING:
    import ibis.expr.types as ir


class _Compiler(PostgresCompiler):  # type: ignore[misc]  # Ibis ships no types
    """The dialect with the differences."""

    __slots__ = ()

    def to_sqlglot(self, expr: Any, *, limit: Any = None, params: Any = None) -> Any:  # noqa: ANN401
        """JSON stays what it is; Ibis makes a text of it where it leaves a query."""
        return super(PostgresCompiler, self).to_sqlglot(expr, limit=limit, params=params)

    def visit_HexDigest(self, op: Any, *, arg: Any, how: str) -> Any:  # noqa: ANN401, ARG002, N802  (Ibis' names; it has no types)
        """Ibis has none for PostgreSQL."""
        if how != "md5":
            raise NotImplementedError(how)
        return self.f.md5(arg)

    def visit_RegexSearch(self, op: Any, *, arg: Any, pattern: Any) -> Any:  # noqa: ANN401, ARG002, N802
        """`regexp_like` came with PostgreSQL 15; the operator is older."""
        return sge.RegexpLike(this=arg, expression=pattern)

    def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:  # noqa: ANN401, N802
        """PostgreSQL makes a small whole number of true and false, and no large one."""
        if op.arg.dtype.is_boolean() and to.is_integer():
            arg = self.cast(arg, dt.int32)
        return super().visit_Cast(op, arg=arg, to=to)

    def visit_Round(self, op: Any, *, arg: Any, digits: Any) -> Any:  # noqa: ANN401, N802
        """A half goes away from 0, as in the other engines; PostgreSQL takes a float's half to the even number."""
        if not (op.arg.dtype.is_floating() and op.dtype.is_integer()):
            return super().visit_Round(op, arg=arg, digits=digits)
        size, below = self.f.abs(arg), self.f.floor(self.f.abs(arg))
        return self.cast(self.f.sign(arg) * (below + self.if_(size - below >= 0.5, 1, 0)), op.dtype)  # noqa: PLR2004  (a half)

    def visit_Sum(self, op: Any, *, arg: Any, where: Any) -> Any:  # noqa: ANN401, N802
        """Whole numbers add up to one: PostgreSQL makes a decimal of a sum of large ones."""
        found = super().visit_Sum(op, arg=arg, where=where)
        return self.cast(found, op.dtype) if op.dtype.is_integer() else found

    def visit_Mean(self, op: Any, *, arg: Any, where: Any) -> Any:  # noqa: ANN401, N802
        """The mean of whole numbers is their sum by their count, in floats; PostgreSQL's is a decimal of some digits."""
        if not op.arg.dtype.is_integer():
            return super().visit_Mean(op, arg=arg, where=where)
        total = self.cast(self.agg.sum(arg, where=where), dt.float64)
        return total / self.f.nullif(self.agg.count(arg, where=where), 0)


class Connection(Backend):  # type: ignore[misc]  # Ibis ships no types
    """A connection of Ibis in that dialect."""

    compiler = _Compiler()

    def _post_connect(self) -> None:
        """Nothing: Ibis would import pandas, and set a time zone that is set already."""


def connected(connection: Any) -> Connection:  # noqa: ANN401  (of psycopg)
    """An open connection of psycopg as one of Ibis."""
    made: Connection = Connection.from_connection(connection)
    return made


def view(connection: Connection, name: str, table: ir.Table) -> ir.Table:
    """The table under a name, its columns computed once for each row, and its texts compared by their characters.

    PostgreSQL would put the expression of a column wherever the column is asked for, and take a JSON value apart as often; it does
    not where there is an OFFSET. The order of texts, and what is a space, depends on the database's language if nothing is said.
    """
    schema = table.schema()
    columns = ", ".join(_column(column, kind) for column, kind in schema.items())
    selected = f"SELECT {columns} FROM ({connection.compile(table)}) AS x OFFSET 0"  # noqa: S608  (Ibis' own)
    connection.con.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {selected}")
    return temporary(connection, name, schema)


def _column(name: str, kind: dt.DataType) -> str:
    return f'x.{quoted(name)} COLLATE "C" AS {quoted(name)}' if kind.is_string() else f"x.{quoted(name)}"
