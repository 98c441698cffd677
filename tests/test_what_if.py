"""The numbers in a saved assessment give the bill that the assessment gives, at other volumes, prices, utilizations and labels too."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slmdecide.core.assess import assess
from slmdecide.core.cost_model import cost_inputs, cost_model
from slmdecide.core.costs import cost_band
from slmdecide.core.decide import Considered, considered, survey
from slmdecide.core.resolve import resolve
from slmdecide.money.what_if import AS_ASSESSED, Part, Settings, cheaper_from, cost_at, cost_together, too_few_labels
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.profile import parse_profile
from slmdecide.records.assessment import Assessment, Band
from slmdecide.records.cost_model import CostModel
from slmdecide.records.task import Task
from slmdecide.report.document import to_document, to_json
from tests.test_servings import PROFILE

CATALOG = load_catalog()
ROOT = Path(__file__).parents[1]
CASCADE = PROFILE + "quality: {risk: high, cost_of_wrong_answer_usd: 0.01}\ndata: {labelled_examples: 100, obtainable_examples: 900}\n"
volumes = st.floats(1e-2, 1e2)
prices = st.floats(0.0, 10.0)
utilizations = st.floats(0.01, 1.0)


@cache
def task_of(text: str) -> Task:
    """The task of a profile text."""
    profile = parse_profile(text, "task.yaml", CATALOG)
    return resolve(profile, CATALOG.natures[profile.nature])[0]


@cache
def options_of(text: str) -> tuple[Considered, ...]:
    """All its options."""
    task = task_of(text)
    return considered(survey(task, CATALOG), task, CATALOG)


@cache
def assessment_of(text: str) -> Assessment:
    """Its assessment."""
    return assess(parse_profile(text, "task.yaml", CATALOG), CATALOG)


def parts_of(text: str, *ids: str) -> list[Part]:
    """Options of a saved assessment by their ids, all of them if none is named."""
    one = assessment_of(text)
    assert one.cost_inputs is not None
    return [Part(each.cost_model, one.cost_inputs) for each in one.options if each.cost_model and (not ids or each.id in ids)]


def close(ours: Band, theirs: Band) -> bool:
    """Whether two bands are the same but for the last digits."""
    pairs = ((ours.low, theirs.low), (ours.typical, theirs.typical), (ours.high, theirs.high))
    return all(a == pytest.approx(b, rel=1e-9, abs=1e-9) for a, b in pairs)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.sampled_from([PROFILE, CASCADE]), volumes, prices, utilizations, st.integers(0, 20_000))
def test_the_bill_is_that_of_the_assessment(text: str, volume: float, price: float, utilization: float, labelled: int) -> None:
    """For every option: the same monthly band, total band and one-time cost as if the profile had said so."""
    task = task_of(text)
    factors = {one.option.model.id: price for one in options_of(text)} | {
        one.option.large.model.id: price for one in options_of(text) if one.option.large is not None
    }
    otherwise = replace(
        task,
        requests_per_month=task.requests_per_month * volume,
        price_factors=factors,
        utilization=utilization,
        labelled_examples=labelled,
    )
    at = Settings(volume_factor=volume, api_price_factor=price, utilization=utilization, labelled_examples=labelled)
    compared = 0
    for one in options_of(text):
        expected = cost_band(one.option, otherwise, one.shortfall)
        model = cost_model(one.option, task, one.shortfall)
        assert (model is None) == (expected is None)
        if model is None or expected is None:
            continue
        compared += 1
        found = cost_at(Part(model, cost_inputs(task)), at)
        assert close(found.monthly, expected[0])
        assert close(found.total, expected[1])
        assert found.once == pytest.approx(expected[2], rel=1e-9, abs=1e-9)
    assert compared > 5


@pytest.mark.parametrize("text", [PROFILE, CASCADE], ids=["plain", "cascade"])
def test_a_saved_assessment_holds_its_own_bills(text: str) -> None:
    """With nothing changed the numbers of each option give the costs that stand beside them; no cost, no numbers."""
    one = assessment_of(text)
    assert one.cost_inputs is not None
    for each in one.options:
        assert (each.cost_model is None) == (each.total_usd_per_month is None)
        if each.cost_model is None:
            continue
        found = cost_at(Part(each.cost_model, one.cost_inputs))
        assert each.monthly_cost_usd is not None
        assert each.total_usd_per_month is not None
        assert close(found.monthly, each.monthly_cost_usd)
        assert close(found.total, each.total_usd_per_month)
        assert found.once == pytest.approx(each.one_time_cost_usd)


def test_break_even_volumes_agree() -> None:
    """The volume from which an option is cheaper is the one that the assessment tells of owned GPUs."""
    one = assessment_of(PROFILE)
    assert one.cost_inputs is not None
    large = min(
        (each.total_usd_per_month.typical, each.id)
        for each in one.options
        if (each.family, each.hosting, each.quality.source) == ("large", "api", "yardstick") and each.total_usd_per_month is not None
    )
    compared = 0
    for row in one.break_even:
        if row.requests_per_month is None or not row.against.startswith("the cheapest large API"):
            continue
        factor = cheaper_from(parts_of(PROFILE, row.option_id), parts_of(PROFILE, large[1]))
        if factor is None:
            continue
        compared += 1
        assert factor * one.cost_inputs.requests_per_month == pytest.approx(row.requests_per_month, rel=1e-3)
    assert compared


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(volumes, prices, utilizations, st.floats(1.0, 10.0))
def test_more_costs_more(volume: float, price: float, utilization: float, more: float) -> None:
    """A bill never falls when volume or prices rise or when a replica may be used less; the band holds its typical value."""
    at = Settings(volume_factor=volume, api_price_factor=price, utilization=utilization)
    for part in parts_of(CASCADE):
        least = cost_at(part, at).total
        assert least.low <= least.typical <= least.high
        for changed in (
            at._replace(volume_factor=volume * more),
            at._replace(api_price_factor=price * more),
            at._replace(utilization=utilization / more),
        ):
            most = cost_at(part, changed).total
            assert most.typical >= least.typical * (1 - 1e-12)


def test_more_labels_at_hand_cost_less() -> None:
    """Labels that are there need not be bought, and from the number that fine-tuning takes it is considered."""
    tuned = [part for part in parts_of(CASCADE) if any(one.usd_per_label is not None for one in part.model.members)]
    assert tuned
    for part in tuned:
        bills = [cost_at(part, Settings(labelled_examples=labels)).once for labels in (1000, 2000, 5000, 100_000)]
        assert bills == sorted(bills, reverse=True)
        takes = part.inputs.labels_to_specialize - part.inputs.obtainable_examples
        assert not too_few_labels(part, Settings(labelled_examples=max(0, takes)))
        assert takes <= 0 or too_few_labels(part, Settings(labelled_examples=takes - 1))
    others = [part for part in parts_of(CASCADE) if all(one.usd_per_label is None for one in part.model.members)]
    assert not any(too_few_labels(part, Settings(labelled_examples=0)) for part in others)


def test_several_together_add_up() -> None:
    """The cost of several options is the sum of their costs; of none it is 0."""
    parts = parts_of(PROFILE)
    alone = [cost_at(one) for one in parts]
    both = cost_together(parts)
    assert both.total.typical == pytest.approx(sum(one.total.typical for one in alone))
    assert both.once == pytest.approx(sum(one.once for one in alone))
    assert cost_together([], AS_ASSESSED).total == Band(low=0.0, typical=0.0, high=0.0)


def test_what_never_gets_cheaper() -> None:
    """None where the others cost less at every volume that is looked at; the least volume where they never do."""
    parts = parts_of(PROFILE)
    dear = max(parts, key=lambda one: cost_at(one).total.typical)
    nothing = Band(low=0.0, typical=0.0, high=0.0)
    members = tuple(
        replace(one, usd_per_request=0.0, servings=(), usd_per_month=nothing, once_usd=nothing, usd_per_label=None)
        for one in dear.model.members
    )
    free = Part(CostModel(members=members, once_usd=nothing, wrong_usd_per_request=0.0), dear.inputs)
    assert cheaper_from([dear], [free]) is None
    assert cheaper_from([free], [dear]) == pytest.approx(0.01)


def test_the_example_in_the_document_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """docs/report.md shows how to bill a saved decision at ten times the volume."""
    (tmp_path / "decision.json").write_text(to_json(to_document(assessment_of(PROFILE))), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    example = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "report.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert example is not None
    exec(example[1], {})  # noqa: S102  (our own document)
    assert capsys.readouterr().out.startswith("Band(low=")
