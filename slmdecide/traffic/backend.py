"""The engines that calls can be counted on: how to open each, and the few functions whose names differ."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from slmdecide.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import ibis
    import ibis.expr.types as ir
    from duckdb import DuckDBPyConnection

MEMORY = "1GB"
"""Most that the embedded engine keeps in memory; the rest of the process comes on top."""
SPARK_MASTER = "local[*]"
DUCKDB_PLACE = {"catalog": "memory", "database": "main"}
"""Of tables and views of the embedded engine, which are gone with it."""
_PARQUET = "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION lz4_raw, DICTIONARY_SIZE_LIMIT 1000"
"""Of all that DuckDB offers, nearly the quickest to write and to read; uncompressed files are twice as large. Of columns with many
values no dictionary is tried."""
_SPARK_MEMORY = "2g"
_SPARK_LOGS = """
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %m%n
appender.stderr.filter.errors.type = ThresholdFilter
appender.stderr.filter.errors.level = error
appender.waiting.type = Console
appender.waiting.name = waiting
appender.waiting.target = SYSTEM_ERR
appender.waiting.layout.type = PatternLayout
appender.waiting.layout.pattern = %m%n
logger.waiting.name = org.apache.spark.scheduler.TaskSchedulerImpl
logger.waiting.level = warn
logger.waiting.additivity = false
logger.waiting.appenderRef.waiting.ref = waiting
"""
"""Spark tells of many things at its start; only errors are shown, and that no machine of a cluster is free. A root level other than
Spark's own would be told too."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """An open engine."""

    name: str
    connect: Callable[[], Any]
    """The connection of Ibis. Opened when it is needed first, since Ibis takes a while to import."""
    fingerprint: Callable[[ir.StringValue], ir.Value]
    """64 bits that are the same for the same text."""
    keep: Callable[[str, ir.Table], ir.Table]
    """Computes a table once and keeps it under a name."""
    load: Callable[[str, Path], ir.Table]
    """A Parquet file under a name."""
    errors: tuple[type[Exception], ...]
    """What it raises when it cannot go on, such as for want of disk."""
    interrupt: Callable[[], None]
    """Ends the query that runs, from another thread."""
    close: Callable[[], None]
    hint: str = "it needs room for temporary files (TMPDIR)"
    """What may help then."""

    @cached_property
    def connection(self) -> Any:  # noqa: ANN401  (ships no types)
        """Of Ibis."""
        return self.connect()


def need_engine() -> None:
    """Ibis and DuckDB, whose import is left for later. RunError if one is not installed."""
    if any(find_spec(name) is None for name in ("duckdb", "ibis")):
        raise RunError("reading call logs needs Ibis and DuckDB", hint='pip install "slmdecide[traffic]"')


def open_duckdb(folder: Path) -> DuckDBPyConnection:
    """DuckDB in this process. What does not fit its memory goes to the folder. RunError if it is not installed."""
    need_engine()
    import duckdb  # noqa: PLC0415  (heavy)

    connection = duckdb.connect(":memory:", config={"memory_limit": MEMORY, "temp_directory": str(folder / "spill")})
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET enable_progress_bar = false")
    # A time without a zone is one of UTC.
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def duckdb_backend(connection: DuckDBPyConnection, folder: Path) -> Backend:
    """An open DuckDB as an engine. What it keeps goes to the folder, as Parquet: memory stays the same, however many calls there are."""
    import duckdb  # noqa: PLC0415  (heavy)

    @cache
    def connect() -> Any:  # noqa: ANN401  (ships no types)
        import ibis  # noqa: PLC0415  (heavy)

        return ibis.duckdb.from_connection(connection)

    def fingerprint(text: ir.StringValue) -> ir.Value:
        return _builtin("hash", "uint64")(text)

    def keep(name: str, table: ir.Table) -> ir.Table:
        its = connect()
        file = str(folder / f"{name}.parquet").replace("'", "''")
        connection.execute(f"COPY ({its.compile(table)}) TO '{file}' ({_PARQUET})")
        connection.execute(f"CREATE VIEW \"{name}\" AS FROM read_parquet('{file}')")
        return temporary(its, name, table.schema(), **DUCKDB_PLACE)

    return Backend(
        name="duckdb",
        connect=connect,
        fingerprint=fingerprint,
        keep=keep,
        load=lambda _, path: connect().read_parquet(str(path)),
        errors=(duckdb.Error,),
        interrupt=connection.interrupt,
        close=connection.close,
    )


