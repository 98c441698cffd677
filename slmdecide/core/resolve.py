"""From what the user said to a task with every value known, and the list of values that were assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from slmdecide.core import labels as curve
from slmdecide.money.serving import HOURS_PER_MONTH
from slmdecide.numbers import count, number
from slmdecide.records.assessment import AssumptionMade
from slmdecide.records.profile import Data, Latency, Quality, Traits
from slmdecide.records.task import Task

if TYPE_CHECKING:
    from slmdecide.records.catalog import Nature
    from slmdecide.records.profile import DataClass, Device, MayLeave, Stage, TaskProfile

Value = TypeVar("Value")

_MAY_LEAVE: dict[DataClass, MayLeave] = {
    "public": "anywhere",
    "internal": "anywhere",
    "confidential": "anywhere",
    "personal": "own_cloud",
    "financial": "own_cloud",
    "health": "own_cloud",
    "secret": "nowhere",
}
_DEVICE_MEMORY_GIB: dict[Device, float] = {"phone": 2, "browser": 2, "laptop": 8, "edge_box": 8}
"""Declared: what an application may take of a current device without being closed by the system."""


class _Labels(NamedTuple):
    """How many labelled examples fine-tuning takes, and why."""

    to_start: int
    enough: int
    reason: str


def _labels(nature: Nature, traits: Traits, output: str, classes: int | None) -> _Labels:
    """From the published learning curves where they speak for the task, else the nature's rule of thumb."""
    no_curve = curve.no_curve(
        output=output,
        documents=traits.documents_per_answer if traits.documents_per_answer is not None else nature.documents_per_answer,
        modality=traits.modality if traits.modality is not None else "text",
    )
    if no_curve is not None:
        return _Labels(nature.labels_to_specialize, nature.labels_enough, f"rule of thumb for {nature.id}; {no_curve}")
    known = classes if classes is not None else curve.CLASSES_UNSTATED
    whose = f"{known} classes"
    if known > curve.MOST_CLASSES:
        whose = f"{curve.MOST_CLASSES} classes, so at least so many for {count(known)}"
    if classes is None:
        whose += ", as many as the median published set has; give task.n_labels"
    reason = f"from here on as many again add at most {number(curve.GAIN)} points of macro F1, see {curve.CURVE_CLAIM}; at {whose}"
    return _Labels(curve.to_start(known), curve.enough(known), reason)


class _Blanks:
    """Fills blanks and remembers which."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.made: list[AssumptionMade] = []

    def fill(self, given: Value | None, field: str, default: Value, reason: str) -> Value:
        if given is not None:
            return given
        shown = default if isinstance(default, str | int | float | bool) or default is None else ", ".join(map(str, default))  # type: ignore[call-overload]  # tuples of text
        self.made.append(AssumptionMade(field=self.prefix + field, value=shown, reason=reason))
        return default


def resolve(profile: TaskProfile, nature: Nature) -> tuple[Task, tuple[AssumptionMade, ...]]:
    """The task of a profile without stages, and what was assumed, in the order of the profile's fields."""
    return _resolve(profile, nature, None)


def resolve_stage(profile: TaskProfile, stage: Stage, index: int, nature: Nature) -> tuple[Task, tuple[AssumptionMade, ...]]:
    """The task of one stage; what the stage does not say it takes from the profile."""
    return _resolve(profile, nature, (stage, index))


