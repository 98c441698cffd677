"""What a provider's API costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slmdecide.records.catalog import Price

MTOK = 1e6
"""Tokens per million tokens."""


def usd_per_request(
    price: Price,
    *,
    input_tokens: float,
    output_tokens: float,
    cached_share: float = 0.0,
    cache_write_share: float = 0.0,
    batchable_share: float = 0.0,
    reasoning_multiplier: float = 1.0,
) -> float | None:
    """Mean USD of one request; None if the price is not known.

    Uncached input × p_in + cached input × p_cached + cache writes × p_write + output × p_out. A provider without a
    cache price bills cached tokens as others. The batch price holds for the batchable share where there is one. A
    prompt beyond the long-context limit pays the long-context prices for all its tokens.
    Shape: scalars; tokens per request, shares 0 to 1. Source: design of the product, section 5.
    """
    p_in, p_out = price.input_usd_per_mtok, price.output_usd_per_mtok
    if p_in is None or p_out is None:
        return None
    limit = price.long_context_from_tokens
    if limit is not None and input_tokens > limit:
        p_in = price.long_context_input_usd_per_mtok if price.long_context_input_usd_per_mtok is not None else p_in
        p_out = price.long_context_output_usd_per_mtok if price.long_context_output_usd_per_mtok is not None else p_out
    p_cached = price.cache_read_usd_per_mtok if price.cache_read_usd_per_mtok is not None else p_in
    p_write = price.cache_write_usd_per_mtok if price.cache_write_usd_per_mtok is not None else p_in
    billed_output = output_tokens * reasoning_multiplier
    plain = max(0.0, 1 - cached_share - cache_write_share)
    mixed_in = plain * p_in + cached_share * p_cached + cache_write_share * p_write
    usd = (input_tokens * mixed_in + billed_output * p_out) / MTOK
    if batchable_share:
        b_in, b_out = price.batch_input_usd_per_mtok, price.batch_output_usd_per_mtok
        if b_in is not None and b_out is not None:
            batched = (input_tokens * b_in + billed_output * b_out) / MTOK
            usd += batchable_share * (min(batched, usd) - usd)
    return usd


def retired(price: Price, as_of: str) -> bool:
    """Whether its provider no longer serves it on this day."""
    return price.deprecation_date is not None and price.deprecation_date <= as_of
