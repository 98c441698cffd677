"""Which model or price does a name mean, and what did it cost on a day? Never a silent guess."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from math import inf
from typing import TYPE_CHECKING

from slmdecide.errors import DataError, InputError, nearest
from slmdecide.readers.catalog import API_PRICES, MODELS
from slmdecide.readers.files import DATA, shown
from slmdecide.readers.table import read_table
from slmdecide.records.catalog import DatedPrice, Price
from slmdecide.records.quote import Quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from slmdecide.records.catalog import Model

PRICE_HISTORY = DATA / "pricing" / "price_history.csv"
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_VERSION = re.compile(r"(?<!\d)(20\d{2})-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)")
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a name means."""

    id: str
    """Model id, or the price id or name in price_history.csv where that was given."""
    model: Model | None
    """None if no model was named."""
    offers: tuple[Price, ...]
    """Prices of the model, prompted."""
    fine_tuned: tuple[Price, ...]
    """Prices of a fine-tuned version."""


def load_history() -> tuple[DatedPrice, ...]:
    """The dated prices, in file order."""
    return read_table(PRICE_HISTORY, DatedPrice)


def iso_day(word: str, option: str) -> str:
    """The word, if it is an ISO date such as 2024-11-01; otherwise an InputError that names the option."""
    try:
        day = date.fromisoformat(word if _ISO_DAY.fullmatch(word) else "")
    except ValueError:
        raise InputError(f"{option}: found {word[:_SHOWN_CHARACTERS]!r}; a date such as 2024-11-01 is expected") from None
    return day.isoformat()


def find(name: str, models: Sequence[Model], prices: Mapping[str, Price], history: Sequence[DatedPrice] = ()) -> Found:
    """The model with this id, else the price with this id, else the only model with this alias or full name.

    A name that only the dated prices know has no offers of today. InputError if it is none of these, with the nearest
    name, or if several models have the alias.
    """
    by_id = {model.id: model for model in models}
    if name in by_id:
        return _of_model(by_id[name], prices)
    if name in prices:
        return Found(id=name, model=None, offers=(prices[name],), fine_tuned=())
    meant = sorted({model.id for model in models if name in (*model.aliases, model.name)})
    if len(meant) > 1:
        raise InputError(f"{name!r} may be {' or '.join(meant)}; write the one that is meant")
    if meant:
        return _of_model(by_id[meant[0]], prices)
    dated = {one.model for one in history}
    if name in dated:
        return Found(id=name, model=None, offers=(), fine_tuned=())
    known = {*by_id, *prices, *dated, *(alias for model in models for alias in (*model.aliases, model.name))}
    raise InputError(
        f"no model or price is called {name[:_SHOWN_CHARACTERS]!r}{_suggestion(name, known)}",
        hint="`slmdecide models` lists the models, `slmdecide prices list` the prices",
    )


def _suggestion(name: str, known: Iterable[str]) -> str:
    """The name in other capitals, else the most similar one."""
    names = sorted(known)
    same = [one for one in names if one.lower() == name.lower()]
    near = same[0] if same else nearest(name, names)
    return f"; did you mean {near!r}?" if near is not None else ""


def _of_model(model: Model, prices: Mapping[str, Price]) -> Found:
    for one in (*model.prices, *model.fine_tuned_prices):
        if one not in prices:
            raise DataError(f"{shown(MODELS)}: {model.id}: price {one!r} is not in {shown(API_PRICES)}")
    return Found(
        id=model.id,
        model=model,
        offers=tuple(prices[one] for one in model.prices),
        fine_tuned=tuple(prices[one] for one in model.fine_tuned_prices),
    )


def quotes_now(found: Found) -> tuple[Quote, ...]:
    """The snapshot's price of every offer, cheapest first and unpriced ones last; fine-tuned ones after them."""
    quotes = [Quote(price=price) for price in found.offers]
    quotes += [Quote(price=price, fine_tuned=True) for price in found.fine_tuned]
    return _ordered(found.id, quotes)


