"""What may still be spent: every request is reserved at the most that it can cost before it is sent.

Money is counted in whole trillionths of a dollar, rounded up, so that sums are exact and never below the bill. Everything
happens between two awaits of one event loop, so no two requests can take the same dollar.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.money.api import MTOK, usd_per_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slmdecide.records.catalog import Price

_UNITS_PER_USD = 10**12
_EXACT_USD = 1e12
"""Above this a float holds no cents, and could overflow."""
TOKENS_PER_MESSAGE = 16
"""Role and marks that a chat template puts around a message; the widest known take 7 (declared, with room)."""
TOKENS_PER_REQUEST = 256
"""What a provider may put before everything, such as a date or a line on tools (declared, with room)."""
_BYTES_PER_TOKEN = 4.0
"""Of English text, for expectations alone; a bound counts one token for every byte."""


class Usage(NamedTuple):
    """Tokens that a provider says it has billed."""

    tokens_in: int
    """Cached ones included."""
    tokens_out: int
    """Reasoning included."""
    tokens_cached: int


def units(usd: float) -> int:
    """USD as trillionths of a dollar, rounded up."""
    return ceil(usd * _UNITS_PER_USD) if usd < _EXACT_USD else ceil(usd) * _UNITS_PER_USD


def most_tokens_in(messages: Iterable[Mapping[str, str]], further_bytes: int = 0) -> int:
    """More prompt tokens than any tokenizer makes of the messages: one for each byte, and what stands around them."""
    return TOKENS_PER_REQUEST + further_bytes + sum(TOKENS_PER_MESSAGE + _bytes(one) for one in messages)


def expected_tokens_in(messages: Iterable[Mapping[str, str]], further_bytes: int = 0) -> float:
    """About how many prompt tokens the messages have."""
    return sum(4 + _bytes(one) / _BYTES_PER_TOKEN for one in messages) + further_bytes / _BYTES_PER_TOKEN


def _bytes(message: Mapping[str, str]) -> int:
    return sum(len(text.encode()) for text in message.values())


def most_usd(price: Price | None, tokens_in: int, tokens_out: int) -> float | None:
    """The most that a request with at most so many tokens can cost; None if the price is not known."""
    if price is None or price.input_usd_per_mtok is None or price.output_usd_per_mtok is None:
        return None
    usd_in = [price.input_usd_per_mtok, price.cache_write_usd_per_mtok, price.cache_read_usd_per_mtok]
    usd_out = [price.output_usd_per_mtok]
    if price.long_context_from_tokens is not None and tokens_in > price.long_context_from_tokens:
        usd_in.append(price.long_context_input_usd_per_mtok)
        usd_out.append(price.long_context_output_usd_per_mtok or 0.0)
    return (tokens_in * max(one for one in usd_in if one is not None) + tokens_out * max(usd_out)) / MTOK


def billed_usd(price: Price | None, usage: Usage) -> float | None:
    """What a request cost; None if the price is not known."""
    if price is None:
        return None
    cached = min(1.0, usage.tokens_cached / usage.tokens_in) if usage.tokens_in else 0.0
    return usd_per_request(price, input_tokens=usage.tokens_in, output_tokens=usage.tokens_out, cached_share=cached)


@dataclass(slots=True)
class Budget:
    """A cap, what is spent of it, and what open requests may cost."""

    cap_usd: float
    spent: int = 0
    """Trillionths of a dollar: known bills, and what broken-off requests may have been billed."""
    reserved: int = 0

    @property
    def _cap(self) -> int:
        """The cap, rounded down."""
        return int(self.cap_usd * _UNITS_PER_USD) if self.cap_usd < _EXACT_USD else int(self.cap_usd) * _UNITS_PER_USD

    def take(self, usd: float) -> bool:
        """Whether that much is left; it is reserved then."""
        wanted = units(usd)
        if self.spent + self.reserved + wanted > self._cap:
            return False
        self.reserved += wanted
        return True

    def settle(self, reserved_usd: float, spent_usd: float) -> None:
        """Turn a reservation into what was spent: the bill, 0 for what is not billed, or all of it where that is not known."""
        self.reserved -= units(reserved_usd)
        self.spent += units(spent_usd)

    def add_earlier(self, usd: float) -> None:
        """Count what an earlier part of the run has spent or may have spent."""
        self.spent += units(usd)

    @property
    def spent_usd(self) -> float:
        """USD."""
        return self.spent / _UNITS_PER_USD
