"""What was measured on a group besides what led to its nature, and what each measure speaks for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import count, milliseconds, number, percent
from slmdecide.records.traffic import Measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slmdecide.records.traffic import GroupFacts
    from slmdecide.traffic.samples import Sample
    from slmdecide.traffic.spoken import Spoken

_MOST = 0.5
_FEW_ANSWERS = 20
_NAMED = 4
"""Languages that are named."""


def share(name: str, value: float, says: str) -> Measure:
    """A share from 0 to 1 as a measure."""
    return Measure(name=name, value=value, says=says)


def others(facts: GroupFacts, sample: Sample | None, *, closed: bool) -> Iterator[Measure]:
    """The measures, those that bear on a smaller model first. `closed`: whether the answers are labels."""
    if facts.texts and facts.texts < _FEW_ANSWERS:
        yield Measure(name="few answers", value=count(facts.texts), says="the nature is a guess")
    if sample is not None:
        yield from _spoken(sample, closed=closed)
    if facts.multi_turn_share:
        yield share("multi-turn", facts.multi_turn_share, "prompts that hold earlier answers of the model")
    if facts.cold_share is not None:
        says = "the same answer is wanted each time" if facts.cold_share >= _MOST else "variety is wanted"
        mean = f"; {number(facts.temperature_mean)} on average" if facts.temperature_mean else ""
        yield share("temperature 0", facts.cold_share, f"{says}{mean}")
    yield from _repeated(facts, sample, closed=closed)
    if facts.tokens_estimated:
        yield Measure(name="no token counts", value=None, says="4 characters are taken as one token")
    if facts.cacheable_share is not None:
        yield share("cacheable prompt", facts.cacheable_share, "of the prompt is the same each time, from its beginning")
    if facts.cached_tokens and facts.input_tokens:
        yield share("cached today", facts.cached_tokens / facts.input_tokens, "of the prompt tokens come from the provider's cache")
    yield from _times(facts)
    if facts.errors:
        yield share("failed", facts.errors / facts.calls, "calls that the log marks as failed")


def _times(facts: GroupFacts) -> Iterator[Measure]:
    if facts.latency_p50_ms is not None and facts.latency_p95_ms is not None:
        says = f"95 of 100 answers are there within it; half within {milliseconds(facts.latency_p50_ms)}"
        yield Measure(name="latency p95", value=milliseconds(facts.latency_p95_ms), says=says)
    if facts.ttft_p95_ms is not None:
        yield Measure(name="TTFT p95", value=milliseconds(facts.ttft_p95_ms), says="to the first token")


def _spoken(sample: Sample, *, closed: bool) -> Iterator[Measure]:
    if sample.prompts.told:
        yield Measure(name="language", value=_named(sample.prompts), says=_of_how_many(sample.prompts, "prompts"))
    if not closed and sample.answers.told and sample.answers.shares != sample.prompts.shares:
        yield Measure(name="language of answers", value=_named(sample.answers), says=_of_how_many(sample.answers, "answers"))


def _named(spoken: Spoken) -> str:
    named = [f"{code} {percent(its)}" for code, its in list(spoken.shares.items())[:_NAMED]]
    left = len(spoken.shares) - _NAMED
    return ", ".join(named) + (f", {left} more" if left > 0 else "")


def _of_how_many(spoken: Spoken, what: str) -> str:
    return f"told for {count(spoken.told)} of {count(spoken.sampled)} sampled {what}"


def _repeated(facts: GroupFacts, sample: Sample | None, *, closed: bool) -> Iterator[Measure]:
    if facts.duplicate_share:
        says = "asked before, word for word: a cache saves these before any model does"
        yield share("exact duplicates", facts.duplicate_share, says)
    top = _top_label(facts, sample) if closed else None
    if top is not None:
        yield share("most frequent answer", top, "a program that always says so is right as often")
    elif not closed and sample is not None and sample.repeated_answers:
        yield share("repeated answers", sample.repeated_answers, "of the sampled answers stand there more than once, word for word")


def _top_label(facts: GroupFacts, sample: Sample | None) -> float | None:
    labels = sample.json_labels if sample is not None else None
    if labels is None or facts.labels:
        return facts.top_label_share
    return max(labels.labels.values()) / sum(labels.labels.values()) * labels.share
