"""What a break-even is computed from, and what comes out. Field names of the report are the keys of its JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from slmdecide.records.band import Band
from slmdecide.records.report_parts import AssumptionMade

OpponentKind = Literal["same_model_hosted", "cheapest_good_enough", "in_use_today", "named"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SelfHosting:
    """One way to host a model oneself. Bands are low, typical and high; where nothing is uncertain all three are equal."""

    hosting: Literal["owned_gpu", "rented_gpu"]
    tokens_per_second: Band
    """Of one replica; high is fast."""
    counts: Literal["output", "all"] = "output"
    """Which tokens that rate counts: generated ones, or prompt and answer together."""
    gpus_per_replica: int
    hours_on_per_month: float
    """Reserved hours. An idle hour costs what a busy one costs."""
    utilization: float
    """Share of the measured capacity that is planned to be used, 0 to 1."""
    peak_to_mean: float
    gpu_usd: Band | None = None
    """Purchase price of one GPU; None for rented ones."""
    server_usd_per_gpu: float = 0.0
    power_w: float = 0.0
    """Of one GPU."""
    pue: float = 1.0
    electricity_usd_per_kwh: float = 0.0
    rent_usd_per_gpu_hour: Band | None = None
    """None for owned ones."""
    operations_usd_per_month: float = 0.0
    """Work of people, for all replicas together."""
    once_usd: float = 0.0
    """Set-up and fine-tuning."""
    retraining_usd_per_month: float = 0.0
    amortisation_months: float = 12.0
    """Months over which what is paid once is spread, for the break-even volume."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """The tokens of a month."""

    tokens_per_month: float
    """Prompt and answer together."""
    output_share: float
    """Share of them that is generated, 0 to 1."""
    cached_share: float = 0.0
    """Share of the prompt tokens that an API reads from its cache."""
    uncertainty_share: float = 0.0
    """How far the volume may be off, up or down."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opponent:
    """An API that self-hosting is compared with. USD per million tokens; None = unpriced."""

    name: str
    kind: OpponentKind
    input_usd_per_mtok: float | None
    output_usd_per_mtok: float | None
    cached_usd_per_mtok: float | None = None
    source: str | None = None
    why_missing: str | None = None
    """Why there is no such opponent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HostingLine:
    """A part of the self-hosting bill. USD."""

    name: str
    usd: float
    once: bool
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SelfHostReport:
    """The self-hosting bill at the given volume."""

    hosting: str
    capex_usd: float
    """Paid once: hardware, set-up, fine-tuning."""
    monthly_cost_usd: float
    """Recurring; what is paid once is not in it."""
    lines: tuple[HostingLine, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OpponentReport:
    """Self-hosting against one opponent."""

    name: str
    kind: OpponentKind
    input_usd_per_mtok: float | None
    output_usd_per_mtok: float | None
    monthly_cost_usd: float | None
    saving_usd_per_month: float | None
    """API bill minus the recurring cost of self-hosting; negative where the API is cheaper."""
    break_even_months: float | None
    break_even_months_band: Band | None
    """10th, 50th and 90th percentile over the draws in which it pays."""
    never_share: float | None
    """Share of the draws in which it never pays."""
    break_even_tokens_per_month: float | None
    break_even_tokens_band: Band | None
    jumps_at_replica: int | None
    """The replica whose step jumps over the point at which both bills would be equal; None if they are equal there."""
    why_never: str | None
    source: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ThroughputUsed:
    """The rate that was used, and where it is from. Tokens per second of one replica."""

    tokens_per_second: float
    low: float
    high: float
    provenance: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepPoint:
    """Both bills at one volume. USD a month; what is paid once is spread over the amortisation."""

    tokens_per_month: float
    replicas: int
    self_host_usd: float
    opponents_usd: tuple[float | None, ...]
    """One per opponent, same order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BreakEvenReport:
    """When self-hosting pays, against whom, and how sure that is."""

    schema_version: int
    model: str
    gpu: str
    gpus_per_replica: int
    replicas: int
    tokens_per_month: float
    throughput: ThroughputUsed
    capacity_tokens_per_month: float
    """Of all replicas in the reserved hours at full use."""
    self_host: SelfHostReport
    opponents: tuple[OpponentReport, ...]
    sweep: tuple[SweepPoint, ...]
    assumptions: tuple[AssumptionMade, ...]
    notes: tuple[str, ...]
    data: dict[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class DoesNotFit:
    """A model that a GPU cannot hold: a result, with the numbers. GiB."""

    schema_version: int
    model: str
    gpu: str
    fits: bool
    weights_gib: float
    kv_gib: float
    """KV cache of the requests that were to be held at once."""
    usable_gib: float
    """Of one GPU."""
    most_gpus: int
    """Largest number of these GPUs that was considered."""
    why_not: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedCell:
    """One published break-even, with what it was computed from. A row of evidence/break_even_2509_18101.csv."""

    model: str
    gpu: str
    gpus: int
    tokens_per_second: float
    hardware_usd: float
    electricity_usd_per_month: float
    """As in the paper's first version; the third leaves the column out."""
    api: str
    input_usd_per_mtok: float
    output_usd_per_mtok: float
    published_months: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicatedCell:
    """A published break-even beside ours."""

    model: str
    api: str
    published_months: float
    computed_months: float | None
    difference: float | None
    """Ours minus the published one."""
    reproducible: bool
    """Whether the published value follows from the paper's own prices."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """Something that the paper leaves out, and the months with it, by model, against its first API."""

    name: str
    statement: str
    months: dict[str, float | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Replication:
    """A paper's table computed again."""

    schema_version: int
    paper: str
    assumptions: tuple[str, ...]
    cells: tuple[ReplicatedCell, ...]
    reproduced: int
    """Reproducible cells whose difference is within the paper's rounding."""
    tolerance_months: float
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
