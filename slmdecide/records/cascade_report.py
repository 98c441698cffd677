"""What `slmdecide cascade` reports. Field names are the keys of its JSON; unknown is None.

Keys may be added, never renamed within one schema version.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from slmdecide.records.cascade import CascadeVerdict, Interval, Promise, Question, Shift
from slmdecide.records.recorded import ColumnTaken, Counted

SingleModel = Literal["small", "large"]
DEFAULT_MARGIN = 0.02
"""Two points, as in a task profile."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the user wants of a cascade."""

    question: Question = "same_quality"
    alpha: float = 0.05
    """Most risk among kept answers, for `risk`."""
    delta: float = 0.1
    """Probability with which a promise may be broken."""
    tolerance: float | None = None
    """Share of right answers that may be lost against the large model; None = none on these examples, and `margin` in the promise."""
    budget_usd_per_request: float | None = None
    """For `cost`."""
    min_saving: float = 0.05
    """Share of the large model's cost under which a second model is not worth running."""
    seed: int = 0
    calibration_share: float = 0.5
    reverse: bool = False
    """Whether the recorded confidence counts with the opposite sign."""
    most_points: int | None = None
    """Operating points in the output; None = all."""

    @property
    def margin(self) -> float:
        """How far under the large model the promise may be: what may be lost, or 2 points for what cannot be known."""
        return self.tolerance if self.tolerance is not None else DEFAULT_MARGIN


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """Times of whole requests, ms."""

    p50: float
    p95: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """One model alone, on the examples that all models answered."""

    name: str
    correct: float
    """Right answers; partial credit counts in part."""
    accuracy: Interval
    """Share of right answers, with its 95 % interval."""
    cost_usd: float | None
    """Of all examples together; None = unpriced."""
    cost_usd_per_request: float | None
    latency_ms: Latency | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Small against large on the same examples."""

    difference: Interval
    """Accuracy of the small minus that of the large model, with its 95 % interval."""
    only_small: float
    """Examples that only the small model got right; with partial credit the credit by which it was better."""
    only_large: float
    p_value: float | None
    """Of no difference, exact test of McNemar; None with partial credit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """How well the small model's confidence orders its answers."""

    rule: str | None
    """What the confidence is: probability, log_probability, margin, vote_share or score."""
    auroc: Interval | None
    """Probability that a right answer has a higher confidence than a wrong one, with its 95 % interval; None if all answers are
    right, or all wrong."""
    distinct: int
    """Different confidences."""
    largest_tie: int
    """Examples that share one confidence; no threshold parts them."""
    mean: float | None
    """Mean confidence, to be compared with the accuracy; None where it is no share."""
    reversed: bool
    """The lower the confidence the likelier the answer is right, beyond chance."""
    worthless: bool
    """No better than a coin, as far as these examples show."""


