"""Random task profiles for property tests, and the profile with one input changed."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from hypothesis import strategies as st

from slmdecide.readers.catalog import load_catalog
from slmdecide.records.profile import (
    Data,
    Decision,
    Hosting,
    Latency,
    Privacy,
    Quality,
    Stage,
    StageVolume,
    TaskProfile,
    Team,
    Traits,
    Volume,
)
from slmdecide.records.profile_measured import MeasuredCascade, MeasuredModel

CATALOG = load_catalog()
NATURES = sorted(CATALOG.natures)
_MODELS = sorted(CATALOG.models)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The value, or not said."""
    return st.none() | values


def amounts(low: float, high: float) -> st.SearchStrategy[float]:
    """Positive amounts, even over orders of magnitude, with three digits."""
    from math import log10  # noqa: PLC0415

    return st.floats(log10(low), log10(high)).map(lambda power: float(f"{10**power:.3g}"))


shares = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.8, 1.0])
traits = st.builds(
    Traits,
    reasoning=maybe(st.sampled_from(["none", "low", "high"])),
    scope=maybe(st.sampled_from(["narrow", "moderate", "broad"])),
    knowledge=maybe(st.sampled_from(["narrow", "domain", "broad"])),
    change=maybe(st.sampled_from(["stable", "yearly", "quarterly", "monthly", "weekly"])),
    documents_per_answer=maybe(st.integers(1, 8)),
)
volumes = st.builds(
    Volume,
    requests_per_month=amounts(1, 1e9),
    input_tokens=amounts(10, 20_000),
    output_tokens=amounts(1, 2_000),
    cached_share=maybe(st.sampled_from([0.0, 0.3, 0.8])),
    batchable_share=maybe(shares),
    peak_to_mean=maybe(amounts(1, 20)),
)
latencies = st.builds(Latency, p95_ms=maybe(amounts(50, 20_000)))
privacies = st.builds(
    Privacy,
    may_leave=maybe(st.sampled_from(["anywhere", "own_cloud", "nowhere"])),
    data_class=maybe(st.sampled_from(["public", "internal", "personal", "health", "secret"])),
    residency=maybe(st.sampled_from([("eu",), ("us",), ("ch",)])),
    offline=maybe(st.booleans()),
    device=maybe(st.sampled_from(["phone", "laptop"])),
)
qualities = st.builds(
    Quality,
    risk=maybe(st.sampled_from(["low", "medium", "high"])),
    tolerance=maybe(st.sampled_from([0.0, 1.0, 2.0, 5.0])),
    cost_of_wrong_answer_usd=maybe(amounts(1e-5, 10)),
)
datas = st.builds(
    Data,
    labelled_examples=maybe(st.sampled_from([0, 50, 200, 500, 5000, 100_000])),
    obtainable_examples=maybe(st.sampled_from([0, 500, 10_000])),
    cost_per_label_usd=maybe(amounts(0.01, 5)),
)
teams = st.builds(Team, operator=maybe(st.sampled_from(["own_team", "nobody"])), rate_usd_per_hour=maybe(amounts(10, 300)))
hostings = st.builds(
    Hosting, utilization=maybe(st.sampled_from([0.2, 0.5, 0.9])), hours_on_per_month=maybe(st.sampled_from([176.0, 730.5]))
)
decisions = st.builds(
    Decision,
    horizon_months=maybe(st.sampled_from([6.0, 12.0, 36.0])),
    min_saving_usd_per_month=maybe(st.sampled_from([0.0, 100.0, 1000.0])),
    start_within_weeks=maybe(st.sampled_from([1.0, 4.0, 12.0])),
)
candidates = maybe(st.lists(st.sampled_from(_MODELS), min_size=1, max_size=12, unique=True).map(tuple))


_SMALL = [one.id for one in CATALOG.models.values() if one.size_class == "small" and one.kind == "decoder"]
_LARGE = [one.id for one in CATALOG.models.values() if one.size_class == "large"]


@st.composite
def measured_models(draw: st.DrawFn) -> MeasuredModel:
    """A measurement of any decoder, against the large model."""
    low, estimate, high = sorted(draw(st.lists(st.floats(-0.3, 0.3).map(lambda one: round(one, 4)), min_size=3, max_size=3)))
    return MeasuredModel(
        model=draw(st.sampled_from(_SMALL)), mode=draw(st.sampled_from(["prompted", "fine_tuned"])), against="large_model",
        n=draw(st.integers(1, 5000)), estimate=estimate, low=low, high=high, p95_ms=draw(maybe(amounts(50, 5000))), source="probe.json",
    )  # fmt: skip


@st.composite
def measured_cascades(draw: st.DrawFn) -> MeasuredCascade:
    """A cascade that is worth it, with or without a promise, or one that is not."""
    small, large = draw(st.sampled_from(_SMALL)), draw(st.sampled_from(_LARGE))
    if draw(st.booleans()):
        return MeasuredCascade(small=small, large=large)
    low, share, high = sorted(draw(st.lists(st.floats(0, 1).map(lambda one: round(one, 3)), min_size=3, max_size=3)))
    promise = draw(maybe(st.sampled_from([0.0, 1.0, 2.0, 5.0])))
    return MeasuredCascade(
        small=small, large=large, threshold=0.5, escalation_share=share, escalation_low=low, escalation_high=high,
        tolerance=promise, delta=0.1 if promise is not None else None,
    )  # fmt: skip


measurements = st.one_of(
    st.just(()), st.just(()), st.lists(measured_models(), max_size=3, unique_by=lambda one: (one.model, one.mode)).map(tuple)
)


def profiles() -> st.SearchStrategy[TaskProfile]:
    """Profiles of a task without stages."""
    return st.builds(
        TaskProfile,
        name=st.just("random task"),
        nature=st.sampled_from(NATURES),
        volume=volumes,
        task=traits,
        latency=latencies,
        privacy=privacies,
        quality=qualities,
        data=datas,
        team=teams,
        hosting=hostings,
        decision=decisions,
        candidates=candidates,
        today=maybe(st.sampled_from(_MODELS)),
        measured=measurements,
        cascade=st.one_of(st.none(), st.none(), measured_cascades()),
    )


stage_volumes = st.builds(
    StageVolume,
    calls_per_request=maybe(amounts(0.1, 10)),
    input_tokens=amounts(10, 20_000),
    output_tokens=amounts(1, 2_000),
)


@st.composite
def pipelines(draw: st.DrawFn) -> TaskProfile:
    """Profiles of two or three stages."""
    count = draw(st.integers(2, 3))
    stages = tuple(
        draw(
            st.builds(
                Stage,
                name=st.just(f"step {i}"),
                nature=st.sampled_from(NATURES),
                volume=stage_volumes,
                task=traits,
                data=maybe(datas),
                measured=measurements,
                cascade=st.one_of(st.none(), st.none(), measured_cascades()),
            )
        )
        for i in range(count)
    )
    pipeline: TaskProfile = replace(draw(profiles()), stages=stages, measured=(), cascade=None)
    return pipeline


def with_input(profile: TaskProfile, name: str, value: object) -> TaskProfile:
    """The profile as a user would write it with this input at this value."""
    return _with(profile, name.split("."), value)


def _with(record: Any, path: list[str], value: object) -> Any:
    head, *rest = path
    if not is_dataclass(record):
        return {**record, ".".join(path): value}
    now = getattr(record, head)
    if rest:
        value = _with(now, rest, value)
    assert head in {one.name for one in fields(record)}
    return replace(record, **{head: value})  # type: ignore[type-var]  # of any dataclass
