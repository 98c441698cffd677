"""A bounded, seeded sample of the calls with their texts: all that is looked at word by word.

Which calls are in it is decided by what they hold, not by where they stand: the same calls in another order, or from another
format or engine, give the same sample.
"""

from __future__ import annotations

from math import ceil, log2
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    import ibis.expr.types as ir

_SAMPLE_BYTES = 24 * 2**20
"""Of the logs that the sample is drawn from, at most; smaller logs are looked at as a whole."""
_DRAW_DIGITS = 8
"""Hexadecimal digits of the draw that decide."""
_MOST_NUMBER = 1e15
"""Numbers in the draw that are larger count as none, since no engine has larger whole ones for sure."""


class Sampled(NamedTuple):
    """One call of the sample."""

    draw: str
    """Random, by what the call holds."""
    system_key: int | str
    """Of the system prompt, as the engine compares it."""
    system: str
    prompt: str
    answer: str
    tool_calls: int
    tool_text: str
    turns: int
    task_key: str
    model: str


def share_of(n_bytes: float) -> float:
    """The share of the calls that is drawn from logs of this size: a power of ½, so that a few bytes change nothing."""
    return 1.0 if n_bytes <= _SAMPLE_BYTES else 2.0 ** -ceil(log2(n_bytes / _SAMPLE_BYTES))


def _with_draw(calls: ir.Table) -> ir.Table:
    """The calls with `draw`: a random word that depends on the call's own id, or else on its time, tokens and lengths."""
    import ibis  # noqa: PLC0415  (heavy)

    numbers = (calls.time_s, calls.input_tokens, calls.output_tokens, calls.prompt.length(), calls.answer.length())
    text = _digits(numbers[0])
    for one in numbers[1:]:
        text = text + "|" + _digits(one)
    return calls.mutate(draw=ibis.ifelse(calls.id.notnull(), calls.id, text).hexdigest("md5"))


def _digits(number: ir.NumericValue) -> ir.StringValue:
    import ibis  # noqa: PLC0415  (heavy)

    # Without `floor` one engine would round and another cut.
    return ibis.ifelse(number < _MOST_NUMBER, number, 0).fill_null(0).floor().cast("int64").cast("string")


def below(share: float) -> str | None:
    """The word under which lie this share of all draws; None for all of them."""
    return None if share >= 1 else f"{ceil(share * 16**_DRAW_DIGITS):0{_DRAW_DIGITS}x}"


def drawn(calls: ir.Table, share: float) -> ir.Table:
    """A share of the calls, by their draws, as `Sampled` has them; after that `file` and `fits` where there are such columns."""
    found = _with_draw(calls)
    limit = below(share)
    return _with_texts(found.filter(found.draw < limit) if limit is not None else found)


def _with_texts(calls: ir.Table) -> ir.Table:
    found = calls.mutate(
        system=calls.system.fill_null(""),
        prompt=calls.prompt.fill_null(""),
        answer=calls.answer.fill_null(""),
        tool_text=calls.tool_text.fill_null(""),
        task_key=calls.task_key.fill_null(""),
        model=calls.model.fill_null(""),
    )
    return found.select(*Sampled._fields, *(name for name in ("file", "fits") if name in calls.columns))


def sample_of(rows: Iterable[tuple[Any, ...]]) -> list[Sampled]:
    """The rows of such a table."""
    n = len(Sampled._fields)
    return [Sampled._make(row[:n]) for row in rows]
