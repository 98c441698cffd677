"""One small row a call: what is counted of it, and no text but an answer that may be a label. For any engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.traffic.features import SHORT_CHARACTERS
from slmdecide.traffic.masks import SIGN

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir

    Fingerprint = Callable[[ir.StringValue], ir.Value]
    """64 bits that are the same for the same text, and next to never for another; each engine has its own."""

_KEPT = (
    "group", "trace_id", "time_s", "model", "provider", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens",
    "cost_usd", "latency_ms", "ttft_ms", "temperature", "turns", "tool_calls",
)  # fmt: skip
_PLAUSIBLE = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "cost_usd", "latency_ms", "ttft_ms")
_MOST = 1e12
"""Of one call; a larger number is a slip of the log, and counts as not known."""
_MOST_USD = 1e6
"""The same of a cost: a context of a million tokens costs some 10 USD (pricing/api_prices.csv, November 2026)."""


def with_system_key(calls: ir.Table, fingerprint: Fingerprint) -> ir.Table:
    """The calls with `system_key`, by which system prompts are compared."""
    return calls.mutate(system_key=fingerprint(calls.system.fill_null("")))


def light(calls: ir.Table, fingerprint: Fingerprint) -> ir.Table:
    """The small rows of calls that have their `group`; `file` stays where there is one."""
    import ibis  # noqa: PLC0415  (heavy)

    length, system, prompt = calls.answer.length().fill_null(0), calls.system.length().fill_null(0), calls.prompt.length().fill_null(0)
    none = ibis.literal(0, calls.system_key.type())
    history = ibis.ifelse(calls.history_characters > 0, fingerprint(calls.history_characters.cast("string")), none)
    return calls.mutate(**{name: ibis.ifelse(calls[name] <= _most(name), calls[name], ibis.null("float64")) for name in _PLAUSIBLE}).select(
        *_KEPT,
        *(name for name in ("file", "fits") if name in calls.columns),
        failed=calls.status == "error",
        has_text=(prompt + system) > 0,
        prompt_characters=(prompt + system + calls.history_characters).cast("int64"),
        system_characters=system,
        answer_characters=length,
        # Nearly every answer begins with a letter or a sign; only of the others is all looked at, which a plain `or` would do of all.
        answered=ibis.ifelse(calls.answer.left(1) > " ", True, calls.answer.re_search(SIGN).fill_null(False)) | (calls.tool_calls > 0),
        fingerprint=fingerprint(calls.prompt.fill_null("")) ^ calls.system_key ^ history,
        short=ibis.ifelse((length <= SHORT_CHARACTERS) & (length > 0), calls.answer, ibis.null("string")),
    )


def _most(name: str) -> float:
    return _MOST_USD if name == "cost_usd" else _MOST
