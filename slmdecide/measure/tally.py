"""The calls of one model in one format, taken in one by one and kept as columns of numbers: a few dozen bytes a call."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from math import ceil, fsum, isnan, nan
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.errors import InputError
from slmdecide.measure.answers import normalised
from slmdecide.records.probe import LatencyMs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slmdecide.records.probe import Call, ConfidenceKind

MOST_EXAMPLES = 10_000_000
"""A position beyond is a damaged file, not an example."""
_NONE = -1
"""Stands for no label in a column of labels."""


class Confident(NamedTuple):
    """Answers of one kind of confidence. Confidences and scores are in the same order."""

    kind: ConfidenceKind | None
    confidences: tuple[float, ...]
    scores: tuple[float, ...]
    """Of the most likely label, whether or not it was uncertain."""
    left_out: int
    """Answers with confidence of another kind."""


def counted_score(call: Call) -> float | None:
    """The score with which an answer counts: 0 if it is uncertain; None if it was not scored."""
    return 0.0 if call.uncertain and call.correct is not None else call.correct


class Tally:
    """What is kept of the calls. A second answer to the same question is paid for, but is not another answer."""

    def __init__(self, repeats: int) -> None:
        self.repeats = repeats
        self.answered = 0
        self.last_day = ""
        """ISO date, UTC, of the last call; "" without one."""
        self.again = 0
        """Answers to a question that was answered already."""
        self.spent_usd = array("d")
        """Of each line with a known price, failed ones included."""
        self.unsure_usd = array("d")
        """Of each line the most that was perhaps billed beyond."""
        self.unpriced = 0
        """Lines without a price."""
        self.answered_usd = array("d")
        """Of each answered call with a known price."""
        self.tokens_in, self.tokens_out = array("q"), array("q")
        self.latency_ms, self.ttft_ms = array("d"), array("d")
        self._decoded_tokens, self._decoded_ms = array("q"), array("d")
        """After the first token, of streamed answers."""
        self._whole_tokens, self._whole_ms = array("q"), array("d")
        """Of answers that were not streamed."""
        self._seen = bytearray()
        """By question, counted over examples and their repeats: 1 where it is answered."""
        self._failed: dict[int, str] = {}
        """Questions without an answer so far, with the kind of the last error."""
        self._slots, self._scores, self._correct = array("q"), array("d"), array("d")
        self._confidences, self._kinds, self._missing = array("d"), array("b"), array("d")
        self._expected, self._answered, self._uncertain = array("l"), array("l"), array("b")
        self._labels: dict[str, int] = {}
        self._names: list[str] = []
        self._said: dict[int, int] = {}
        """Of each example the hash of its answer."""
        self._differing: set[int] = set()
        """Examples with different answers."""

    def add(self, call: Call) -> None:
        """Take in one line of a run."""
        self.last_day = max(self.last_day, call.started_at[:10])
        if call.cost_usd is None:
            self.unpriced += 1
        else:
            self.spent_usd.append(call.cost_usd)
        if call.unsure_usd:
            self.unsure_usd.append(call.unsure_usd)
        if not (0 <= call.repeat < self.repeats and 0 <= call.position < MOST_EXAMPLES):
            raise InputError(
                f"call {call.request_id[:80]}: position {call.position}, repeat {call.repeat}; "
                f"positions are 0 to {MOST_EXAMPLES - 1}, and each example is asked {self.repeats} times, from repeat 0"
            )
        slot = call.position * self.repeats + call.repeat
        if self._answered_before(slot):
            self.again += call.error is None
            return
        if call.error is not None and call.correct is None:
            self._failed[slot] = call.error_kind or "other"
            return
        self._failed.pop(slot, None)
        self._seen.extend(bytes(max(0, slot + 1 - len(self._seen))))
        self._seen[slot] = 1
        self._take(call, slot)

    def _answered_before(self, slot: int) -> bool:
        return slot < len(self._seen) and bool(self._seen[slot])

    def _take(self, call: Call, slot: int) -> None:
        self.answered += 1
        if call.cost_usd is not None:
            self.answered_usd.append(call.cost_usd)
        self._measure(call)
        score = counted_score(call)
        self._slots.append(slot)
        self._scores.append(score if score is not None else nan)
        self._correct.append(call.correct if call.correct is not None else nan)
        self._confidences.append(call.confidence if call.confidence is not None else nan)
        self._kinds.append(_KINDS[call.confidence_kind])
        self._missing.append(call.missing_mass if call.missing_mass is not None else nan)
        self._expected.append(self._label(call.expected))
        self._answered.append(self._label(None if call.uncertain else call.label))
        self._uncertain.append(call.uncertain)
        if self.repeats > 1:
            said = hash(call.label if call.label is not None else normalised(call.answer or ""))
            if self._said.setdefault(call.position, said) != said:
                self._differing.add(call.position)

    def _measure(self, call: Call) -> None:
        if call.tokens_in is not None:
            self.tokens_in.append(call.tokens_in)
        if call.tokens_out is not None:
            self.tokens_out.append(call.tokens_out)
        if call.latency_ms is None:
            return
        self.latency_ms.append(call.latency_ms)
        if call.ttft_ms is not None:
            self.ttft_ms.append(call.ttft_ms)
        if call.tokens_out is None:
            return
        if call.ttft_ms is None:
            self._whole_tokens.append(call.tokens_out)
            self._whole_ms.append(call.latency_ms)
        elif call.tokens_out > 1 and call.latency_ms > call.ttft_ms:
            self._decoded_tokens.append(call.tokens_out - 1)
            self._decoded_ms.append(call.latency_ms - call.ttft_ms)

    def _label(self, label: str | None) -> int:
        if label is None:
            return _NONE
        if label not in self._labels:
            self._labels[label] = len(self._names)
            self._names.append(label)
        return self._labels[label]

    # What the columns say

    @property
    def errors(self) -> dict[str, int]:
        """Questions that stayed without an answer, by kind, the most frequent first."""
        return dict(sorted(Counter(self._failed.values()).items(), key=lambda pair: (-pair[1], pair[0])))

    @property
    def tokens_per_second(self) -> float | None:
        """Generated tokens over the time they took: after the first token where answers were streamed, else of whole calls."""
        tokens, ms = (self._decoded_tokens, self._decoded_ms) if self._decoded_ms else (self._whole_tokens, self._whole_ms)
        total = fsum(ms)
        return 1000 * sum(tokens) / total if total > 0 else None

    @property
    def started(self) -> bool:
        """Whether there was a call."""
        return bool(self._slots or self._failed)

    @property
    def last_position(self) -> int:
        """The largest place of an example that was called; −1 before the first call."""
        return max(len(self._seen) - 1, *self._failed, -1) // self.repeats

    def closed_before(self, n: int) -> int:
        """Examples in the seeded order up to the first with a repeat that was neither answered nor failed; at most `n`."""
        end = n * self.repeats
        first_open = next((slot for slot in range(end) if not self._answered_before(slot) and slot not in self._failed), end)
        return first_open // self.repeats

    def outcomes(self) -> Iterable[tuple[int, int, float | None]]:
        """Position, repeat and counted score of every question that is answered or failed; None for a failed or unscored one."""
        for slot, score in zip(self._slots, self._scores, strict=True):
            yield *divmod(slot, self.repeats), None if isnan(score) else score
        for slot in self._failed:
            yield *divmod(slot, self.repeats), None

    def example_scores(self, before: int) -> dict[int, float]:
        """Mean counted score over the repeats, of each scored example before a position."""
        sums: defaultdict[int, list[float]] = defaultdict(list)
        for i in self._until(before, self._scores):
            sums[self._slots[i] // self.repeats].append(self._scores[i])
        return {position: min(1.0, fsum(several) / len(several)) for position, several in sums.items()}

    def confusion(self, before: int) -> Counter[tuple[str, str | None]]:
        """How often each (expected, answered) pair of labels occurs; None for an answer that is no label or uncertain."""
        pairs = Counter((self._expected[i], self._answered[i]) for i in self._until(before) if self._expected[i] != _NONE)
        return Counter(
            {(self._names[expected], self._names[said] if said != _NONE else None): times for (expected, said), times in pairs.items()}
        )

    def confident(self, before: int) -> Confident:
        """The scored answers with a confidence, of the kind that most of them have."""
        rows = self._until(before, self._confidences, self._correct)
        kinds = Counter(self._kinds[i] for i in rows if self._kinds[i])
        if not kinds:
            return Confident(None, (), (), 0)
        most = max(sorted(kinds), key=kinds.__getitem__)
        kept = [i for i in rows if self._kinds[i] == most]
        return Confident(
            kind=next(kind for kind, code in _KINDS.items() if code == most),
            confidences=tuple(self._confidences[i] for i in kept),
            scores=tuple(self._correct[i] for i in kept),
            left_out=kinds.total() - len(kept),
        )

    def uncertain_share(self, before: int) -> float | None:
        """Share of the answers that were uncertain."""
        rows = self._until(before)
        return sum(self._uncertain[i] for i in rows) / len(rows) if rows else None

    def invalid_share(self, before: int) -> float | None:
        """Share of the answers to label questions that named no label, uncertain ones aside."""
        rows = [i for i in self._until(before) if self._expected[i] != _NONE]
        return sum(self._answered[i] == _NONE and not self._uncertain[i] for i in rows) / len(rows) if rows else None

    def decided_score(self, before: int) -> float | None:
        """Mean score of the answers that were not uncertain."""
        return mean([self._scores[i] for i in self._until(before, self._scores) if not self._uncertain[i]])

    def missing_mass(self, before: int) -> float | None:
        """Mean probability of what is no label."""
        return mean([self._missing[i] for i in self._until(before, self._missing)])

    def agreement(self) -> float | None:
        """Share of the examples with the same answer every time; None if each was asked once."""
        return 1 - len(self._differing) / len(self._said) if self._said else None

    def _until(self, before: int, *known: array[float]) -> list[int]:
        """Rows of the examples before a position, in which these columns are known."""
        end = before * self.repeats
        return [i for i, slot in enumerate(self._slots) if slot < end and not any(isnan(column[i]) for column in known)]


_KINDS: dict[ConfidenceKind | None, int] = {None: 0, "label_likelihood": 1, "vote_share": 2}


def mean(values: Sequence[float]) -> float | None:
    """Mean; None without a value."""
    return fsum(values) / len(values) if values else None


def percentiles(values: Sequence[float]) -> LatencyMs | None:
    """Percentiles by nearest rank; None without a value."""
    if not values:
        return None
    ordered = sorted(values)
    p50, p95, p99 = (ordered[ceil(len(ordered) * percent / 100) - 1] for percent in (50, 95, 99))
    return LatencyMs(p50=p50, p95=p95, p99=p99)
