"""The data sets that the `prices` commands read, and the day on which they are asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from slmdecide.errors import DataError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slmdecide.records.catalog import Model, Price


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceData:
    """Models and the prices under which they are sold."""

    models: tuple[Model, ...]
    prices: Mapping[str, Price]
    as_of: str
    """ISO date of the newest price."""

    @property
    def sold_as(self) -> dict[str, list[str]]:
        """Model ids by price id."""
        found: dict[str, list[str]] = {}
        for model in self.models:
            for name in (*model.prices, *model.fine_tuned_prices):
                found.setdefault(name, []).append(model.id)
        return found


def price_data() -> PriceData:
    """The shipped models and prices."""
    from slmdecide.readers.catalog import API_PRICES, load_models, load_prices  # noqa: PLC0415  (--help reads no data)
    from slmdecide.readers.files import shown  # noqa: PLC0415

    prices = load_prices()
    if not prices:
        raise DataError(f"{shown(API_PRICES)}: holds no prices")
    return PriceData(models=load_models(), prices=prices, as_of=max(price.as_of for price in prices.values()))


def today() -> date:
    """The day where the user is."""
    return datetime.now().astimezone().date()


def past_day(word: str, option: str) -> str:
    """The word as an ISO date, which must not lie in the future: no price of tomorrow is known."""
    from slmdecide.readers.price_lookup import iso_day  # noqa: PLC0415

    day, now = iso_day(word, option), today().isoformat()
    if day > now:
        raise InputError(f"{option}: {day} lies in the future; today is {now}")
    return day
