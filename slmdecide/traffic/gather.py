"""From the files of a log to what was counted in them: each file by the quickest road that takes it, nothing counted twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from slmdecide.traffic.fast import looks_plain
from slmdecide.traffic.files import rows as rows_in
from slmdecide.traffic.meanwhile import both
from slmdecide.traffic.read import Account, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from slmdecide.traffic.engine import Counted, Engine
    from slmdecide.traffic.postgres import Source
    from slmdecide.traffic.table import ColumnMap


Of = TypeVar("Of")


class Gathered(NamedTuple, Generic[Of]):
    """What was counted, what was read, and what was made of the sample meanwhile."""

    counted: Counted
    account: Account
    of_sample: Of


def gather(
    engine: Engine,
    paths: Sequence[Path],
    folder: Path,
    columns: ColumnMap | None,
    *,
    strict: bool,
    tell: Callable[[str], None],
    with_sample: Callable[[], Of],
    meanwhile: Callable[[], None] = lambda: None,
    table: Source | None = None,
) -> Gathered[Of]:
    """Reads, groups and counts the calls of the files, and of a table in a database. `folder` takes what is read row by row.

    `meanwhile` is called while the sample is drawn, if it takes time; `with_sample` as soon as its groups are known, while the engine
    counts.
    """
    account = Account()
    tell("looking at the logs")
    looked = engine.look([path for path in paths if looks_plain(path)] if columns is None else [], meanwhile)
    others = [path for path in paths if path not in looked.plain or path in looked.mixed]
    if others or table is not None:
        calls = folder / "calls.parquet"
        with Writer(calls, account, columns, strict=strict) as writer:
            for position, path in enumerate(others):
                tell(f"reading file {position + 1} of {len(others)}")
                mixed = path in looked.mixed
                writer.add(path, engine.odd_rows(path) if mixed else rows_in(path), whole=not mixed)
            if table is not None:
                tell("reading the table")
                writer.add(table.name, table.rows())
            writer.check_columns()
        engine.add(calls)
    tell("looking for templates")
    engine.plan()
    tell("counting")
    rows, of_sample = both(engine.count, with_sample, engine.interrupt)
    # Rows so rare that none was in the sample.
    late = [path for path, its in rows.items() if its.odd and path not in looked.mixed]
    if late:
        calls = folder / "late.parquet"
        with Writer(calls, account, columns, strict=strict) as writer:
            for path in late:
                writer.add(path, engine.odd_rows(path), whole=False)
        engine.add(calls)
    account.add_plain({path: its.fitting for path, its in rows.items()})
    tell("measuring groups")
    return Gathered(engine.measure(), account, of_sample)
