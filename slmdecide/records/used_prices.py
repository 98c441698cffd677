"""The prices that an assessment rests on, as they were when it was made: so that it can be made again beside others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from slmdecide.records.band import Band


@dataclass(frozen=True, kw_only=True, slots=True)
class UsedPrice:
    """The offer that an option of one model and mode is costed with. USD per million tokens; None is not known."""

    model: str
    """Model id."""
    mode: Literal["prompted", "fine_tuned"]
    id: str
    """Model name as the source of the prices writes it."""
    provider: str
    status: Literal["priced", "free", "unpriced"]
    input_usd_per_mtok: float | None
    """Uncached input tokens."""
    output_usd_per_mtok: float | None
    """Output tokens, reasoning tokens included."""
    cache_read_usd_per_mtok: float | None
    cache_write_usd_per_mtok: float | None
    batch_input_usd_per_mtok: float | None
    batch_output_usd_per_mtok: float | None
    long_context_from_tokens: int | None
    """Prompts longer than this pay the long-context prices for all their tokens."""
    long_context_input_usd_per_mtok: float | None
    long_context_output_usd_per_mtok: float | None
    context_tokens: int | None
    """Most input tokens the provider accepts."""
    deprecation_date: str | None
    """ISO date from which the provider no longer serves it."""
    as_of: str
    """ISO date of the snapshot."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UsedGpuPrice:
    """What a GPU costs, on which an option runs or could have run. USD."""

    gpu: str
    """GPU id."""
    used: bool
    """Whether an option runs on it."""
    rent_usd_per_hour: Band | None
    """Least, median and most of the providers; None if nobody in the data rents it out."""
    purchase_usd: Band | None
    """None if no price is known."""
