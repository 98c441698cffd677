"""The engines that calls can be counted on: how to open each, and the few functions whose names differ."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slmdecide.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import ibis.expr.types as ir

MEMORY = "1GB"
"""Most that the embedded engine keeps in memory; the rest of the process comes on top."""
SPARK_MASTER = "local[*]"
_SPARK_MEMORY = "2g"
_SPARK_LOGS = """
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %m%n
"""
"""Spark tells of many things at its start; only errors are shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """An open engine."""

    name: str
    connection: Any
    """Of Ibis."""
    fingerprint: Callable[[ir.StringValue], ir.Value]
    """64 bits that are the same for the same text."""
    keep: Callable[[str, ir.Table], ir.Table]
    """Computes a table once and keeps it under a name."""
    errors: tuple[type[Exception], ...]
    """What it raises when it cannot go on, such as for want of disk."""
    interrupt: Callable[[], None]
    """Ends the query that runs, from another thread."""
    close: Callable[[], None]


def need_ibis() -> Any:  # noqa: ANN401  (a module)
    """Ibis with DuckDB. RunError if it is not installed."""
    try:
        import duckdb  # noqa: F401, PLC0415  (heavy)
        import ibis  # noqa: PLC0415
    except ImportError:
        raise RunError("reading call logs needs Ibis and DuckDB", hint='pip install "slmdecide[traffic]"') from None
    return ibis


def duckdb_backend(folder: Path) -> Backend:
    """DuckDB in this process. What does not fit its memory goes to the folder."""
    ibis = need_ibis()
    import duckdb  # noqa: PLC0415  (heavy)

    connection = ibis.duckdb.connect(":memory:", memory_limit=MEMORY, temp_directory=str(folder / "spill"))
    connection.raw_sql("SET preserve_insertion_order = false")
    connection.raw_sql("SET enable_progress_bar = false")
    # A time without a zone is one of UTC.
    connection.raw_sql("SET TimeZone = 'UTC'")

    @ibis.udf.scalar.builtin(name="hash", signature=(("string",), "uint64"))  # type: ignore[untyped-decorator]  # Ibis ships no types
    def fingerprint(text: str) -> int:  # type: ignore[empty-body]  # the engine has the body
        """DuckDB's own."""

    return Backend(
        name="duckdb",
        connection=connection,
        fingerprint=fingerprint,
        keep=lambda name, table: connection.create_table(name, table, temp=True),
        errors=(duckdb.Error,),
        interrupt=connection.con.interrupt,
        close=connection.disconnect,
    )


def spark_backend(folder: Path, master: str) -> Backend:
    """Apache Spark: in this process's own JVM for `local[n]`, else a cluster that sees the folder. RunError if it cannot be started."""
    ibis = need_ibis()
    session = _spark_session(folder, master)
    from py4j.protocol import Py4JError  # noqa: PLC0415  (heavy)
    from pyspark.errors import PySparkException  # noqa: PLC0415

    connection = ibis.pyspark.connect(session)

    @ibis.udf.scalar.builtin(name="xxhash64", signature=(("string",), "int64"))  # type: ignore[untyped-decorator]  # Ibis ships no types
    def fingerprint(text: str) -> int:  # type: ignore[empty-body]  # the engine has the body
        """Spark's own."""

    def keep(name: str, table: ir.Table) -> ir.Table:
        rows = session.sql(connection.compile(table)).persist()
        rows.createOrReplaceTempView(name)
        return connection.table(name)

    return Backend(
        name="spark",
        connection=connection,
        fingerprint=fingerprint,
        keep=keep,
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
        raise RunError(f"{backends[0].name} could not go on: {told[:200]}", hint="it needs room for temporary files (TMPDIR)") from None


def _spark_session(folder: Path, master: str) -> Any:  # noqa: ANN401  (pyspark's types need pandas)
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        raise RunError("--engine spark needs Java, and none is found", hint="install a Java runtime (17 or later), or set JAVA_HOME")
    try:
        from pyspark.errors import PySparkException  # noqa: PLC0415  (heavy)
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
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master(master).appName("slmdecide")
    for name, value in options.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except (PySparkException, OSError, RuntimeError) as error:
        raise RunError(f"--engine spark: no session at {master}: {str(error).splitlines()[0][:200]}") from None
