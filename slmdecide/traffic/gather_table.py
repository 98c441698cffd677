"""From a table that its database counts to what was counted in it: only the rows that the database cannot read are read here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from slmdecide.records.traffic import ReadFile
from slmdecide.traffic.gather import Gathered
from slmdecide.traffic.meanwhile import both
from slmdecide.traffic.read import Account, Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from slmdecide.traffic.engine import Engine
    from slmdecide.traffic.gather import Of
    from slmdecide.traffic.spend_table import SpendTable


def gather_table(
    engine: Engine,
    table: SpendTable,
    folder: Path,
    *,
    strict: bool,
    tell: Callable[[str], None],
    with_sample: Callable[[], Of],
    meanwhile: Callable[[], None] = lambda: None,
) -> Gathered[Of]:
    """Groups and counts the calls of a table where it is. The other parameters are those of `gather`."""
    account = Account()

    def read_odd() -> None:
        tell("reading what the database cannot")
        calls = folder / "odd.parquet"
        with Writer(calls, account, None, strict=strict) as writer:
            writer.add(table.name, table.odd_rows(), whole=False)
        engine.add(calls)

    tell("looking at the table")
    mixed = engine.look_into(table, meanwhile)
    if mixed:
        read_odd()
    tell("looking for templates")
    engine.plan()
    tell("counting")
    _, of_sample = both(engine.count, with_sample, engine.interrupt)
    # Rows so rare that none was in the sample.
    if engine.odd_in_table and not mixed:
        read_odd()
    _take_in(account, table, engine.odd_in_table)
    tell("measuring groups")
    return Gathered(engine.measure(), account, of_sample)


def _take_in(account: Account, table: SpendTable, odd: int) -> None:
    """Takes in the rows that the database read; the others were read before."""
    totals = table.totals()
    read = next((one for one in account.files if one.file == table.name), ReadFile(file=table.name, formats={}, bad_lines=0))
    n = totals.rows - odd
    whole = replace(read, formats={**read.formats, "litellm": read.formats.get("litellm", 0) + n})
    if not totals.rows:
        whole = replace(read, skipped="holds no rows")
    account.files = [*(one for one in account.files if one.file != table.name), whole]
    account.formats["litellm"] += n
    account.not_model_calls += totals.rows - totals.model_calls
