"""Self-hosted options of `assess` rest on the same throughput as `breakeven` and `throughput`."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdecide.core.assess import assess
from slmdecide.core.costs import bill, fast_enough
from slmdecide.core.options import build_options
from slmdecide.core.payback import paybacks
from slmdecide.core.resolve import resolve
from slmdecide.core.servings import Serving, servings_of, undominated
from slmdecide.money.estimate import Estimate, Question
from slmdecide.money.roofline import Workload
from slmdecide.money.throughput import throughput
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.profile import parse_profile
from slmdecide.records.task import Task
from tests.running import run

CATALOG = load_catalog()
PROFILE = """
name: tickets
nature: classification
volume: {requests_per_month: 20e6, input_tokens: 1000, output_tokens: 250}
team: {operator: own_team}
candidates: [llama-3.1-8b, llama-3.3-70b, gpt-4o-mini, gemini-3.8-flash]
"""

ENCODER = """
name: tickets
nature: classification
volume: {requests_per_month: 20e6, input_tokens: 400, output_tokens: 1}
data: {labelled_examples: 5000}
team: {operator: own_team}
candidates: [bert-base, gpt-4o-mini]
"""


def task_of(text: str = PROFILE) -> Task:
    """The task of a profile text."""
    profile = parse_profile(text, "task.yaml", CATALOG)
    return resolve(profile, CATALOG.natures[profile.nature])[0]


def servings(model: str, task: Task) -> tuple[Serving, ...]:
    """The ways to serve a model for a task."""
    return servings_of(CATALOG.models[model], task, CATALOG, task.input_tokens)


@pytest.mark.parametrize("model", ["llama-3.1-8b", "llama-3.3-70b", "gpt-oss-120b", "gemma-3-12b"])
def test_a_serving_is_what_throughput_says(model: str) -> None:
    """The rate of every serving is that of `slmdecide throughput` for the same model, GPUs, weights and lengths."""
    task = task_of()
    found = servings(model, task)
    assert {one.provenance for one in found} <= {"measured_published", "calibrated"}
    assert found
    for one in found:
        assert one.precision is not None
        workload = Workload(input_tokens=task.input_tokens, output_tokens=task.output_tokens)
        question = Question(model=CATALOG.models[model], gpu=one.gpu, gpus=one.gpus, precision=one.precision, workload=workload)  # type: ignore[arg-type]  # a row's precision is text
        measured = CATALOG.throughput.get(model)
        told = throughput(question, measured.rows if measured is not None else (), CATALOG.roofline)
        assert isinstance(told, Estimate)
        assert told.provenance == one.provenance
        assert one.requests_per_second.typical * task.output_tokens == pytest.approx(told.tokens_per_second)
        assert one.requests_per_second.low * task.output_tokens == pytest.approx(told.low)
        assert one.requests_per_second.high * task.output_tokens == pytest.approx(told.high)


def test_assess_and_breakeven_agree() -> None:
    """The GPU, the hours and the volume that `assess` buys for give the same bill by `slmdecide breakeven`."""
    task = replace(task_of(), requests_per_month=2e6)
    options = build_options(task, CATALOG, {})
    option = next(one for one in options if one.id == "llama-3.1-8b:prompted:owned_gpu")
    serving = min(option.servings, key=lambda one: (one.gpus * (one.gpu.purchase_usd or 0), one.gpu.id))
    alone = replace(option, servings=(serving,))
    ours = bill(alone, task, 0.0)
    assert ours is not None
    said = run(
        "breakeven", "--model", "llama-3.1-8b", "--gpu", serving.gpu.id, "--gpus", str(serving.gpus),
        "--precision", str(serving.precision), "--tokens", str(task.requests_per_month * 1250), "--input-tokens", "1000",
        "--output-tokens", "250", "--utilization", str(task.utilization), "--peak-to-mean", str(task.peak_to_mean),
        "--hours-per-month", str(task.hours_on_per_month), "--server-usd", str(task.server_usd_per_gpu), "--pue", str(task.pue),
        "--electricity", str(task.electricity_usd_per_kwh), "--operations-hours", str(task.operations_hours_per_month),
        "--rate", str(task.rate_usd_per_hour), "--setup-hours", str(task.hosting_setup_hours), "--format", "json",
    )  # fmt: skip
    theirs = json.loads(said.out)
    assert theirs["throughput"]["tokens_per_second"] == pytest.approx(serving.requests_per_second.typical * 250, rel=1e-6)
    assert theirs["self_host"]["capex_usd"] == pytest.approx(ours.once, rel=1e-6)
    assert theirs["self_host"]["monthly_cost_usd"] == pytest.approx(ours.monthly, rel=1e-6)


@given(read=st.floats(min_value=10, max_value=100_000), written=st.floats(min_value=1, max_value=8_000))
def test_a_band_holds_its_typical_rate(read: float, written: float) -> None:
    """Low ≤ typical ≤ high for every serving, at any lengths; dearer servings that are kept serve more."""
    task = replace(task_of(), input_tokens=read, output_tokens=written)
    found = servings("llama-3.1-8b", task)
    for one in found:
        assert 0 < one.requests_per_second.low <= one.requests_per_second.typical <= one.requests_per_second.high
    for hosting in ("rented_gpu", "owned_gpu"):
        rates = [one.requests_per_second.typical for one in undominated(found, hosting)]
        assert rates == sorted(rates)
        assert len(set(rates)) == len(rates)


def test_a_slow_gpu_is_not_billed_where_the_latency_is_limited() -> None:
    """With a limit that only some GPUs meet, the bill is of one that meets it."""
    task = task_of()
    kept = undominated(servings("llama-3.1-8b", task), "rented_gpu")
    latencies = sorted(one.idle_latency_ms for one in kept if one.idle_latency_ms is not None)
    limit = (latencies[0] + latencies[-1]) / 2
    assert latencies[0] < limit < latencies[-1]
    limited = fast_enough(kept, replace(task, p95_ms=limit))
    assert {one.idle_latency_ms for one in limited if one.idle_latency_ms is not None} == {one for one in latencies if one <= limit}
    impossible = fast_enough(kept, replace(task, p95_ms=1e-3))
    assert impossible == kept


def test_a_longer_request_takes_more_gpus_where_one_does_not_hold_it() -> None:
    """A 70B model with a prompt of 600,000 tokens is not served by cards that hold the weights alone."""
    short, long = task_of(), replace(task_of(), input_tokens=600_000.0)
    fewest = {one.gpu.id: one.gpus for one in servings("llama-3.3-70b", short) if one.provenance == "calibrated"}
    more = {one.gpu.id: one.gpus for one in servings("llama-3.3-70b", long) if one.provenance == "calibrated"}
    assert any(more[gpu] > fewest[gpu] for gpu in more.keys() & fewest.keys())
    assert all(more[gpu] >= fewest[gpu] for gpu in more.keys() & fewest.keys())


def test_at_the_break_even_volume_both_bills_agree() -> None:
    """At the volume from which owning pays its cost, all in, is the API's bill, or the step that jumps over it is named."""
    assessment = assess(parse_profile(PROFILE, "task.yaml", CATALOG), CATALOG)
    task = task_of()
    options = {one.id: one for one in build_options(task, CATALOG, {})}
    compared = 0
    for row in assessment.break_even:
        if row.requests_per_month is None:
            continue
        compared += 1
        at = replace(task, requests_per_month=row.requests_per_month)
        name = row.against.split(": ", 1)[1]
        rival = next(one for one in options.values() if one.hosting == "api" and one.family != "cascade" and one.model.id in name.split())
        own, api = bill(options[row.option_id], at, 0.0), bill(rival, at, 0.0)
        assert own is not None
        assert api is not None
        difference = own.total(task.horizon_months) / api.total(task.horizon_months) - 1
        if row.jumps_at_replica is None:
            assert difference == pytest.approx(0, abs=1e-3)
        else:
            assert difference <= 1e-3
        below = replace(task, requests_per_month=row.requests_per_month * 0.98)
        cheaper, dearer = bill(rival, below, 0.0), bill(options[row.option_id], below, 0.0)
        assert cheaper is not None
        assert dearer is not None
        assert dearer.total(task.horizon_months) > cheaper.total(task.horizon_months)
    assert compared


def test_the_months_lie_between_the_best_and_the_worst_case() -> None:
    """Months at best ≤ months ≤ months at worst, where each is known; never at best means never."""
    for volume in (1e5, 1e6, 1e7, 1e8):
        assessment = assess(parse_profile(PROFILE.replace("20e6", str(volume)), "task.yaml", CATALOG), CATALOG)
        for row in assessment.break_even:
            if row.months is not None:
                assert row.months_at_best is not None
                assert row.months_at_best <= row.months
            if row.months_at_worst is not None:
                assert row.months is not None
                assert row.months <= row.months_at_worst


def test_a_missing_opponent_is_named() -> None:
    """A model that no API sells is held against no hosted twin, and the report says so."""
    task = task_of(ENCODER)
    from slmdecide.core.decide import considered, decide, survey  # noqa: PLC0415  (used here only)

    rows = paybacks(task, considered(survey(task, CATALOG), task, CATALOG), decide(task, CATALOG).baseline, None)
    same = [one for one in rows if one.option_id.startswith("bert-base") and one.against.startswith("the same model hosted")]
    assert [(one.months, one.why_never is not None) for one in same] == [(None, True)]
