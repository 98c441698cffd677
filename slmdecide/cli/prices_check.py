"""`slmdecide prices check`: whether a second source says the same, how old the snapshot is, and what is no longer sold."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from slmdecide.cli.price_data import price_data, today

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slmdecide.money.price_compare import Agreement

Format = Literal["text", "markdown", "json"]


def check(
    tolerance: Annotated[float, typer.Option(min=0, max=1, help="Share by which two sources may differ and still agree.")] = 0.05,
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
) -> None:
    """Check the snapshot against genai-prices, cell by cell, and its age. Offline: both sources are installed."""
    from slmdecide.cli import price_views as views  # noqa: PLC0415
    from slmdecide.money.price_compare import agreement, retired  # noqa: PLC0415
    from slmdecide.readers.genai_prices import quote_of, source_name  # noqa: PLC0415

    data, now = price_data(), today()
    day, sold_as = data.as_of, data.sold_as
    found = agreement(((price, quote_of(price, day)) for price in data.prices.values()), tolerance)
    result = _Check(
        found=found,
        as_of=day,
        age_days=(now - date.fromisoformat(day)).days,
        source=source_name(),
        sold_as=sold_as,
        retired=[
            {"model": model, "price": name, "deprecation_date": data.prices[name].deprecation_date}
            for name, models in sold_as.items()
            for model in models
            if name in data.prices and retired(data.prices[name], now.isoformat())
        ],
    )
    typer.echo(views.as_json(_check_document(result)) if output_format == "json" else _check_text(result, output_format))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Check:
    """What `check` found."""

    found: Agreement
    as_of: str
    age_days: int
    source: str
    sold_as: Mapping[str, Sequence[str]]
    retired: Sequence[Mapping[str, str | None]]
    """Offers of models.yaml that are no longer served: model, price and deprecation_date."""


def _check_document(result: _Check) -> dict[str, Any]:
    from slmdecide.cli.price_views import provider_counts  # noqa: PLC0415

    found = result.found
    return {
        "as_of": result.as_of,
        "age_days": result.age_days,
        "source": result.source,
        "tolerance": found.tolerance,
        "prices": found.ids,
        "cells": len(found.cells),
        "agreed": len(found.cells) - len(found.disagreements),
        "by_provider": provider_counts(found),
        "disagreements": [{**asdict(cell), "models": list(result.sold_as.get(cell.id, ()))} for cell in found.disagreements],
        "deprecated": [dict(one) for one in result.retired],
    }


def _in_lines(*lines: str) -> str:
    return "\n".join(lines)


def _check_text(result: _Check, output_format: Format) -> str:
    from slmdecide.cli import price_views as views  # noqa: PLC0415
    from slmdecide.cli.tables import markdown_table, text_table, told  # noqa: PLC0415
    from slmdecide.numbers import count, percent  # noqa: PLC0415

    found, table = result.found, text_table if output_format == "text" else markdown_table
    wrong = sorted(found.disagreements, key=lambda cell: cell.id not in result.sold_as)
    agreed = len(found.cells) - len(wrong)
    share = f" ({percent(agreed / len(found.cells))})" if found.cells else ""
    days = f"{result.age_days} day{'' if result.age_days == 1 else 's'} old"
    compared = (
        f"{count(found.ids)} prices are in both: {count(len(found.cells))} cells compared, {count(agreed)} agree{share}, "
        f"{count(len(wrong))} differ by more than {percent(found.tolerance)} of the larger."
    )
    lines = (f"Snapshot of {result.as_of}, {days}, against {result.source} on the same day.", compared)
    say = told if output_format == "text" else _in_lines
    parts = [say(*lines), table(views.PROVIDER_HEADER, views.provider_rows(found), right=(1, 2, 3))]
    if wrong:
        parts += [
            say(f"Disagreements, {views.PER_MTOK}; offers of models.yaml first"),
            table(views.CELL_HEADER, views.cell_rows(wrong, result.sold_as), right=(2, 3, 4)),
        ]
    if result.retired:
        rows = [[str(one[key]) for key in ("model", "price", "deprecation_date")] for one in result.retired]
        parts += ["Prices of models.yaml past their deprecation date", table(views.DEPRECATED_HEADER, rows)]
    return "\n\n".join(parts)
