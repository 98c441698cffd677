"""`assess` where the task has a floor: an option counts once it was held against it, and until then nothing is said of it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slmdecide.core.assess import assess
from slmdecide.core.lines import larger_sibling, line_of
from slmdecide.core.samples import examples_for_floor, examples_needed
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.profile import parse_profile
from slmdecide.records.assessment import AssessedOption, Assessment
from slmdecide.records.profile import TaskProfile
from slmdecide.records.profile_measured import MeasuredCascade, MeasuredModel
from slmdecide.report.document import to_document
from slmdecide.report.saved import read_saved
from slmdecide.report.text import text
from tests.strategies import profiles, with_input

CATALOG = load_catalog()
TASK = """\
name: triage
nature: classification
task: {labels: [alpha, beta, gamma]}
volume: {requests_per_month: 3M, input_tokens: 400, output_tokens: 5}
quality: {risk: medium, floor: 0.85}
candidates: [llama-3.1-8b, qwen3-4b, gpt-4o]
"""
ABOVE, BELOW, OPEN = 0.95, 0.75, 0.853
SMALL, LARGE = "qwen3-4b", "gpt-4o"
LAWS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def held(model: str, score: float, **other: Any) -> MeasuredModel:
    """A model that was held against a floor, to within two points."""
    low, high = max(0.0, score - 0.02), min(1.0, score + 0.02)
    return MeasuredModel(**{"against": "floor", "n": 900, "source": "probe.json", **other}, model=model, estimate=score, low=low, high=high)


def decided(*models: MeasuredModel, task: str = TASK, cascade: MeasuredCascade | None = None) -> Assessment:
    """The decision with these measurements."""
    return assess(replace(parse_profile(task, "task.yaml", CATALOG), measured=models, cascade=cascade), CATALOG)


def option(found: Assessment, model: str) -> AssessedOption:
    """The first prompted option of a model."""
    return next(one for one in found.options if (one.model, one.mode) == (model, "prompted"))


def steps(found: Assessment) -> list[str]:
    """What to do."""
    return [one.do for one in found.next_steps]


def said(found: Assessment) -> str:
    """Everything that the text report says, on one line."""
    return " ".join(text(found, full=True).split())


def test_nothing_measured() -> None:
    """Undecided, whatever is published: which models on how many examples for how much; nobody is good enough by definition."""
    found = decided()
    assert (found.verdict.family, found.verdict.option_id, found.verdict.p_good_enough) == ("undecided", None, None)
    assert {(one.quality.source, one.quality.p_good_enough) for one in found.options if one.feasible} == {("not_measured", None)}
    n = examples_for_floor(0.85, 2)
    for word in (f"Measuring {SMALL} and {LARGE} on about {n:,} examples would tell", "of API calls", "of labelling", "floor of 0.85"):
        assert word in found.verdict.summary
    assert steps(found)[1].startswith(f"Measure {SMALL} first")
    whole = said(found)
    assert "by definition" not in whole
    assert "yardstick" not in whole
    assert "not measured" in whole
    assert "published evidence is too thin" not in whole


def test_a_tolerance_beside_the_floor_plays_no_part() -> None:
    """The floor decides alone, and the report says so; the tolerance only sets how near to the floor is worth telling apart."""
    found = decided(held(SMALL, ABOVE), task=TASK.replace("floor: 0.85", "floor: 0.85, tolerance: 30"))
    assert found.verdict == replace(decided(held(SMALL, ABOVE)).verdict, reasons=found.verdict.reasons)
    assert any("the tolerance of 30 points under the large model plays no part" in one for one in found.verdict.reasons)
    assert "quality.tolerance" not in {one.input for one in found.flips}


@pytest.mark.parametrize(
    ("large", "family", "told"),
    [
        (ABOVE, "large", "shown to be good enough"),
        (BELOW, "undecided", "has to be measured"),
        (OPEN, "undecided", "more examples would settle"),
    ],
)
def test_the_large_model_measured_and_no_small_one(large: float, family: str, told: str) -> None:
    """Above the floor it is chosen, and small ones stay open, not rated against it; below or astride there is no answer yet."""
    found = decided(held(LARGE, large))
    assert (found.verdict.family, told in said(found)) == (family, True)
    assert option(found, SMALL).quality.p_good_enough is None
    assert any(one.startswith("Open: whether qwen3-4b, llama-3.1-8b would reach") for one in found.verdict.reasons)
    assert any(one.startswith(f"Measure {SMALL} first") for one in steps(found))
    assert not any(one.startswith(f"Measure {LARGE}") for one in steps(found))


def test_below_the_floor_with_a_larger_one_at_hand() -> None:
    """What is shown to miss the floor sends up the ladder, not down."""
    found = decided(held("llama-3.1-8b", BELOW))
    assert found.verdict.family == "undecided"
    assert f"Measuring {LARGE} on" in found.verdict.summary
    assert [one for one in steps(found) if one.startswith("Measure")] == [one for one in steps(found) if one.startswith(f"Measure {LARGE}")]


def test_a_small_model_above_the_floor_and_no_large_one() -> None:
    """It is chosen; what the large model would cost is told, and that no saving can be stated."""
    found = decided(held(SMALL, ABOVE))
    assert (found.verdict.option_id, found.saving_usd_per_month) == (f"{SMALL}:prompted:api", None)
    assert any(f"{LARGE} by API (OpenAI) would cost" in one and "no saving can be stated" in one for one in found.verdict.reasons)
    assert not any(one.startswith(("Measure", "Set aside", "Go on")) for one in steps(found))


def test_a_small_model_astride_of_the_floor() -> None:
    """How many more examples, for how much; and no sentence that it will do."""
    found = decided(held(SMALL, OPEN))
    assert found.verdict.family == "undecided"
    assert "more examples would settle it, for about" in found.verdict.summary
    assert found.next_steps[0].command is not None
    assert "--resume" in found.next_steps[0].command


def test_labels_that_are_there_are_not_bought_again() -> None:
    """The examples that one model was measured on serve for the next one."""
    needed = examples_for_floor(0.85, 2)
    first = decided(held(LARGE, ABOVE, n=needed - 100), task=TASK + "data: {cost_per_label_usd: 1}\n")
    assert any("and about $100 of labelling" in one for one in steps(first))
    all_there = decided(held(LARGE, BELOW, n=needed))
    assert not any(one.startswith("Set aside") or "of labelling" in one for one in steps(all_there))


def test_all_measured_and_none_reaches_it() -> None:
    """No answer is left, and nothing is left to measure."""
    found = decided(*(held(one, BELOW) for one in ("llama-3.1-8b", SMALL, LARGE)))
    assert found.verdict.family == "infeasible"
    assert "likely enough to reach the floor" in found.verdict.summary
    assert steps(found)[0].endswith("(quality.floor or quality.risk)")


def test_a_cascade_whose_members_were_not_measured() -> None:
    """One member alone says nothing of the two; both measured and not replayed is told."""
    task = TASK.replace("medium", "low")
    assert next(one for one in decided(held(LARGE, ABOVE), task=task).options if one.family == "cascade").quality.p_good_enough is None
    both = decided(held(LARGE, ABOVE), held(SMALL, 0.84), task=task)
    assert both.verdict.family == "cascade"
    assert any("the two together were not: replay them" in one for one in both.verdict.reasons)


def test_what_was_held_against_something_else_is_said_not_to_count() -> None:
    """A difference to the large model under a floor, a score without one."""
    no_floor = TASK.replace(", floor: 0.85", "")
    under = MeasuredModel(model=SMALL, against="large_model", n=900, estimate=0.0, low=-0.01, high=0.01, source="x")
    assert any(one.startswith(f"Not counted: what was measured of {SMALL}") for one in decided(under).verdict.reasons)
    without = decided(held(SMALL, ABOVE), task=no_floor)
    assert any("is against a floor, and the profile has none" in one for one in without.verdict.reasons)
    assert without.verdict.option_id == decided(task=no_floor).verdict.option_id


def test_the_flip_of_the_floor() -> None:
    """The floor at which the answer turns is told, and assessing there turns it."""
    models = (held(SMALL, ABOVE), held(LARGE, 0.97))
    found = decided(*models)
    flip = next(one for one in found.flips if one.input == "quality.floor")
    then = assess(
        with_input(replace(parse_profile(TASK, "t", CATALOG), measured=models), flip.input, flip.at),
        CATALOG,
    )
    assert then.verdict.family == flip.family != found.verdict.family


# The ladder goes up


LADDER = TASK.replace(", floor: 0.85", "").replace(
    "[llama-3.1-8b, qwen3-4b, gpt-4o]", "[qwen3-1.7b, qwen3-4b, qwen3-8b, gemma-3-12b, gpt-4o]"
)


@pytest.mark.parametrize("risk", ["low", "medium", "high"])
def test_a_larger_one_that_was_not_enough_sends_up(risk: str) -> None:
    """After 8B of a line was shown to be too far behind, no smaller one of it is likely, chosen or to be measured."""
    bad = MeasuredModel(model="qwen3-8b", against="large_model", n=900, estimate=-0.2, low=-0.22, high=-0.18, source="probe.json")
    task = LADDER.replace("medium", risk)
    found = decided(bad, task=task)
    for smaller in ("qwen3-1.7b", "qwen3-4b"):
        quality = option(found, smaller).quality
        assert (quality.source, quality.p_good_enough) == ("larger_sibling", pytest.approx(0.001))
        assert quality.explanation.startswith("qwen3-8b, a larger model of its line, was measured on 900 examples")
    assert option(found, "gemma-3-12b").quality == option(decided(task=task), "gemma-3-12b").quality
    assert not any("qwen3-4b" in one or "qwen3-1.7b" in one for one in steps(found) if not one.startswith("Label"))
    assert not any(one.startswith("Measure qwen3-8b") for one in steps(found))
    floor = decided(held("qwen3-8b", BELOW), task=task.replace(f"risk: {risk}", f"risk: {risk}, floor: 0.85"))
    assert option(floor, "qwen3-4b").quality.source == "larger_sibling"
    assert next(one for one in steps(floor) if one.startswith("Measure")).startswith("Measure gemma-3-12b first")


def test_fine_tuned_and_open_ones_are_not_held_down() -> None:
    """A prompted model says nothing of a fine-tuned one, and one that is still open nothing of any."""
    bad = MeasuredModel(model="qwen3-8b", against="large_model", n=900, estimate=-0.2, low=-0.22, high=-0.18, source="probe.json")
    tuned = next(one for one in decided(bad, task=LADDER).options if one.model == "qwen3-4b" and one.mode == "fine_tuned")
    assert tuned.quality.source == "reference_class"
    astride = replace(bad, estimate=-0.03, low=-0.06, high=0.0)
    assert option(decided(astride, task=LADDER), "qwen3-4b").quality.source == "reference_class"


def test_lines_of_models() -> None:
    """What is left of a name without its sizes; larger in every respect, so a sparse model is not larger than a dense one."""
    lines = {
        "qwen3-4b": "qwen3",
        "gpt-5.4-nano": "gpt-5.4",
        "claude-haiku-4-5": "claude-4-5",
        "mixtral-8x7b": "mixtral",
        "phi-4-mini": "phi-4",
    }
    assert {one: line_of(one) for one in lines} == lines
    models = CATALOG.models
    assert larger_sibling(models["qwen3-8b"], models["qwen3-4b"])
    assert larger_sibling(models["gpt-5-mini"], models["gpt-5-nano"])
    for one, other in (("qwen3-4b", "qwen3-8b"), ("qwen3-30b-a3b", "qwen3-4b"), ("qwen2.5-7b", "qwen3-4b"), ("gpt-4o", "gpt-4o")):
        assert not larger_sibling(models[one], models[other])


# Laws


@st.composite
def with_floor(draw: st.DrawFn) -> TaskProfile:
    """A random profile with a floor, with or without a tolerance, and up to four models that were held against it."""
    profile = draw(profiles())
    floor = draw(st.sampled_from([0.0, 0.5, 0.85, 0.99, 1.0]))
    names = draw(st.lists(st.sampled_from(sorted(CATALOG.models)), max_size=4, unique=True))
    scores = [draw(st.floats(0.02, 1.0).map(lambda one: round(one, 3))) for _ in names]
    models = tuple(held(name, score, n=draw(st.integers(1, 5000))) for name, score in zip(names, scores, strict=True))
    return replace(profile, quality=replace(profile.quality, floor=floor), measured=(*profile.measured, *models))


@LAWS
@given(with_floor())
def test_a_choice_with_a_floor_was_measured(profile: TaskProfile) -> None:
    """No option is likely that nobody measured; a chosen one was, or both members of it; and its report renders, saved too."""
    found = assess(profile, CATALOG)
    asked = {(one.model, one.mode) for one in profile.measured if one.against == "floor"}
    for one in found.options:
        if one.quality.p_good_enough is not None and one.quality.source != "larger_sibling":
            names = one.model.split(">")
            assert one.family == "cascade" or (names[0], one.mode) in asked
            assert len(names) == 1 or (names[1], "prompted") in asked or one.quality.p_good_enough < 0.5
    sources = {one.quality.source for one in found.options}
    assert not sources & {"yardstick", "reference_class", "published_large_models"}
    assert "by definition" not in said(found)
    saved = read_saved(json.loads(json.dumps(to_document(found))), "saved")
    assert saved is not None


@LAWS
@given(with_floor())
def test_no_step_measures_what_is_settled(profile: TaskProfile) -> None:
    """A step names a model to be measured only where it was not, or is still open."""
    floor = profile.quality.floor
    assert floor is not None
    done = {one.model for one in profile.measured if one.against == "floor" and one.mode == "prompted" and not one.low < floor <= one.high}
    for step in assess(profile, CATALOG).next_steps:
        for model in done:
            assert not step.do.startswith((f"Measure {model} ", f"Go on measuring {model}:"))


@LAWS
@given(with_floor(), st.sampled_from([0.0, 1.0, 5.0, 50.0]))
def test_a_tolerance_never_turns_a_floor(profile: TaskProfile, tolerance: float) -> None:
    """Whatever it is, likelihoods are the same."""
    other = replace(profile, quality=replace(profile.quality, tolerance=tolerance))
    one, two = (assess(each, CATALOG, with_flips=False) for each in (profile, other))
    assert {each.id: each.quality.p_good_enough for each in one.options if each.family != "cascade"} == {
        each.id: each.quality.p_good_enough for each in two.options if each.family != "cascade"
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(with_floor())
def test_flips_with_a_floor_come_true(profile: TaskProfile) -> None:
    """Writing the value of a flip into the profile gives the family that it names."""
    now = assess(profile, CATALOG)
    for flip in now.flips:
        if flip.kind == "verdict":
            then = assess(with_input(profile, flip.input, flip.at), CATALOG, with_flips=False)
            assert (flip.input, flip.at, then.verdict.family) == (flip.input, flip.at, flip.family)
            assert then.verdict.family != now.verdict.family


@pytest.mark.parametrize("floor", [0.0, 0.02, 0.5, 0.85, 1.0])
def test_examples_for_a_floor(floor: float) -> None:
    """A whole number, more for a smaller distance, most in the middle; a score of all or nothing is no division by zero."""
    wide, narrow = examples_for_floor(floor, 5), examples_for_floor(floor, 1)
    assert 0 < wide < narrow <= examples_for_floor(0.5, 1)
    assert asdict(held(SMALL, 0.5))["n"] == 900
    assert examples_needed(2) == 2700
