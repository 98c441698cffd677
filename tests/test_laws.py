"""Laws that hold for every profile: flips come true, stricter never opens, more never repels, weights only count by ratio."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slmdecide.core.assess import assess
from slmdecide.core.costs import bill, shown_lines
from slmdecide.core.decide import considered, survey
from slmdecide.core.resolve import resolve
from slmdecide.records.assessment import Assessment
from slmdecide.records.profile import TaskProfile
from slmdecide.records.task import Task
from tests.strategies import CATALOG, pipelines, profiles, with_input

EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
LEAVES = ["anywhere", "own_cloud", "nowhere"]


def task_of(profile: TaskProfile) -> Task:
    """The resolved task."""
    return resolve(profile, CATALOG.natures[profile.nature])[0]


def families(assessment: Assessment) -> dict[str, str]:
    """The verdict's family by stage; under "" for a task without stages."""
    if assessment.stages:
        return {stage.name: stage.verdict.family for stage in assessment.stages}
    return {"": assessment.verdict.family}


@EXAMPLES
@given(profiles())
def test_every_flip_comes_true(profile: TaskProfile) -> None:
    """Writing the flip's value into the profile gives the family that the flip names, which is another one than now."""
    now = assess(profile, CATALOG)
    for flip in now.flips:
        if flip.kind == "verdict":
            then = assess(with_input(profile, flip.input, flip.at), CATALOG)
            assert (flip.input, flip.at, flip.family) == (flip.input, flip.at, then.verdict.family)
            assert then.verdict.family != now.verdict.family


@FEW
@given(pipelines())
def test_every_flip_of_a_pipeline_comes_true(profile: TaskProfile) -> None:
    """The stage that the flip names has the family that it names."""
    now = families(assess(profile, CATALOG))
    for flip in assess(profile, CATALOG).flips:
        if flip.kind == "verdict":
            then = families(assess(with_input(profile, flip.input, flip.at), CATALOG))
            stage, _, family = flip.family.rpartition(": ")
            assert (flip.input, then[stage]) == (flip.input, family)
            assert now[stage] != family


@EXAMPLES
@given(profiles())
def test_a_weight_flip_turns_the_score(profile: TaskProfile) -> None:
    """At the named weight the score is zero, and beyond it has the other sign."""
    now = assess(profile, CATALOG)
    for flip in now.flips:
        if flip.kind == "score":
            assert isinstance(flip.at, float)
            then = assess(with_input(profile, flip.input, flip.at), CATALOG)
            assert then.score == pytest.approx(0, abs=1e-9)


@EXAMPLES
@given(profiles(), st.sampled_from(LEAVES[1:]))
def test_data_that_may_not_leave_vetoes_every_api(profile: TaskProfile, may_leave: str) -> None:
    """Whatever the rest says, no option that calls an API is feasible."""
    profile = replace(profile, privacy=replace(profile.privacy, may_leave=may_leave))
    found = assess(profile, CATALOG)
    for option in found.options:
        if option.hosting == "api" or (">" in option.model and ":api" in option.id):
            assert not option.feasible
            assert "data_may_not_leave" in {veto.id for veto in option.vetoes}


@EXAMPLES
@given(profiles(), st.integers(0, 1))
def test_stricter_privacy_never_opens_an_option(profile: TaskProfile, position: int) -> None:
    """What is infeasible stays so when the data may leave less."""
    looser, stricter = (
        {one.id: one.feasible for one in assess(replace(profile, privacy=replace(profile.privacy, may_leave=word)), CATALOG).options}
        for word in LEAVES[position : position + 2]
    )
    for name in looser.keys() & stricter.keys():
        if name.startswith("cascade:"):
            continue
        assert looser[name] or not stricter[name]


@EXAMPLES
@given(profiles(), st.integers(2, 50))
def test_more_volume_never_makes_owning_less_attractive(profile: TaskProfile, times: int) -> None:
    """At a multiple of the volume the API's bill grows by that multiple, the owner's by at most that: savings only grow.

    Between multiples whole replicas make steps; the law is the one that whole machines can keep.
    """
    task = replace(task_of(profile), uncertainty_share=0.0)
    more = replace(task, requests_per_month=task.requests_per_month * times)
    for one in considered(survey(task, CATALOG), task, CATALOG):
        if one.option.hosting != "owned_gpu" or one.option.large is not None:
            continue
        now, then = bill(one.option, task, 0.0), bill(one.option, more, 0.0)
        if now is not None and then is not None:
            assert then.total(task.horizon_months) <= times * now.total(task.horizon_months) * (1 + 1e-9)


