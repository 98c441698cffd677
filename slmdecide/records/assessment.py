"""The hub format: what `assess` found, and all that reports, diffs and CI read.

Field names are the keys of the JSON. Keys may be added, never renamed within one schema version. Unknown is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from slmdecide.records.band import Band as Band  # noqa: PLC0414  (most who read an assessment ask for it here)
from slmdecide.records.cost_model import CostInputs, CostModel
from slmdecide.records.profile import TaskProfile
from slmdecide.records.report_parts import SCHEMA_VERSION as SCHEMA_VERSION  # noqa: PLC0414  (likewise)
from slmdecide.records.report_parts import AssumptionMade as AssumptionMade  # noqa: PLC0414  (likewise)
from slmdecide.records.used_prices import UsedGpuPrice, UsedPrice

Family = Literal["small", "fine_tuned_small", "cascade", "large", "pipeline"]
Status = Family | Literal["infeasible", "undecided"]
Mode = Literal["prompted", "fine_tuned"]
Hosting = Literal["api", "rented_gpu", "owned_gpu", "on_device"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Veto:
    """A hard constraint that an option breaks."""

    id: str
    reason: str
    lifted_by: str
    """The fact that would lift it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedCase:
    """A published comparison that resembles a task."""

    name: str
    """What was done, and on which data set."""
    source: str
    year: int | None
    small_model: str
    large_model: str
    metric: str
    small_score: float
    large_score: float
    shortfall_points: float
    """Points of 100 by which the small model is behind; negative where it is ahead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QualityEstimate:
    """How likely an option is good enough: the large model's score minus the tolerance, or better; with a floor, that or better."""

    p_good_enough: float | None
    """None where nothing is known: with a floor, of what was not measured."""
    low: float | None
    """Lower end of the 90 % interval; of measured_here the least that more examples could lead to."""
    high: float | None
    source: str
    """measured_here, reference_class, published_cascades, published_large_models or yardstick; not_measured where a floor is asked
    for that nobody held it against; larger_sibling where a larger model of its line was shown not to be good enough;
    published_base_rate in files of earlier versions."""
    n: int
    """Published comparisons of this very kind (nature, mode and reasoning); of measured_here the user's own examples."""
    n_sources: int
    """Papers or repositories that they come from; of measured_here 1."""
    effective_n: float | None = None
    """Sources of this very kind that all comparisons are worth, each counted by its likeness; None where none are counted."""
    explanation: str
    evidence: tuple[str, ...]
    cases: tuple[PublishedCase, ...] = ()
    """The nearest published comparisons, the likest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CostLine:
    """One part of an option's cost. USD."""

    name: str
    usd: float
    """Per month, or once."""
    once: bool
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AssessedOption:
    """One concrete way to do the task."""

    id: str
    words: str
    """The option as a person says it."""
    family: Family
    model: str
    """Model id; for a cascade `small>large`."""
    mode: Mode
    hosting: Hosting
    provider: str | None
    feasible: bool
    vetoes: tuple[Veto, ...]
    quality: QualityEstimate
    monthly_cost_usd: Band | None
    """Recurring cost; None if a price or a throughput is not known."""
    one_time_cost_usd: float | None
    total_usd_per_month: Band | None
    """Recurring cost, one-time cost spread over the horizon, and wrong answers if the profile prices them."""
    lines: tuple[CostLine, ...]
    """The typical bill of a feasible option; its amounts add up to the costs above and the wrong answers."""
    unpriced: bool
    """Whether an API price is not known."""
    not_costed: str | None
    """Why there is no cost."""
    latency_ms: float | None
    """Least time of one answer on an idle replica of the fastest GPU considered, measured or predicted; None if neither."""
    why_not: str | None = None
    """Why it was not chosen; None for the chosen one and for one that breaks a constraint."""
    note: str | None
    cost_model: CostModel | None = None
    """What the costs above are computed from; None if there are none, and in files of earlier versions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AssessedCriterion:
    """A row of the criteria table as it turned out."""

    id: str
    question: str
    lean: float
    weight: float
    statement: str
    because: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The answer."""

    family: Status
    option_id: str | None
    p_good_enough: float | None
    level: float | None = None
    """The likelihood that the task's risk asks for; None for a pipeline, whose stages have their own."""
    summary: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class BreakEven:
    """When an owned GPU is paid back against one API."""

    option_id: str
    stage: str | None = None
    """The stage of a pipeline; None for a task without stages."""
    against: str
    months: float | None
    """Until what is paid once, beyond what the API's own set-up costs, is paid back."""
    months_at_best: float | None = None
    """Where every stated band is for owning: more traffic, faster and cheaper GPUs, less work. None: not even then."""
    months_at_worst: float | None = None
    """Where every stated band is against it; None: never."""
    requests_per_month: float | None = None
    """The least volume at which owning, all in, costs at most what the API costs; None: at no volume."""
    jumps_at_replica: int | None = None
    """Where the bills are not equal at that volume: the number of replicas at whose step owning becomes cheaper."""
    why_never: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Flip:
    """The nearest value of one input at which the verdict's family changes."""

    input: str
    now: float | str | bool | None
    at: float | str | bool | None
    family: str
    """The verdict's family there; for a pipeline `stage: family`. For a weight: the side to which the score then leans."""
    kind: Literal["verdict", "score"] = "verdict"
    """Whether the verdict changes, or only the sign of the criteria score."""
    note: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NextStep:
    """Something to do, with the command that does it where there is one."""

    do: str
    command: str | None
    why: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CitedClaim:
    """A claim that the report leans on."""

    id: str
    statement: str
    status: str
    year: str
    source: str
    historical: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskName:
    """Which task it is."""

    name: str
    nature: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DataUsed:
    """Which data sets it rests on."""

    prices_as_of: str
    sha256: str
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AssessedStage:
    """One step of a pipeline."""

    name: str
    nature: str
    verdict: Verdict
    score: float
    monthly_cost_usd: Band | None
    one_time_cost_usd: float | None
    total_usd_per_month: Band | None
    criteria: tuple[AssessedCriterion, ...]
    options: tuple[AssessedOption, ...]
    cost_inputs: CostInputs | None = None
    """What the costs of all its options share; None in files of earlier versions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    """The decision for one task, with everything it rests on."""

    schema_version: int
    task: TaskName
    verdict: Verdict
    score: float
    """Weighted mean of the leans, −1 (large) to +1 (small)."""
    criteria: tuple[AssessedCriterion, ...]
    options: tuple[AssessedOption, ...]
    monthly_cost_usd: Band | None
    """Of the verdict; for a pipeline the sum of its stages."""
    total_usd_per_month: Band | None
    one_time_cost_usd: float | None
    saving_usd_per_month: float | None
    """Against the cheapest feasible API of a large model, in expected total cost."""
    today_usd_per_month: float | None
    """API bill of the model in use today, if the profile names one."""
    cost_inputs: CostInputs | None = None
    """What the costs of all options share; None for a pipeline, whose stages have their own, and in files of earlier versions."""
    break_even: tuple[BreakEven, ...]
    flips: tuple[Flip, ...]
    next_steps: tuple[NextStep, ...]
    assumptions: tuple[AssumptionMade, ...]
    evidence: tuple[CitedClaim, ...]
    stages: tuple[AssessedStage, ...]
    profile: TaskProfile | None = None
    """What the profile said, without what no decision rests on; None in files of earlier versions."""
    prices: tuple[UsedPrice, ...] = ()
    """The offers that the options are costed with, the cheapest of each model and mode for the task."""
    gpu_prices: tuple[UsedGpuPrice, ...] = ()
    """Every GPU with a known price; () if no option runs on one."""
    command: str | None = None
    """The command line that asked for it."""
    data: DataUsed