def quotes_on(found: Found, day: str, history: Sequence[DatedPrice]) -> tuple[Quote, ...]:
    """The price of every offer on `day`, an ISO date; in the order of `quotes_now`.

    For each: price_history.csv, else the snapshot if it is of that day, else genai-prices, else unpriced with the
    reason. A model or a dated version that came later is unpriced, whatever genai-prices says. An entry of price_history.csv for the
    model itself, under whose name there is no offer, comes as one more.
    """
    released = found.model.released if found.model is not None else None
    quotes = [_quote_on(price, day, history, released) for price in found.offers]
    quotes += [_quote_on(price, day, history, released, fine_tuned=True) for price in found.fine_tuned]
    if found.id not in {quote.price.id for quote in quotes}:
        own = _from_history(found.id, "–", day, history)
        quotes += [own] if own is not None else []
    return _ordered(found.id, quotes)


def _quote_on(
    price: Price,
    day: str,
    history: Sequence[DatedPrice],
    released: str | None,
    *,
    fine_tuned: bool = False,
) -> Quote:
    from slmdecide.readers.genai_prices import quote_of, source_name  # noqa: PLC0415  (imports a large table)

    recorded = _from_history(price.id, price.provider, day, history)
    if recorded is not None:
        return replace(recorded, fine_tuned=fine_tuned)
    if day == price.as_of:
        return Quote(price=price, fine_tuned=fine_tuned)
    quote = quote_of(price, day)
    known = quote.price.status != "unpriced"
    note = quote.note if known else f"{shown(PRICE_HISTORY)} has no price of that day; {quote.note}"
    version = _version_of(price.id)
    if released is not None and day[: len(released)] < released:
        known, note = False, f"it was released on {released}"
    elif version is not None and day < version:
        known, note = False, f"its name says that it is of {version}"
    if known:
        return replace(quote, fine_tuned=fine_tuned)
    source = f"{shown(PRICE_HISTORY)}, {source_name()}"
    unpriced = Price(id=price.id, provider=price.provider, status="unpriced", source=source, as_of=day)
    return Quote(price=unpriced, note=note, fine_tuned=fine_tuned)


def _version_of(name: str) -> str | None:
    """The ISO date in a name such as gpt-4o-2024-11-20 or claude-haiku-4-5-20251001."""
    found = _VERSION.search(name)
    return "-".join(found.groups()) if found is not None else None


def _from_history(name: str, provider: str, day: str, history: Sequence[DatedPrice]) -> Quote | None:
    """The entry that held on `day`; of several the one that began last."""
    held = [one for one in history if one.model == name and one.from_date <= day and (one.to_date is None or day < one.to_date)]
    if not held:
        return None
    row = max(held, key=lambda one: one.from_date)
    usd_in, usd_out = row.input_usd_per_mtok, row.output_usd_per_mtok
    known = usd_in is not None and usd_out is not None
    price = Price(
        id=name,
        provider=provider,
        status="unpriced" if not known else "free" if usd_in == 0 and usd_out == 0 else "priced",
        input_usd_per_mtok=usd_in if known else None,
        output_usd_per_mtok=usd_out if known else None,
        source=f"{shown(PRICE_HISTORY)}: {row.source}",
        as_of=day,
    )
    note = row.note if known or row.note is not None else "the entry has no price for input or output"
    return Quote(price=price, since=row.from_date, until=row.to_date, note=note)


def _ordered(name: str, quotes: Iterable[Quote]) -> tuple[Quote, ...]:
    """Cheapest first by input plus output; of equal ones that under the model's own name first."""

    def rank(quote: Quote) -> tuple[bool, float, bool, str]:
        usd_in, usd_out = quote.price.input_usd_per_mtok, quote.price.output_usd_per_mtok
        total = usd_in + usd_out if usd_in is not None and usd_out is not None else inf
        return quote.fine_tuned, total, quote.price.id != name, quote.price.id

    return tuple(sorted(quotes, key=rank))
