"""The task as it is decided on: every value known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from slmdecide.records.profile import (
    Change,
    DataClass,
    DeclaredThroughput,
    Device,
    Knowledge,
    MayLeave,
    Operator,
    Output,
    Reasoning,
    Risk,
    Scope,
)
from slmdecide.records.profile_measured import MeasuredCascade, MeasuredModel


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A task profile with every blank filled. Units as in `records.profile`."""

    name: str
    nature: str
    evidence_nature: str
    closed_labels: bool
    n_labels: int | None
    scope: Scope
    reasoning: Reasoning
    knowledge: Knowledge
    documents_per_answer: int
    change: Change
    languages: tuple[str, ...]
    modality: str
    output: Output

    requests_per_month: float
    input_tokens: float
    output_tokens: float
    text_tokens: float
    cached_share: float
    cache_write_share: float
    batchable_share: float
    peak_to_mean: float
    reasoning_multiplier: float
    uncertainty_share: float

    p95_ms: float | None
    ttft_ms: float | None

    data_class: DataClass
    may_leave: MayLeave
    residency: tuple[str, ...]
    offline: bool
    device: Device | None
    device_memory_gib: float

    metric: str
    floor: float | None
    tolerance: float
    cost_of_wrong_answer_usd: float
    """0 where the profile gives none: wrong answers are then left out of the cost, and the report says so."""
    risk: Risk

    labelled_examples: int
    obtainable_examples: int
    cost_per_label_usd: float
    labels_to_specialize: int
    labels_enough: int

    operator: Operator
    operations_hours_per_month: float
    hosting_setup_hours: float
    specialization_hours: float
    cascade_setup_hours: float
    rate_usd_per_hour: float

    hours_on_per_month: float
    utilization: float
    electricity_usd_per_kwh: float
    pue: float
    server_usd_per_gpu: float
    declared_throughput: tuple[DeclaredThroughput, ...]

    start_within_weeks: float | None
    horizon_months: float
    min_saving_usd_per_month: float
    weights: Mapping[str, float] = field(default_factory=dict)
    price_factors: Mapping[str, float] = field(default_factory=dict)
    candidates: tuple[str, ...] | None
    today: str | None
    measured: tuple[MeasuredModel, ...] = ()
    cascade: MeasuredCascade | None = None
