"""What a probe reads, what it writes down call by call, and what comes out. Unknown is None.

Field names of `Call` are the columns of the run file, those of `ProbeReport` the keys of its JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from slmdecide.records.metrics import Metric

AnswerFormat = Literal["label_code", "free_text", "schema", "schema_reason_first"]
"""How a model is asked to answer: with the one-token code of a label, as it likes, constrained by a JSON schema, or constrained
with a reason before the answer."""
ConfidenceKind = Literal["label_likelihood", "vote_share"]
"""From token log-probabilities, or the share of samples that gave the answer. The two are never compared."""
ProbeStatus = Literal["good_enough", "not_good_enough", "not_enough_examples", "budget_reached"]
FlawKind = Literal[
    "duplicate",
    "conflicting_duplicate",
    "empty_input",
    "empty_expected",
    "unknown_label",
    "leaked_answer",
    "unused_label",
    "label_count",
    "spelling",
]
RungStatus = Literal["good_enough", "not_good_enough", "undecided", "reference", "not_measured"]
Yardstick = Literal["floor", "large_model"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """One thing that was asked, with the right answer."""

    id: str
    """Unique in its file."""
    input: str
    expected: str
    """The right label or answer; a list, a map or a number as its JSON text."""
    alternatives: tuple[str, ...] = ()
    """Other answers that are as right."""
    line: int | None = None
    """Line of the file, 1-based; None for one that is from no file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Flaw:
    """What is odd about some examples, and which."""

    kind: FlawKind
    serious: bool
    """Whether it makes the measurement worthless; otherwise it is only reported."""
    n: int
    """Examples (of labels: labels) that have it."""
    example_ids: tuple[str, ...]
    """The first ones, at most 20, in file order."""
    message: str
    """One line: what was found, where, and what is allowed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExampleCheck:
    """What a set of examples is like. Counts are of examples."""

    n: int
    """As read."""
    n_usable: int
    """Left to measure with: without the second copies, conflicts and empty ones."""
    duplicates: int
    """Copies of an earlier example with the same answer; the first of each is used."""
    conflicts: int
    """Whose input occurs with different answers; none of them is used."""
    empty: int
    """Without an input or without an answer; not used."""
    unknown_labels: int
    leaked: int
    """Whose label stands word for word in the input."""
    labels: tuple[tuple[str, int], ...]
    """Label and number of usable examples, the most frequent first; empty where the answer is no label."""
    flaws: tuple[Flaw, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One line of the run file: one request to one model, with everything that was paid for and measured."""

    request_id: str
    """The same for the same model, example, repeat, format and prompt, so that a resumed run knows what it has."""
    model: str
    example_id: str
    position: int
    """Place of the example in the seeded order, from 0: evidence is weighed in this order, whichever call was answered first."""
    repeat: int
    """0 for the first time an example is asked."""
    format: AnswerFormat
    answer: str | None
    """As the model wrote it; None where there is none."""
    label: str | None = None
    """The label that was read from the answer; None if there is none, if it is uncertain, or if the task has no labels."""
    expected: str | None = None
    """The right label, so that a report can be made again from this file alone; None if the task has no labels."""
    confidence: float | None
    """Of the answer: probability of the most likely label among the labels, or share of the votes. 0 to 1."""
    confidence_kind: ConfidenceKind | None
    """None where there is no confidence."""
    margin: float | None
    """Most likely minus second most likely label. 0 to 1."""
    entropy: float | None
    """Of the label distribution, in nats."""
    missing_mass: float | None
    """Probability of the answer's first token that belongs to no label; 0 to 1, None for votes."""
    label_probabilities: dict[str, float] | None
    """By label, as read and before they were made to add up to 1, at full precision; a label that was not listed is absent."""
    correct: float | None
    """Score of the answer, 0 to 1; None if it was not scored. Of an uncertain answer the score of its most likely label, so that
    other margins can be replayed; the report counts such an answer as 0."""
    uncertain: bool
    """The margin was too small: the answer counts as none of the labels."""
    tokens_in: int | None
    """Prompt tokens, cached ones included."""
    tokens_out: int | None
    """Generated tokens, reasoning included."""
    tokens_reasoning: int | None
    """Part of `tokens_out`."""
    tokens_cached: int | None
    """Part of `tokens_in`."""
    cost_usd: float | None
    """Of all attempts that are known to be billed; 0 for what is known to be free, None = unpriced or not told by the provider."""
    unsure_usd: float = 0.0
    """Most that was perhaps billed beyond `cost_usd`: requests that broke off after they were sent, and answers without a usage."""
    latency_ms: float | None
    """Of the attempt that succeeded, from request to last byte."""
    ttft_ms: float | None
    """None where the answer was not streamed."""
    attempts: int
    """Requests that were sent, the last one included."""
    samples: int = 1
    """Samples that the answer is the majority of; tokens and cost are of all of them."""
    error: str | None
    """One line; None if there is an answer."""
    error_kind: str | None
    """A word such as rate_limit, timeout or server_error."""
    started_at: str
    """ISO 8601, UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A model that may be probed."""

    model: str
    """As it is called, such as openai/gpt-4o-mini."""
    params_b: float | None
    """Billions of parameters; None = not known."""
    usd_per_request: float | None
    """Expected price of one call on one example; None = unpriced."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProbeRules:
    """What was to be shown, and how sure."""

    metric: Metric
    format: AnswerFormat = "free_text"
    """In which the ladder is climbed; others are only compared with it."""
    labels: tuple[str, ...] = ()
    """The closed set of answers; empty if there is none."""
    floor: float | None = None
    """Score to reach, 0 to 1; None: the large model's score minus the tolerance."""
    tolerance: float = 0.02
    """How far under the large model still counts as good enough, in share of the score (0.02 = 2 points)."""
    error_rate: float = 0.05
    """Most probability with which anything that the ladder states is wrong, however often one looks: half of it for calling a
    model good enough that is not, half for the other way round."""
    least_margin: float = 0.0
    """An answer whose margin is below is uncertain."""
    repeats: int = 1
    """How often each example is asked; their mean is the example's score."""
    n_examples: int | None = None
    """Usable examples; None = not known, so that an open ladder may be one that was interrupted."""
    seed: int = 0
    everything: bool = False
    """Whether every candidate is measured on every example instead of climbing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LatencyMs:
    """Percentiles over the calls that were answered: the least value that so many of 100 do not exceed."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ReliabilityBin:
    """Answers of similar confidence, and how many of them are right."""

    low: float
    """Of the bin, not included, except 0."""
    high: float
    n: int
    confidence: float
    """Mean."""
    accuracy: float
    """Mean score."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CoveragePoint:
    """Keeping only the answers from this confidence on."""

    threshold: float
    n: int
    """Answers kept. All answers of one confidence are kept together."""
    coverage: float
    """Share of the answers kept."""
    accuracy: float
    """Mean score of the kept ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelResult:
    """What was measured of one model."""

    model: str
    format: AnswerFormat
    n: int
    """Examples that were scored: in the seeded order, up to the first that is still open."""
    calls: int
    """Answered calls, repeats and those beyond the scored examples included; latencies, tokens and costs are of these."""
    score: float | None
    """Mean over examples; an uncertain answer counts as 0. None if none was scored."""
    low: float | None
    """Interval of `score` at the confidence that `interval` states."""
    high: float | None
    interval: str
    """Method and confidence of the interval."""
    metric: Metric
    accuracy: float | None
    """Of a label set: share of examples with the right label; an uncertain answer is none."""
    macro_f1: float | None
    """Of a label set: unweighted mean of the labels' F1."""
    macro_f1_low: float | None
    macro_f1_high: float | None
    decided_accuracy: float | None
    """Mean score of the answers that were not uncertain."""
    uncertain_share: float | None
    """Share of the answers whose margin was too small."""
    confidence_kind: ConfidenceKind | None
    n_confident: int
    """Answers with that kind of confidence, on which calibration rests."""
    ece: float | None
    """Expected calibration error, 0 to 1."""
    auroc: float | None
    """Of confidence against correctness: 0.5 = tells nothing."""
    why_no_auroc: str | None
    missing_mass: float | None
    """Mean probability that the model gave to something else than a label."""
    reliability: tuple[ReliabilityBin, ...]
    coverage_curve: tuple[CoveragePoint, ...]
    """By rising coverage; at most 100 points, the last one keeps everything."""
    latency_ms: LatencyMs | None
    ttft_ms: LatencyMs | None
    tokens_per_second: float | None
    """Generated tokens per second of one call: after the first token where it was streamed, otherwise of the whole call."""
    tokens_in: float | None
    """Mean per call."""
    tokens_out: float | None
    """Mean per call, reasoning included."""
    cost_usd: float | None
    """Of all its calls; None if one is unpriced."""
    cost_per_1000_usd: float | None
    """Of 1,000 requests like these."""
    unpriced_calls: int
    agreement: float | None
    """With repeats: share of examples with the same answer every time; None if each was asked once."""
    errors: dict[str, int]
    """Requests that stayed without an answer, by kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """One model of the ladder, and what was shown of it."""

    model: str
    params_b: float | None
    status: RungStatus
    against: Yardstick
    n: int
    """Examples (against the large model: pairs) that the statement rests on."""
    estimate: float | None
    """Mean score, or mean difference to the large model; 0 to 1, or −1 to 1."""
    low: float | None
    """Anytime-valid bounds of the estimate."""
    high: float | None
    bound: float
    """What the estimate must reach: the floor, or minus the tolerance."""
    stopped_after: int | None
    """Examples after which it was known; None if it was not."""
    needed_examples: int | None
    """About how many more would settle it; None if it is settled or no number would do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FormatResult:
    """One way to answer, against free text on the same examples."""

    model: str
    format: AnswerFormat
    n: int
    score: float | None
    difference: float | None
    """Score minus that of free text, on the examples that have both."""
    low: float | None
    high: float | None
    n_pairs: int
    tokens_out: float | None
    """Mean per call."""
    invalid_share: float | None
    """Share of the answers in which no label or no valid object was found; None where that is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProbeVerdict:
    """The answer of the ladder."""

    status: ProbeStatus
    model: str | None
    """The smallest model that is good enough, or the one that could not be settled."""
    needed_examples: int | None
    """About how many more would settle it."""
    needed_usd: float | None
    """What they would cost; None = unpriced, or none is needed."""
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProbeReport:
    """What a run file says."""

    schema_version: int
    models: tuple[ModelResult, ...]
    """In the order of the ladder."""
    verdict: ProbeVerdict
    spent_usd: float | None
    """Of all calls, failed ones included; None if one is unpriced."""
    spent_known_usd: float
    """Of the calls whose price is known."""
    unsure_usd: float
    """Most that was perhaps billed beyond: requests that broke off after they were sent, and answers without a usage."""
    cap_usd: float | None
    ladder: tuple[Rung, ...]
    formats: tuple[FormatResult, ...]
    examples: ExampleCheck | None
    """None where a report is made from a run file alone."""
    method: tuple[str, ...]
    """How it was decided, with sources."""
    notes: tuple[str, ...]
    """What the reader must know about this run."""
    data: dict[str, str]
    error_rate: float | None = None
    """Most probability of a wrong statement about the ladder; None in files of earlier versions."""
    measured_on: str | None = None
    """ISO date, UTC, of the last call of the run; None without a call, and in files of earlier versions."""