def _resolve(profile: TaskProfile, nature: Nature, step: tuple[Stage, int] | None) -> tuple[Task, tuple[AssumptionMade, ...]]:
    stage = step[0] if step is not None else None
    blanks = _Blanks(f"stages[{step[1]}]." if step is not None else "")
    common = _Blanks("")
    traits: Traits = stage.task if stage is not None else profile.task
    quality: Quality = stage.quality if stage is not None and stage.quality is not None else profile.quality
    data: Data = (stage.data if stage.data is not None else Data()) if stage is not None else profile.data
    latency: Latency = stage.latency if stage is not None and stage.latency is not None else profile.latency
    volume, privacy, team, hosting, decision = profile.volume, profile.privacy, profile.team, profile.hosting, profile.decision
    by_nature = f"what {nature.id} implies"

    n_labels = len(traits.labels) if traits.labels is not None else traits.n_labels
    output = blanks.fill(traits.output, "task.output", nature.output, by_nature)
    data_class: DataClass = common.fill(privacy.data_class, "privacy.data_class", "internal", "nothing was said about the data")
    may_leave: MayLeave = common.fill(
        privacy.may_leave,
        "privacy.may_leave",
        _MAY_LEAVE[data_class],
        f"careful reading for {data_class} data; say anywhere if a provider's terms allow it"
        if _MAY_LEAVE[data_class] != "anywhere"
        else f"usual for {data_class} data",
    )
    labelled = blanks.fill(data.labelled_examples, "data.labelled_examples", 0, "no examples were mentioned")
    labels = _labels(nature, traits, output, n_labels)
    labels_enough = blanks.fill(data.labels_enough, "data.labels_enough", labels.enough, labels.reason)
    if stage is not None:
        calls = blanks.fill(stage.volume.calls_per_request, "volume.calls_per_request", 1.0, "each request passes once")
        cached = blanks.fill(stage.volume.cached_share, "volume.cached_share", 0.0, "no prompt caching")
        input_tokens, output_tokens = stage.volume.input_tokens, stage.volume.output_tokens
    else:
        calls = 1.0
        cached = blanks.fill(volume.cached_share, "volume.cached_share", 0.0, "no prompt caching")
        input_tokens, output_tokens = volume.input_tokens, volume.output_tokens
    given_text = stage.volume.text_tokens if stage is not None else volume.text_tokens
    text_tokens = blanks.fill(
        given_text,
        "volume.text_tokens",
        max(1.0, input_tokens * (1 - cached)),
        "the input that is not cached; a fine-tuned model needs no instructions",
    )
    declared = "declared; no published figure was found, give your own"
    task = Task(
        name=stage.name if stage is not None else profile.name,
        nature=nature.id,
        evidence_nature=nature.evidence_nature,
        closed_labels=nature.closed_labels or n_labels is not None,
        n_labels=n_labels,
        scope=blanks.fill(traits.scope, "task.scope", nature.scope, by_nature),
        reasoning=blanks.fill(traits.reasoning, "task.reasoning", nature.reasoning, by_nature),
        knowledge=blanks.fill(traits.knowledge, "task.knowledge", nature.knowledge, by_nature),
        documents_per_answer=blanks.fill(
            traits.documents_per_answer,
            "task.documents_per_answer",
            nature.documents_per_answer,
            by_nature,
        ),
        change=blanks.fill(traits.change, "task.change", "yearly", "most labels and policies are revised once a year"),
        languages=blanks.fill(traits.languages, "task.languages", ("en",), "nothing was said about languages"),
        modality=blanks.fill(traits.modality, "task.modality", "text", "nothing was said about images or audio"),
        output=output,
        requests_per_month=volume.requests_per_month * calls,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        text_tokens=text_tokens,
        cached_share=cached,
        cache_write_share=common.fill(volume.cache_write_share, "volume.cache_write_share", 0.0, "cache writes are few"),
        batchable_share=common.fill(volume.batchable_share, "volume.batchable_share", 0.0, "answers are wanted at once"),
        peak_to_mean=common.fill(volume.peak_to_mean, "volume.peak_to_mean", 3.0, declared),
        reasoning_multiplier=common.fill(
            volume.reasoning_multiplier,
            "volume.reasoning_multiplier",
            1.0,
            "models answer without thinking first",
        ),
        uncertainty_share=common.fill(volume.uncertainty_share, "volume.uncertainty_share", 0.2, declared),
        p95_ms=latency.p95_ms,
        ttft_ms=latency.ttft_ms,
        data_class=data_class,
        may_leave=may_leave,
        residency=tuple(one.lower() for one in privacy.residency) if privacy.residency is not None else (),
        offline=common.fill(privacy.offline, "privacy.offline", default=False, reason="a network is there"),
        device=privacy.device,
        device_memory_gib=common.fill(
            privacy.device_memory,
            "privacy.device_memory",
            _DEVICE_MEMORY_GIB[privacy.device],
            f"usable memory of a {privacy.device}, declared",
        )
        if privacy.device is not None
        else 0.0,
        metric=blanks.fill(
            quality.metric,
            "quality.metric",
            "macro_f1" if nature.closed_labels else "accuracy",
            by_nature,
        ),
        floor=quality.floor,
        tolerance=blanks.fill(quality.tolerance, "quality.tolerance", 2.0, "points under the large model that count as good enough"),
        cost_of_wrong_answer_usd=blanks.fill(
            quality.cost_of_wrong_answer_usd,
            "quality.cost_of_wrong_answer_usd",
            0.0,
            "not given: wrong answers are left out of the cost",
        ),
        risk=blanks.fill(quality.risk, "quality.risk", "medium", "a wrong choice hurts but can be corrected"),
        labelled_examples=labelled,
        obtainable_examples=blanks.fill(data.obtainable_examples, "data.obtainable_examples", 0, "no labelling was planned"),
        cost_per_label_usd=blanks.fill(data.cost_per_label_usd, "data.cost_per_label_usd", 0.5, declared),
        labels_to_specialize=min(labels.to_start, labels_enough),
        labels_enough=labels_enough,
        operator=common.fill(team.operator, "team.operator", "own_team", "somebody can operate a model"),
        operations_hours_per_month=common.fill(
            team.operations_hours_per_month,
            "team.operations_hours_per_month",
            8.0,
            declared,
        ),
        hosting_setup_hours=common.fill(team.hosting_setup_hours, "team.hosting_setup_hours", 24.0, declared),
        specialization_hours=common.fill(team.specialization_hours, "team.specialization_hours", 40.0, declared),
        cascade_setup_hours=common.fill(team.cascade_setup_hours, "team.cascade_setup_hours", 24.0, declared),
        rate_usd_per_hour=common.fill(
            team.rate_usd_per_hour,
            "team.rate_usd_per_hour",
            90.0,
            "median US developer wage of May 2024 (63.98) with employer costs (× 1.4), see bls-2024-developer-wage",
        ),
        hours_on_per_month=common.fill(
            hosting.hours_on_per_month,
            "hosting.hours_on_per_month",
            HOURS_PER_MONTH,
            "GPUs are reserved around the clock",
        ),
        utilization=common.fill(hosting.utilization, "hosting.utilization", 0.6, declared),
        electricity_usd_per_kwh=common.fill(
            hosting.electricity_usd_per_kwh,
            "hosting.electricity_usd_per_kwh",
            0.15,
            "as in arXiv 2509.18101, Table III",
        ),
        pue=common.fill(hosting.pue, "hosting.pue", 1.5, declared),
        server_usd_per_gpu=common.fill(hosting.server_usd_per_gpu, "hosting.server_usd_per_gpu", 3000.0, declared),
        declared_throughput=hosting.throughput,
        start_within_weeks=decision.start_within_weeks,
        horizon_months=common.fill(decision.horizon_months, "decision.horizon_months", 12.0, "one-time costs are spread over a year"),
        min_saving_usd_per_month=common.fill(
            decision.min_saving_usd_per_month,
            "decision.min_saving_usd_per_month",
            100.0,
            "below this a change is not worth its trouble",
        ),
        weights=decision.weights,
        price_factors=decision.price_factors,
        candidates=stage.candidates if stage is not None and stage.candidates is not None else profile.candidates,
        today=profile.today,
        measured=stage.measured if stage is not None else profile.measured,
        cascade=stage.cascade if stage is not None else profile.cascade,
    )
    return task, (*blanks.made, *common.made)