def temporary(connection: Any, name: str, schema: ibis.Schema, **place: str) -> ir.Table:  # noqa: ANN401  (an Ibis connection)
    """A table or view whose columns are known. `place`: its catalog and database, where the engine needs them.

    Ibis would ask for them, and import Arrow for the answer, which takes as long as a query.
    """
    import ibis.expr.operations as ops  # noqa: PLC0415  (heavy)

    table: ir.Table = ops.DatabaseTable(name, schema=schema, source=connection, namespace=ops.Namespace(**place)).to_expr()
    return table


@cache
def _builtin(name: str, kind: str) -> Callable[[ir.StringValue], ir.Value]:
    """A function of the engine that makes a number of a text."""
    import ibis  # noqa: PLC0415  (heavy)

    @ibis.udf.scalar.builtin(name=name, signature=(("string",), kind))  # type: ignore[untyped-decorator]  # Ibis ships no types
    def function(text: str) -> int:  # type: ignore[empty-body]  # the engine has the body
        """The engine's own."""

    return function  # type: ignore[no-any-return]  # Ibis ships no types


def spark_backend(folder: Path, master: str) -> Backend:
    """Apache Spark: in this process's own JVM for `local[n]`, else a cluster that sees the folder. RunError if it cannot be started."""
    need_engine()
    session = _spark_session(folder, master)
    import ibis  # noqa: PLC0415  (heavy)
    from py4j.protocol import Py4JError  # noqa: PLC0415  (heavy)
    from pyspark.errors import PySparkException  # noqa: PLC0415

    connection = ibis.pyspark.connect(session)

    def keep(name: str, table: ir.Table) -> ir.Table:
        rows = session.sql(connection.compile(table)).persist()
        rows.createOrReplaceTempView(name)
        return connection.table(name)

    return Backend(
        name="spark",
        connect=lambda: connection,
        fingerprint=_builtin("xxhash64", "int64"),
        keep=keep,
        load=lambda _, path: connection.read_parquet(str(path)),
        errors=(PySparkException, Py4JError),
        interrupt=session.sparkContext.cancelAllJobs,
        close=session.stop,
    )


@contextmanager
def told_failures(*backends: Backend) -> Iterator[None]:
    """Says in one line what an engine could not do. RunError."""
    errors = tuple(error for one in backends for error in one.errors)
    try:
        yield
    except errors as error:
        told = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise RunError(f"{backends[0].name} could not go on: {told[:200]}", hint=backends[0].hint) from None
    except RuntimeError as error:
        # So DuckDB tells of the user's Ctrl-C where it waits for rows.
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise


def _spark_session(folder: Path, master: str) -> Any:  # noqa: ANN401  (pyspark's types need pandas)
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        raise RunError("--engine spark needs Java, and none is found", hint="install a Java runtime (17 or later), or set JAVA_HOME")
    try:
        from py4j.protocol import Py4JError  # noqa: PLC0415  (heavy)
        from pyspark.errors import PySparkException  # noqa: PLC0415
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError:
        raise RunError("--engine spark needs pyspark", hint='pip install "slmdecide[spark]"') from None
    logs = folder / "log4j2.properties"
    logs.write_text(_SPARK_LOGS, encoding="utf-8")
    options = {
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{logs}",
        "spark.driver.memory": _SPARK_MEMORY,
        "spark.local.dir": str(folder / "spark"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master(master).appName("slmdecide")
    for name, value in options.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except (PySparkException, Py4JError, OSError, RuntimeError) as error:
        raise RunError(
            f"--engine spark: no session at {master[:200]}: {_cause(error)}",
            hint="--spark-master takes local[*], or a cluster's address such as spark://host:7077 that answers",
        ) from None


def _cause(error: Exception) -> str:
    """The first line that says what is wrong; that of Py4J itself says only where."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = next((line.removeprefix(": ") for line in lines if line.startswith(": ")), lines[0] if lines else type(error).__name__)
    return told[:200]