@EXAMPLES
@given(profiles(), st.integers(0, 20_000))
def test_more_labels_never_make_fine_tuning_less_attractive(profile: TaskProfile, more: int) -> None:
    """With more labelled examples a fine-tuned option keeps its feasibility and its likelihood, and costs no more."""
    task = task_of(profile)
    richer = replace(task, labelled_examples=task.labelled_examples + more)
    then = {one.option.id: one for one in considered(survey(richer, CATALOG), richer, CATALOG)}
    for one in considered(survey(task, CATALOG), task, CATALOG):
        if one.option.mode != "fine_tuned" or one.option.large is not None:
            continue
        other = then[one.option.id]
        assert one.vetoes or not other.vetoes
        assert other.quality.p_good_enough == one.quality.p_good_enough
        before, after = bill(one.option, task, one.shortfall), bill(other.option, richer, other.shortfall)
        if before is not None and after is not None:
            assert after.total(task.horizon_months) <= before.total(task.horizon_months) * (1 + 1e-12)


@EXAMPLES
@given(profiles(), st.sampled_from([0.1, 3.0, 1000.0]))
def test_rescaling_all_weights_changes_nothing(profile: TaskProfile, factor: float) -> None:
    """Only the ratios of the weights count."""
    weights = {one.id: one.weight for one in CATALOG.criteria}
    scaled = {name: weight * factor for name, weight in weights.items()}
    one, other = (assess(replace(profile, decision=replace(profile.decision, weights=each)), CATALOG) for each in (weights, scaled))
    assert one.verdict == other.verdict
    assert one.score == pytest.approx(other.score)


@EXAMPLES
@given(profiles(), st.floats(1.01, 100))
def test_cost_rises_with_volume(profile: TaskProfile, times: float) -> None:
    """No option is cheaper at a higher volume."""
    task = task_of(profile)
    more = replace(task, requests_per_month=task.requests_per_month * times)
    for one in considered(survey(task, CATALOG), task, CATALOG):
        now, then = bill(one.option, task, one.shortfall), bill(one.option, more, one.shortfall)
        assert (now is None) == (then is None)
        if now is not None and then is not None:
            assert then.total(task.horizon_months) >= now.total(task.horizon_months) * (1 - 1e-12)


@EXAMPLES
@given(profiles())
def test_lines_add_up_to_the_bill(profile: TaskProfile) -> None:
    """The lines of a report are the bill."""
    task = task_of(profile)
    for one in considered(survey(task, CATALOG), task, CATALOG):
        cost = bill(one.option, task, one.shortfall)
        lines = shown_lines(one.option, task, one.shortfall)
        if cost is None:
            assert lines == ()
            continue
        assert sum(line.usd for line in lines if line.once) == pytest.approx(cost.once)
        assert sum(line.usd for line in lines if not line.once) == pytest.approx(cost.monthly + cost.wrong)


@EXAMPLES
@given(profiles())
def test_bands_enclose_what_is_typical(profile: TaskProfile) -> None:
    """Low is at most typical, typical at most high, and an unknown cost says why."""
    for option in assess(profile, CATALOG).options:
        for band in (option.monthly_cost_usd, option.total_usd_per_month):
            if band is not None:
                assert band.low <= band.typical * (1 + 1e-12)
                assert band.typical <= band.high * (1 + 1e-12)
        assert (option.monthly_cost_usd is None) == (option.not_costed is not None)


@FEW
@given(profiles() | pipelines())
def test_same_input_same_bytes(profile: TaskProfile) -> None:
    """Assessing twice gives the same document."""
    one, other = (json.dumps(asdict(assess(profile, CATALOG))) for _ in range(2))
    assert one == other


@EXAMPLES
@given(profiles())
def test_the_choice_is_feasible_costed_and_likely_enough(profile: TaskProfile) -> None:
    """A chosen option breaks nothing, and every verdict without one says why."""
    found = assess(profile, CATALOG)
    chosen = [one for one in found.options if one.id == found.verdict.option_id]
    if found.verdict.family in ("infeasible", "undecided"):
        assert not chosen
        assert found.next_steps
    else:
        assert [(one.feasible, one.total_usd_per_month is not None) for one in chosen] == [(True, True)]
    assert found.evidence
