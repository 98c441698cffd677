"""What `slmdecide traffic` does with its options: read, group, assess, sum, write."""

from __future__ import annotations

import shlex
import sys
import tempfile
from contextlib import ExitStack, closing
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from slmdecide.cli.folders import check_new
from slmdecide.errors import DataError, InputError
from slmdecide.traffic.backend import SPARK_MASTER, need_engine, spark_backend, told_failures
from slmdecide.traffic.engine import Engine
from slmdecide.traffic.files import expand, size_of
from slmdecide.traffic.gather import gather
from slmdecide.traffic.gather_table import gather_table
from slmdecide.traffic.postgres import TABLE, Source, database
from slmdecide.traffic.table import parse_map

if TYPE_CHECKING:
    from slmdecide.cli.traffic_made import Texts
    from slmdecide.records.traffic_report import TrafficReport
    from slmdecide.traffic.read import Account
    from slmdecide.traffic.spend_table import SpendTable

MOST_GROUPS = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The options as they were typed."""

    logs: tuple[str, ...]
    from_: str | None = None
    table: str = TABLE
    engine: str = "duckdb"
    spark_master: str = SPARK_MASTER
    mapping: tuple[str, ...] = ()
    days: float | None = None
    most_groups: int = MOST_GROUPS
    write_profiles: Path | None = None
    examples: Path | None = None
    examples_per_group: int = 200
    show_text: bool = False
    strict: bool = False
    force: bool = False


def run(options: Options) -> TrafficReport:
    """The report, after profiles and examples were written. InputError, DataError or RunError for what cannot be."""
    if options.days is not None and not (isfinite(options.days) and options.days > 0):
        raise InputError(f"--days: found {options.days:g}; a number of days above 0 is expected")
    columns = parse_map(options.mapping) if options.mapping else None
    _check_engine(options)
    if not options.logs and options.from_ is None:
        raise InputError("nothing to read; name logs, or a database with --from")
    paths = expand(options.logs)
    where = database(options.from_, options.table) if options.from_ is not None else None
    need_engine()
    _check_folders(options)
    with tempfile.TemporaryDirectory(prefix="slmdecide-traffic-") as name:
        folder = Path(name)
        with ExitStack() as open_:
            counts = options.engine == "postgres"
            source = open_.enter_context(closing(Source(where, counts=counts))) if where is not None else None
            n_bytes = size_of(paths) + (source.size() if source is not None else 0.0)
            table = _counting(source) if source is not None and counts else None
            spark = spark_backend(folder, options.spark_master) if options.engine == "spark" else None
            backend = table.backend() if table is not None else spark
            engine = open_.enter_context(closing(Engine(folder, n_bytes, backend)))
            open_.callback(_tell, "")
            open_.enter_context(told_failures(*engine.backends))
            if table is not None:
                found = gather_table(
                    engine, table, folder, strict=options.strict, tell=_tell, meanwhile=_load, with_sample=lambda: _texts(engine)
                )
            else:
                found = gather(
                    engine,
                    paths,
                    folder,
                    columns,
                    strict=options.strict,
                    tell=_tell,
                    meanwhile=_load,
                    with_sample=lambda: _texts(engine),
                    table=source,
                )
            counted, account, texts = found
            if not counted.groups:
                raise DataError(_nothing(account), hint="`--map input_tokens=COLUMN --map output_tokens=COLUMN` reads other tables")
    from slmdecide.cli.traffic_made import made  # noqa: PLC0415  (see there)

    return made(counted, account, texts, options, _command(options), _tell)


def _counting(source: Source) -> SpendTable:
    """The table, for its own database to count."""
    from slmdecide.traffic.spend_table import SpendTable  # noqa: PLC0415  (few need it)

    return SpendTable(source)


def _check_engine(options: Options) -> None:
    """InputError for what a database cannot count."""
    if options.engine != "postgres":
        return
    if options.from_ is None:
        raise InputError("--engine postgres: the database of --from counts its own rows, and none is named")
    if options.logs:
        raise InputError(
            f"--engine postgres: {options.logs[0][:200]} is no part of the database, and is not sent there",
            hint="leave --engine postgres out to count both here, or the files",
        )
    if options.mapping:
        raise InputError(
            "--engine postgres reads the columns of LiteLLM's table, and takes no --map",
            hint="leave --engine postgres out: the rows of any table can be streamed",
        )


def _load() -> None:
    """What will be needed and takes a while to load: Ibis first."""
    import ibis.backends.duckdb  # noqa: F401, PLC0415

    from slmdecide.cli.traffic_made import load  # noqa: PLC0415

    load()


def _texts(engine: Engine) -> Texts:
    from slmdecide.cli.traffic_made import texts_of  # noqa: PLC0415  (while the engine counts)

    return texts_of(engine)


def _command(options: Options) -> str:
    """What was asked for, as far as it changes the report."""
    words = [*options.logs]
    if options.from_ is not None:
        # The name of the database is without its password.
        words += ["--from", database(options.from_, options.table).name]
        words += [] if options.table == TABLE else ["--table", options.table]
    words += [] if options.engine == "duckdb" else ["--engine", options.engine]
    words += [word for one in options.mapping for word in ("--map", one)]
    words += [] if options.days is None else ["--days", f"{options.days:g}"]
    words += [] if options.most_groups == MOST_GROUPS else ["--groups", str(options.most_groups)]
    return shlex.join(["slmdecide", "traffic", *words, *(["--strict"] if options.strict else [])])


def _check_folders(options: Options) -> None:
    """InputError for a folder that could not be written in the end, before anything is read."""
    named = (("--write-profiles", options.write_profiles), ("--examples", options.examples))
    for option, folder in named:
        if folder is not None:
            check_new(folder, option, force=options.force)
    folders = [folder.resolve() for _, folder in named if folder is not None]
    if len(set(folders)) < len(folders):
        raise InputError(f"--examples: {options.examples} is the folder of the profiles too; name another one")


def _tell(words: str) -> None:
    """Progress, on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{words}")
        sys.stderr.flush()


def _nothing(account: Account) -> str:
    first = next((f"{one.file}: {one.problem}" for one in (*account.samples, *account.skipped_files)), "the files hold no model calls")
    return f"no call of a model was found; {first}"