class Point(NamedTuple):
    """What one threshold would have done, on all examples."""

    threshold: float | None
    """Least confidence that is kept; None where no finite number does it: at the end that escalates everything, and at the end
    that keeps everything if there are confidences of −inf."""
    n_escalated: int
    n_correct: float
    accuracy: float
    cost_usd: float | None
    """Of all examples together; None = unpriced."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PointTable:
    """Operating points by rising threshold, column by column, for there may be a million."""

    threshold: tuple[float | None, ...] = ()
    n_escalated: tuple[int, ...] = ()
    n_correct: tuple[float, ...] = ()
    accuracy: tuple[float, ...] = ()
    cost_usd: tuple[float | None, ...] = ()

    def __len__(self) -> int:
        return len(self.threshold)

    def __iter__(self) -> Iterator[Point]:
        columns = (self.threshold, self.n_escalated, self.n_correct, self.accuracy, self.cost_usd)
        return (Point(*row) for row in zip(*columns, strict=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class InSample:
    """The best point of these very examples: what it would have been, not what it will be."""

    goal: str
    """What it is the cheapest point for."""
    threshold: float | None
    n_escalated: int
    n_correct: float
    cost_usd: float | None
    saving: float | None
    """Share of the large model's cost that it saves; negative where it is dearer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """The threshold to use. Intervals are of the examples that had no part in choosing it."""

    threshold: float
    """Keep the small answer iff its confidence reaches it."""
    n_test: int
    escalation_rate: Interval
    accuracy: Interval
    accuracy_difference: Interval
    """Cascade minus large model."""
    risk: Interval | None
    """Share of wrong answers among the kept ones."""
    cost_usd_per_request: Interval | None
    """None = unpriced."""
    saving: float | None
    """Share of the large model's cost that it saves; of its calls, where costs are not recorded."""
    gain_over_random: Interval | None
    """Accuracy above sending requests to the two models at random for the same money, with its 95 % interval."""
    latency_ms: Latency | None
    """A request that is passed on waits for both."""
    n_escalated: int
    """On all examples, as are the next two."""
    n_correct: float
    cost_usd: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Baselines:
    """What the cascade is compared with. Accuracy and USD per request."""

    small_accuracy: float
    large_accuracy: float
    oracle_accuracy: float
    """If one knew which of the two is right: no cascade is better."""
    small_cost_usd_per_request: float | None
    large_cost_usd_per_request: float | None
    oracle_cost_usd_per_request: float | None
    """Of asking the large model only where it alone is better, after the small one."""
    area_over_random: Interval | None
    """Mean accuracy above random routing, over all costs between the two models, with its 95 % interval."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """How the examples were parted."""

    seed: int
    calibration_share: float
    n_calibration: int
    n_test: int
    method: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """What was read from the file, and what was not."""

    source: str
    layout: str
    rows: int
    columns: tuple[ColumnTaken, ...]
    left_out: tuple[Counted, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """What to do with the result, as text to paste."""

    profile_yaml: str
    """Lines for the task profile."""
    router_python: str
    """A runnable module that asks the small model and passes on what it is unsure of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CascadeReport:
    """Whether to combine two models, at which threshold, what it costs, and what is promised."""

    schema_version: int
    n: int
    """Examples that both models answered."""
    small: Figures
    large: Figures
    either_correct: float
    """Right answers if one knew which model to believe."""
    comparison: Comparison
    signal: Signal | None
    """None where no confidence was recorded."""
    verdict: CascadeVerdict
    fallback: SingleModel
    """The model to use alone where there is no cascade."""
    summary: str
    """The verdict in one sentence."""
    reasons: tuple[str, ...]
    chosen: Chosen | None
    """None unless the verdict is `cascade`."""
    promise: Promise | None
    """None where there is nothing to promise: without a confidence."""
    split: Split | None
    baselines: Baselines
    in_sample: tuple[InSample, ...]
    frontier: PointTable
    """Points to which no other is preferable: none costs less with as many right answers, or is right more often for the money."""
    points: PointTable
    shift: Shift | None
    """With later rows only."""
    read: Read
    warnings: tuple[str, ...]
    configuration: Configuration | None


class ChainPoint(NamedTuple):
    """One chain on all examples."""

    models: tuple[str, ...]
    """In the order in which they are asked."""
    thresholds: tuple[float | None, ...]
    """Of each but the last; None is −inf, which keeps everything."""
    n_correct: float
    accuracy: float
    cost_usd: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainChosen:
    """The chain to use. Figures with an interval, and the shares, are of the examples that had no part in choosing it."""

    models: tuple[str, ...]
    thresholds: tuple[float, ...]
    n_test: int
    answered_shares: tuple[float, ...]
    """Share of the requests that each model answers."""
    accuracy: Interval
    accuracy_difference: Interval
    """Chain minus the last model alone."""
    cost_usd_per_request: Interval
    saving: float | None
    """Share of the last model's cost that it saves."""
    gain_over_random: Interval | None
    """Accuracy above the best random mixture of single models for the same money."""
    latency_ms: Latency | None
    n_correct: float
    """On all examples, as is the next."""
    cost_usd: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainReport:
    """Whether to chain three or four models, at which thresholds, what it costs, and what is promised."""

    schema_version: int
    n: int
    order: tuple[str, ...]
    """Models as they would be asked, cheapest first unless the user gave another order."""
    models: tuple[Figures, ...]
    """Same order."""
    small: Figures
    """The first model."""
    large: Figures
    """The last model: what the chain is measured against."""
    either_correct: float
    """Right answers if one knew which model to believe."""
    verdict: CascadeVerdict
    """`large`: the last model alone; `small`: another one alone."""
    fallback: str
    """Name of the model to use alone where there is no cascade."""
    summary: str
    reasons: tuple[str, ...]
    chosen: ChainChosen | None
    promise: Promise
    """Its threshold is None: a chain has several, which stand in `chosen`."""
    split: Split
    frontier: tuple[ChainPoint, ...]
    """Chains to which no other on the grid of thresholds is preferable, by rising cost."""
    points: tuple[ChainPoint, ...]
    """The same: of the chains of a grid only these are kept."""
    read: Read
    warnings: tuple[str, ...]
    configuration: Configuration | None
    signals: tuple[Signal | None, ...] = ()
    """How well each model's confidence orders its answers, in the order of `models`; None where there is none."""
    shift: Shift | None = None
    """With later rows only. Its escalation rate is the share of requests that the first model passes on."""
