"""From the files of a log to what was counted in them: each file by the quickest road that takes it, nothing counted twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from slmdecide.traffic.fast import looks_plain
from slmdecide.traffic.read import Account, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from slmdecide.traffic.engine import Counted, Engine
    from slmdecide.traffic.table import ColumnMap


class Gathered(NamedTuple):
    """What was counted, and what was read."""

    counted: Counted
    account: Account


def gather(
    engine: Engine, paths: Sequence[Path], folder: Path, columns: ColumnMap | None, *, strict: bool, tell: Callable[[str], None]
) -> Gathered:
    """Reads, groups and counts the calls of the files. `folder` takes what is read row by row."""
    account = Account()
    tell("looking at the logs")
    looked = engine.look([path for path in paths if looks_plain(path)] if columns is None else [])
    others = [path for path in paths if path not in looked.plain or path in looked.mixed]
    if others:
        calls = folder / "calls.parquet"
        with Writer(calls, account, columns, strict=strict) as writer:
            for position, path in enumerate(others):
                tell(f"reading file {position + 1} of {len(others)}")
                writer.add(path, engine.odd_rows(path) if path in looked.mixed else None)
        engine.add(calls)
    tell("looking for templates")
    engine.plan()
    tell("counting")
    rows = engine.count()
    account.add_plain({path: its.fitting for path, its in rows.items()})
    # Rows so rare that none was in the sample.
    late = [path for path, its in rows.items() if its.odd and path not in looked.mixed]
    if late:
        calls = folder / "late.parquet"
        with Writer(calls, account, columns, strict=strict) as writer:
            for path in late:
                writer.add(path, engine.odd_rows(path))
        engine.add(calls)
    tell("measuring groups")
    return Gathered(engine.measure(), account)
