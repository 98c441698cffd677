"""The parts of a report on a difference that are lists and tables: values, prices and options that moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import UNKNOWN, count, usd
from slmdecide.report.blocks import Item, Items, Table
from slmdecide.report.diff_values import moved_words, value_words
from slmdecide.report.escape import shortened
from slmdecide.report.words import name, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.diff import Moved, OptionMoved, PriceMoved
    from slmdecide.report.blocks import Block

MOST_ROWS = 15
"""Of each list and table."""
_MOST_MOVED = 4
_CHANGES = {
    "new": "new",
    "gone": "gone",
    "now_feasible": "within the constraints now",
    "now_ruled_out": "ruled out now",
    "cost": "other cost",
    "rank": "other place",
}


def few_words(moved: Sequence[Moved], *, with_field: bool = True) -> str:
    """The first of the values that moved, and how many more there are."""
    more = f" and {count(len(moved) - _MOST_MOVED)} more" if len(moved) > _MOST_MOVED else ""
    return "; ".join(moved_words(one, with_field=with_field) for one in moved[:_MOST_MOVED]) + more


def more_items(total: int) -> list[Item]:
    """How many more there are, if there are."""
    return [Item(f"{count(total - MOST_ROWS)} more; the JSON report has all.")] if total > MOST_ROWS else []


def moved_blocks(head: str, moved: Sequence[Moved]) -> tuple[Block, ...]:
    """Values that moved, under a heading for their names."""
    rows = tuple((name(one.field), value_words(one.field, one.old), value_words(one.field, one.new)) for one in moved[:MOST_ROWS])
    blocks: list[Block] = [Table((head, "was", "is"), rows)] if rows else []
    more = more_items(len(moved))
    return (*blocks, *((Items(tuple(more)),) if more else ()))


def price_blocks(prices: Sequence[PriceMoved]) -> tuple[Block, ...]:
    """Prices that moved, and offers that came or went."""
    rows = tuple(
        (
            name(one.id) + (f" (was {name(one.old_id)})" if one.old_id is not None else ""),
            "GPU" if one.model is None else name(one.model) + (", fine-tuned" if one.mode == "fine_tuned" else ""),
            "not offered any more" if one.new_as_of is None else "not offered before" if one.old_as_of is None else few_words(one.moved),
            f"{one.old_as_of or UNKNOWN} → {one.new_as_of or UNKNOWN}",
        )
        for one in prices[:MOST_ROWS]
    )
    more = more_items(len(prices))
    blocks: list[Block] = [Table(("price", "of", "moved", "as of"), rows)] if rows else []
    return (*blocks, *((Items(tuple(more)),) if more else ()))


def option_blocks(options: Sequence[OptionMoved]) -> tuple[Block, ...]:
    """Options that came, went, or stand otherwise."""
    rows = tuple(
        (
            (f"{name(one.stage)}: " if one.stage is not None else "") + shortened(one.words, 160),
            _CHANGES[one.change] + (f" ({', '.join(map(words, one.vetoes))})" if one.vetoes and one.change.startswith("now") else ""),
            usd(one.old_usd_per_month),
            usd(one.new_usd_per_month),
            f"{_place(one.old_rank)} → {_place(one.new_rank)}",
        )
        for one in options[:MOST_ROWS]
    )
    more = more_items(len(options))
    blocks: list[Block] = [Table(("option", "what", "all in was", "is", "place"), rows, right=(2, 3))] if rows else []
    return (*blocks, *((Items(tuple(more)),) if more else ()))


def _place(rank: int | None) -> str:
    return count(rank) if rank is not None else UNKNOWN
