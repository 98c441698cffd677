"""Prices as people and programs read them: text, Markdown and JSON of what the `prices` commands found."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from slmdecide.cli.tables import card, markdown_table, text_table, told
from slmdecide.numbers import UNKNOWN, count, number, percent, usd, usd_price
from slmdecide.report.escape import markdown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slmdecide.money.price_compare import Agreement, Cell, Comparison, Mix, Side
    from slmdecide.records.catalog import Price
    from slmdecide.records.quote import Quote

Format = Literal["text", "markdown", "json"]

SCHEMA_VERSION = 1
PER_MTOK = "USD per million tokens"


def as_json(document: Mapping[str, Any]) -> str:
    """The document with its schema version first."""
    return json.dumps({"schema_version": SCHEMA_VERSION, **document}, indent=2, allow_nan=False)


def price_text(price: Price, value: float | None) -> str:
    """One price: `unpriced` or `free` if the whole offer is, never 0 for unknown."""
    return price.status if price.status != "priced" else usd_price(value)


def quote_document(quote: Quote) -> dict[str, Any]:
    """The keys of the price, and what is known about the time for which it holds."""
    return {
        **asdict(quote.price),
        "fine_tuned": quote.fine_tuned,
        "since": quote.since,
        "until": quote.until,
        "note": quote.note,
        "at_other_hours": [
            {"input_usd_per_mtok": one.input_usd_per_mtok, "output_usd_per_mtok": one.output_usd_per_mtok} for one in quote.at_other_hours
        ],
    }


def _pair(a: float | None, b: float | None) -> str:
    return f"{usd_price(a)} in, {usd_price(b)} out" if a is not None or b is not None else UNKNOWN


def _long_context(price: Price) -> str:
    if price.long_context_from_tokens is None:
        return UNKNOWN
    prices = _pair(price.long_context_input_usd_per_mtok, price.long_context_output_usd_per_mtok)
    return f"{prices}, above {count(price.long_context_from_tokens)} tokens"


def _held(quote: Quote) -> str:
    since = f"since {quote.since}" if quote.since is not None else ""
    until = f"until {quote.until}" if quote.until is not None else ""
    return " ".join(filter(None, (since, until)))


def quote_lines(quote: Quote, *, dated: bool) -> list[tuple[str, str]]:
    """Label and text of each line about an offer. What a dated source cannot say is left out."""
    price = quote.price
    lines = [
        ("provider", price.provider),
        ("input", price_text(price, price.input_usd_per_mtok)),
        ("output", price_text(price, price.output_usd_per_mtok)),
        ("cached read", usd_price(price.cache_read_usd_per_mtok)),
        ("cached write", usd_price(price.cache_write_usd_per_mtok)),
    ]
    if not dated:
        lines += [
            ("batch", _pair(price.batch_input_usd_per_mtok, price.batch_output_usd_per_mtok)),
            ("long context", _long_context(price)),
            ("context", f"{count(price.context_tokens)} tokens" if price.context_tokens is not None else UNKNOWN),
            ("deprecated", price.deprecation_date if price.deprecation_date is not None else UNKNOWN),
        ]
    other = [_pair(one.input_usd_per_mtok, one.output_usd_per_mtok) for one in quote.at_other_hours]
    lines += [("other hours", "; ".join(dict.fromkeys(other)))] if other else []
    lines += [("held", _held(quote))] if _held(quote) else []
    lines += [("note", quote.note)] if quote.note is not None else []
    return [*lines, ("source", price.source), ("as of", price.as_of)]


def _title(quote: Quote) -> str:
    return f"{quote.price.id} (fine-tuned)" if quote.fine_tuned else quote.price.id


def offers_text(heading: str, quotes: Sequence[Quote], *, dated: bool) -> str:
    """Every offer with all that is known about it."""
    blocks = [card(_title(quote), quote_lines(quote, dated=dated)) for quote in quotes]
    return "\n\n".join([told(heading), *blocks])


def offers_markdown(heading: str, quotes: Sequence[Quote], *, dated: bool) -> str:
    """The same as one table, a column for each label."""
    lines = [dict(quote_lines(quote, dated=dated)) for quote in quotes]
    labels = list(dict.fromkeys(label for one in lines for label in one))
    rows = [[_title(quote), *(one.get(label, UNKNOWN) for label in labels)] for quote, one in zip(quotes, lines, strict=True)]
    return "\n\n".join([markdown(heading), *([markdown_table(["offer", *labels], rows)] if rows else [])])


LIST_HEADER = ("price id", "provider", "input", "output", "cached read", "context", "deprecated")
LIST_RIGHT = (2, 3, 4, 5)
LIST_DROP = (4, 6, 1)
"""Columns that go first where there is no room: cached read, deprecated, provider."""
LIST_CONTEXT = 5
"""The column of the context, which goes next."""


def list_row(price: Price) -> list[str]:
    """A line of a list of prices."""
    return [
        price.id,
        price.provider,
        price_text(price, price.input_usd_per_mtok),
        price_text(price, price.output_usd_per_mtok),
        usd_price(price.cache_read_usd_per_mtok),
        count(price.context_tokens),
        price.deprecation_date if price.deprecation_date is not None else UNKNOWN,
    ]


def _ratio(value: float | None) -> str:
    return f"{number(value)}×" if value is not None else UNKNOWN


def _blended(side: Side) -> str:
    """Computed, so rounded as every figure that is."""
    price = side.quote.price
    return price.status if price.status != "priced" else usd(side.blended_usd_per_mtok)


def _comparison_rows(found: Comparison, mix: Mix | None) -> list[list[str]]:
    a, b = found.a.quote.price, found.b.quote.price
    rows = [
        ["input", price_text(a, a.input_usd_per_mtok), price_text(b, b.input_usd_per_mtok), _ratio(found.input_ratio)],
        ["output", price_text(a, a.output_usd_per_mtok), price_text(b, b.output_usd_per_mtok), _ratio(found.output_ratio)],
    ]
    if mix is not None:
        name = f"blended, {count(mix.input_tokens)} in : {count(mix.output_tokens)} out"
        rows.append([name, *(_blended(side) for side in (found.a, found.b)), _ratio(found.blended_ratio)])
    return rows


def _about(side: Side) -> str:
    quote, price = side.quote, side.quote.price
    offer = f" (offer {price.id})" if price.id != side.name else ""
    state = {"unpriced": " is unpriced", "free": " is free, so that a ratio to it has no meaning", "priced": ""}[price.status]
    source = price.source if price.source != UNKNOWN else None
    details = "; ".join(filter(None, (source, _held(quote), quote.note)))
    return f"{side.name}{offer}{state}: {details}"


def comparison_text(found: Comparison, mix: Mix | None, as_of: str) -> str:
    """Both prices, their ratio and their sources."""
    header = (PER_MTOK, found.a.name, found.b.name, "ratio")
    table = text_table(header, _comparison_rows(found, mix), right=(1, 2, 3))
    return "\n".join([f"Prices of {as_of}", table, "", told(_about(found.a), _about(found.b))])


def comparison_markdown(found: Comparison, mix: Mix | None, as_of: str) -> str:
    """The same as a Markdown table."""
    header = (PER_MTOK, found.a.name, found.b.name, "ratio")
    table = markdown_table(header, _comparison_rows(found, mix), right=(1, 2, 3))
    about = [f"- {markdown(_about(side))}" for side in (found.a, found.b)]
    return "\n".join([f"Prices of {as_of}", "", table, "", *about])


def comparison_document(found: Comparison, mix: Mix | None, as_of: str) -> dict[str, Any]:
    """The comparison as JSON keys; an unknown ratio is null."""
    return {
        "as_of": as_of,
        "input_tokens": mix.input_tokens if mix is not None else None,
        "output_tokens": mix.output_tokens if mix is not None else None,
        **{
            name: {
                "name": side.name,
                "blended_usd_per_mtok": side.blended_usd_per_mtok,
                "offer": quote_document(side.quote),
            }
            for name, side in (("a", found.a), ("b", found.b))
        },
        "ratio": {"input": found.input_ratio, "output": found.output_ratio, "blended": found.blended_ratio},
    }


def provider_counts(found: Agreement) -> list[dict[str, Any]]:
    """Cells compared and agreed by provider, sorted by provider."""
    wrong = set(found.disagreements)
    by_provider: dict[str, list[Cell]] = {}
    for cell in found.cells:
        by_provider.setdefault(cell.provider, []).append(cell)
    return [
        {
            "provider": provider,
            "prices": len({cell.id for cell in cells}),
            "cells": len(cells),
            "agreed": sum(cell not in wrong for cell in cells),
        }
        for provider, cells in sorted(by_provider.items())
    ]


PROVIDER_HEADER = ("provider", "prices", "cells", "agreed")
CELL_HEADER = ("price id", "cell", "ours", "theirs", "differs by", "sold as")
DEPRECATED_HEADER = ("model", "price id", "deprecated")


def provider_rows(found: Agreement) -> list[list[str]]:
    """A line per provider."""
    return [[one["provider"], *(count(one[key]) for key in PROVIDER_HEADER[1:])] for one in provider_counts(found)]


def cell_rows(cells: Sequence[Cell], sold_as: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """A line per disagreement; `sold_as` is the models by price id."""
    return [
        [
            cell.id,
            cell.cell.replace("_", " "),
            usd_price(cell.ours),
            usd_price(cell.theirs),
            percent(cell.difference_share),
            ", ".join(sold_as.get(cell.id, ())) or UNKNOWN,
        ]
        for cell in cells
    ]
