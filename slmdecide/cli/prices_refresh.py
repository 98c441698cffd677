"""`slmdecide prices refresh`: the next snapshot of API prices, from the price map inside the installed litellm."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slmdecide.cli.price_data import past_day, today
from slmdecide.errors import DataError, InputError, RunError, did_you_mean

if TYPE_CHECKING:
    from slmdecide.records.catalog import Price

_SOURCES = ("litellm",)


def refresh(
    source: Annotated[str, typer.Option("--from", metavar="SOURCE", help="Where to read prices: litellm.")],
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write; without it, pricing/api_prices.csv.", show_default=False),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="Day on which the prices held; without it, today.", show_default=False),
    ] = None,
) -> None:
    """Write a new snapshot of API prices from the price map inside the installed litellm. Offline: nothing is fetched."""
    from slmdecide.cli.output import write_whole  # noqa: PLC0415
    from slmdecide.readers.catalog import API_PRICES  # noqa: PLC0415
    from slmdecide.readers.files import shown  # noqa: PLC0415
    from slmdecide.readers.litellm_prices import installed_map, read_price_map  # noqa: PLC0415
    from slmdecide.readers.price_snapshot import changes, prices_as_csv  # noqa: PLC0415
    from slmdecide.report.escape import quoted, terminal  # noqa: PLC0415

    if source not in _SOURCES:
        raise InputError(f"--from: found {quoted(source)}; allowed: {', '.join(_SOURCES)}{did_you_mean(source, _SOURCES)}")
    day = past_day(as_of, "--as-of") if as_of is not None else today().isoformat()
    path = output if output is not None else API_PRICES
    if output is None and not os.access(path.parent, os.W_OK):
        raise RunError(f"{path}: cannot be written: its folder is read-only", hint="--output FILE writes elsewhere")
    installed = installed_map()
    found = read_price_map(installed.path, version=installed.version, as_of=day)
    if not found.prices:
        raise DataError(f"{shown(installed.path)}: holds no prices of text models; nothing was written")
    new = {price.id: price for price in found.prices}
    differences = changes(_replaced(path), new)
    if path.resolve() == API_PRICES.resolve():
        _refuse_loss(frozenset(differences.gone))
    write_whole(path, prices_as_csv(found.prices))
    written = (
        f"{shown(path)}: {len(new):,} prices as of {day}: {len(differences.new):,} new, "
        f"{len(differences.changed):,} changed by more than 0.5 %, {len(differences.gone):,} gone"
    )
    lines = [
        f"offline: read the price map inside the installed litellm {installed.version}; nothing was fetched",
        written,
        f"skipped: {len(found.skipped):,}",
    ]
    lines += [f"  {one.id}: {f'{one.cell}: ' if one.cell is not None else ''}{one.reason}" for one in found.skipped]
    for line in lines:
        typer.echo(terminal(line), err=True)


def _replaced(path: Path) -> dict[str, Price]:
    """The prices that the new ones are compared with: those of the file, or the shipped ones if there is none yet."""
    from slmdecide.readers.catalog import API_PRICES  # noqa: PLC0415
    from slmdecide.readers.table import read_table  # noqa: PLC0415
    from slmdecide.records.catalog import Price  # noqa: PLC0415

    old = path if path.is_file() else API_PRICES
    return {price.id: price for price in read_table(old, Price)} if old.is_file() else {}


def _refuse_loss(gone: frozenset[str]) -> None:
    """RunError if models.yaml needs a price that the new snapshot does not have: every command would fail on it."""
    from slmdecide.readers.catalog import MODELS, load_models  # noqa: PLC0415
    from slmdecide.readers.files import shown  # noqa: PLC0415

    lost = [(model.id, name) for model in load_models() for name in (*model.prices, *model.fine_tuned_prices) if name in gone]
    if lost:
        listed = ", ".join(f"{name} of {model}" for model, name in lost)
        raise RunError(
            f"nothing was written: litellm no longer has prices that {shown(MODELS)} names: {listed}",
            hint=f"take them out of {shown(MODELS)} first, or write elsewhere with --output",
        )
