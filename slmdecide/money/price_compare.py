"""How many times dearer one model is than another, and whether two sources agree on a price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from slmdecide.money.api import MTOK, usd_per_request
from slmdecide.money.api import retired as retired  # noqa: PLC0414  (who compares prices asks for it here)
from slmdecide.records.catalog import Price
from slmdecide.records.quote import Quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CellName = Literal["input", "output", "cache_read"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mix:
    """Tokens of one request."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One of two models that are compared, at the offer that stands for it."""

    name: str
    quote: Quote
    blended_usd_per_mtok: float | None
    """Mean over the tokens of the mix; None without a mix or a price."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Prices of a divided by prices of b; None where one is unknown or b costs nothing."""

    a: Side
    b: Side
    input_ratio: float | None
    output_ratio: float | None
    blended_ratio: float | None


def standing_for(name: str, quotes: Sequence[Quote], *, as_of: str) -> Quote:
    """The offer that stands for a model: the one under the model's own name, else the cheapest; retired ones last.

    Among `quotes`, cheapest first. Prices of fine-tuned versions do not stand for it. Unpriced if nothing else is left.
    """
    prompted = [one for one in quotes if not one.fine_tuned]
    known = [one for one in prompted if one.price.status != "unpriced"]
    served = [one for one in known if not retired(one.price, as_of)]
    own = [one for one in served if one.price.id == name]
    for some in (own, served, known, prompted):
        if some:
            return some[0]
    nobody = Price(id=name, provider="–", status="unpriced", source="–", as_of=as_of)
    return Quote(price=nobody, note="no API in the data sells it")


def compare(a: tuple[str, Quote], b: tuple[str, Quote], mix: Mix | None) -> Comparison:
    """How many times dearer a is than b; each is a name with the offer that stands for it."""
    left, right = _side(*a, mix), _side(*b, mix)
    x, y = left.quote.price, right.quote.price
    return Comparison(
        a=left,
        b=right,
        input_ratio=ratio(x.input_usd_per_mtok, y.input_usd_per_mtok),
        output_ratio=ratio(x.output_usd_per_mtok, y.output_usd_per_mtok),
        blended_ratio=ratio(left.blended_usd_per_mtok, right.blended_usd_per_mtok),
    )


def _side(name: str, quote: Quote, mix: Mix | None) -> Side:
    blended = None
    if mix is not None:
        usd = usd_per_request(quote.price, input_tokens=mix.input_tokens, output_tokens=mix.output_tokens)
        tokens = mix.input_tokens + mix.output_tokens
        blended = usd * MTOK / tokens if usd is not None and tokens else None
    return Side(name=name, quote=quote, blended_usd_per_mtok=blended)


def ratio(a: float | None, b: float | None) -> float | None:
    """Quotient a ÷ b; None if one is unknown or b is 0."""
    return a / b if a is not None and b is not None and b != 0 else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One price that two sources know. USD per million tokens."""

    id: str
    provider: str
    cell: CellName
    ours: float
    theirs: float
    """Of several over the day the nearest to ours."""
    difference_share: float
    """Of the larger of the two."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """How far two sources agree, cell by cell."""

    cells: tuple[Cell, ...]
    """By price id, then input, output, cache_read."""
    tolerance: float

    @property
    def disagreements(self) -> tuple[Cell, ...]:
        """Cells that differ by more than the tolerance."""
        return tuple(one for one in self.cells if one.difference_share > self.tolerance)

    @property
    def ids(self) -> int:
        """Price ids of which at least one cell was compared."""
        return len({one.id for one in self.cells})


def agreement(pairs: Iterable[tuple[Price, Quote]], tolerance: float) -> Agreement:
    """Every cell that both a price and the other source's quote for it know, by price id."""
    cells: list[Cell] = []
    for price, quote in pairs:
        others = (quote.price, *quote.at_other_hours)
        cells += _cell(price, "input", price.input_usd_per_mtok, [one.input_usd_per_mtok for one in others])
        cells += _cell(price, "output", price.output_usd_per_mtok, [one.output_usd_per_mtok for one in others])
        cells += _cell(price, "cache_read", price.cache_read_usd_per_mtok, [one.cache_read_usd_per_mtok for one in others])
    return Agreement(cells=tuple(sorted(cells, key=lambda one: one.id)), tolerance=tolerance)


def _cell(price: Price, name: CellName, ours: float | None, theirs: Sequence[float | None]) -> list[Cell]:
    known = [one for one in theirs if one is not None]
    if ours is None or not known:
        return []
    near = min(known, key=lambda one: abs(one - ours))
    larger = max(ours, near)
    share = abs(ours - near) / larger if larger else 0.0
    return [Cell(id=price.id, provider=price.provider, cell=name, ours=ours, theirs=near, difference_share=share)]
