"""Which models are of one line, such as qwen3-4b and qwen3-8b, and which of two is the larger.

A vendor's name says it: what is left of the id without its sizes and tiers. A prompted model of a line is not expected to do
better than a larger one of it (declared): where the larger one was shown not to be good enough, the smaller one is no likelier.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slmdecide.records.catalog import Model

_SIZE = re.compile(r"[ae]?\d+(?:\.\d+)?[bm]|\d+x\d+b")
_TIERS = frozenset(
    {"nano", "micro", "mini", "lite", "flash", "pro", "premier", "luna", "terra", "sol", "haiku", "sonnet", "opus"},
)
"""Words for a size where a vendor publishes none."""


@lru_cache(maxsize=1024)
def line_of(model_id: str) -> str:
    """The id without sizes and tiers: qwen3-4b → qwen3, gpt-5.4-nano → gpt-5.4, claude-haiku-4-5 → claude-4-5."""
    return "-".join(word for word in model_id.split("-") if word not in _TIERS and not _SIZE.fullmatch(word))


def is_larger(one: Model, other: Model) -> bool:
    """Whether `one` is the larger, in all its parameters and in those that work on a token; of unpublished sizes the class tells."""
    if one.params_total_b is None or other.params_total_b is None:
        return one.size_class == "large" and other.size_class == "small"
    active, others = (each.params_active_b if each.params_active_b is not None else each.params_total_b for each in (one, other))
    return one.params_total_b > other.params_total_b and (active or 0.0) > (others or 0.0)


def larger_sibling(one: Model, other: Model) -> bool:
    """Whether `one` is a larger model of the line of `other`."""
    return one.id != other.id and line_of(one.id) == line_of(other.id) and is_larger(one, other)
