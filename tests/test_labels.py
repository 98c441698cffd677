"""The labels curve: its data, its laws, that its constants are the fit's, and what it does to a decision."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdecide.core import labels as curve
from slmdecide.core.assess import assess
from slmdecide.core.resolve import resolve
from slmdecide.core.samples import examples_needed
from slmdecide.errors import DataError
from slmdecide.numbers import count, percent
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.labels_curve import LABELS_CURVE, load_labels_curves, parse_labels_curves
from slmdecide.readers.profile import parse_profile
from slmdecide.records.assessment import Assessment
from slmdecide.records.profile import TaskProfile, Traits
from slmdecide.records.task import Task

ROOT = Path(__file__).parents[1]
CATALOG = load_catalog()
CURVES = load_labels_curves()
HEADER = "id,source,table,date,dataset,classes,smallest_class_share,largest_class_share,model,tuned_before_on,labels,macro_f1\n"
ROW = "L1,a paper,Table 1,2024,a set,2,0.4,0.6,a model,,{labels},{score}\n"
GOOD = [ROW.format(labels=labels, score=0.5).replace("L1", f"L{labels}") for labels in (100, 200, 500)]

BASE = "name: x\nnature: classification\nvolume: {requests_per_month: 3M, input_tokens: 700, text_tokens: 250, output_tokens: 8}\n"

label_counts = st.integers(0, 100_000)
class_counts = st.integers(2, 500)


def profile(text: str = BASE, **changes: str) -> TaskProfile:
    """A profile of the text with sections appended."""
    return parse_profile(text + "".join(f"{key}: {value}\n" for key, value in changes.items()), "t", CATALOG)


def task_of(given_profile: TaskProfile) -> Task:
    """The resolved task."""
    return resolve(given_profile, CATALOG.natures[given_profile.nature])[0]


def reason_of(given_profile: TaskProfile) -> str:
    """Why labels_enough was assumed as it is."""
    made = resolve(given_profile, CATALOG.natures[given_profile.nature])[1]
    return next(one.reason for one in made if one.field == "data.labels_enough")


def vetoed(assessment: Assessment) -> set[str]:
    """Ids of options that are ruled out for want of labels."""
    return {one.id for one in assessment.options if any(veto.id == "too_few_labels" for veto in one.vetoes)}


# The data


def test_curves_are_those_of_two_studies() -> None:
    """Twelve data sets of plain encoders; eight of them once more, tuned on inference first."""
    assert [len({one.dataset for one in CURVES}), len(CURVES)] == [12, 20]
    assert sum(one.points[0].tuned_before_on is not None for one in CURVES) == 8


@pytest.mark.parametrize(("before", "labels", "mean"), [
    (None, 100, 0.377), (None, 500, 0.550), (None, 1000, 0.610),
    ("inference", 100, 0.486), ("inference", 500, 0.591), ("inference", 1000, 0.620),
])  # fmt: skip
def test_means_are_the_published_ones(before: str | None, labels: int, mean: float) -> None:
    """The authors print the mean over the eight sets of doi 10.1017/pan.2023.20 (annex/f1-macro-comparison.csv)."""
    scores = [
        point.macro_f1
        for one in CURVES
        for point in one.points
        if one.source.startswith("doi") and point.labels == labels and point.tuned_before_on == before
    ]
    assert len(scores) == 8
    assert sum(scores) / 8 == pytest.approx(mean, abs=0.003)


def test_shares_are_those_of_the_label_files() -> None:
    """Of arXiv 2406.08660: NYT 1,000 and 374, EU positions 292, 2,764 and 293."""
    shares = {one.dataset: (one.points[0].smallest_class_share, one.points[0].largest_class_share) for one in CURVES}
    assert shares["NYT economy sentiment"] == pytest.approx((374 / 1374, 1000 / 1374), abs=1e-4)
    assert shares["EU positions"] == pytest.approx((292 / 3349, 2764 / 3349), abs=1e-4)


def test_shortest_file_is_read() -> None:
    """One curve of three points."""
    (one,) = parse_labels_curves(HEADER + "".join(GOOD), "f.csv")
    assert [point.labels for point in one.points] == [100, 200, 500]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f.csv: is empty"),
        (HEADER.replace("macro_f1", "f1") + GOOD[0], "f.csv:1: unknown column 'f1'"),
        (HEADER.replace(",macro_f1", ""), ""),
        (HEADER + GOOD[0].replace(",0.5\n", ",n/a\n"), "f.csv:2: macro_f1: found 'n/a'"),
        (HEADER + GOOD[0].replace(",0.5\n", ",50\n"), "f.csv:2: macro_f1: found '50'"),
        (HEADER + GOOD[0].replace(",0.5\n", ",nan\n"), "f.csv:2: macro_f1: found 'nan'"),
        (HEADER + GOOD[0].replace("a paper", ""), "f.csv:2: source: found 'nothing'"),
        (HEADER + GOOD[0].replace("2024", "June 2024"), "f.csv: L100: date: found 'June 2024'"),
        (HEADER + GOOD[0].replace(",2,0.4", ",1,0.4"), "f.csv:2: classes: found '1'"),
        (HEADER + GOOD[0].replace(",2,0.4", ",3,0.4"), "f.csv: L100: smallest_class_share: found 0.4; the rarest of 3 classes"),
        (HEADER + GOOD[0].replace("0.6", "0.4"), "f.csv: L100: largest_class_share: found 0.4; the commonest of 2 classes"),
        (HEADER + GOOD[0].replace("0.6", "0.7"), "f.csv: L100: largest_class_share: found 0.7; with the smallest share of 0.4"),
        (HEADER + GOOD[0] + GOOD[0], "f.csv: L100: this id is given twice"),
        (HEADER + GOOD[1] + GOOD[0], "f.csv: L100: labels: found 100; the points of a curve stand by rising number"),
        (HEADER + GOOD[0] + GOOD[1].replace("a paper", "another"), "f.csv: L200: source: found 'another'; the same curve had 'a paper'"),
        (HEADER + GOOD[0] + GOOD[1], "f.csv: L100: the curve of a model on a set has 2 points; at least 3"),
        (HEADER + GOOD[0].replace(",,", ","), "f.csv:2: has 11 cells; the header has 12"),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, message: str) -> None:
    """Each names file, row and what was found."""
    if not message:
        with pytest.raises(DataError):
            parse_labels_curves(text + GOOD[0].replace(",0.5\n", "\n"), "f.csv")
        return
    with pytest.raises(DataError) as caught:
        parse_labels_curves(text, "f.csv")
    assert message in caught.value.message


# The curve


def test_constants_are_those_of_the_fit() -> None:
    """The script that fits the curve finds what the module holds."""
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "fit_labels_curve.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 data sets from 2 sources" in done.stdout


def test_ends_of_the_curve_are_those_of_the_data() -> None:
    """Fewest labels, most classes and the furthest behind are read off the published curves."""
    plain = [one for one in CURVES if one.points[0].tuned_before_on is None]
    assert min(point.labels for one in plain for point in one.points) == curve.FEWEST_LABELS
    assert max(one.classes for one in plain) == curve.MOST_CLASSES
    furthest = max(100 * (one.points[-1].macro_f1 - point.macro_f1) for one in plain for point in one.points)
    assert round(furthest) == curve.MOST_POINTS


@given(label_counts, label_counts, class_counts)
def test_more_labels_never_lower_the_quality(one: int, other: int, classes: int) -> None:
    """Nor either end of its band."""
    fewer, more = (curve.shortfall(labels, classes) for labels in sorted((one, other)))
    assert (more.low, more.typical, more.high) <= (fewer.low, fewer.typical, fewer.high)
    assert more.typical <= fewer.typical
    assert more.high <= fewer.high


@given(label_counts, class_counts, class_counts)
def test_more_classes_want_more_labels(labels: int, one: int, other: int) -> None:
    """More to start with, more until enough, and further behind with as many."""
    few, many = sorted((one, other))
    assert curve.enough(few) <= curve.enough(many)
    assert curve.to_start(few) <= curve.to_start(many)
    assert curve.loss(labels, few) <= curve.loss(labels, many)


@given(label_counts, class_counts)
def test_band_encloses_what_is_typical(labels: int, classes: int) -> None:
    """Low, typical, high; all 0 from enough on, none beyond what was ever seen."""
    found = curve.shortfall(labels, classes)
    assert 0 <= found.low <= found.typical <= found.high <= curve.MOST_POINTS
    assert (found.typical == 0) == (labels >= found.enough)


@given(class_counts)
def test_enough_is_where_as_many_again_add_little(classes: int) -> None:
    """Doubling adds at most the gain from there on, and more well before."""
    enough = curve.enough(classes)
    assert curve.loss(enough, classes) - curve.loss(2 * enough, classes) <= curve.GAIN
    assert curve.loss(0.9 * enough, classes) - curve.loss(1.8 * enough, classes) > curve.GAIN


@given(st.floats(0, 60), class_counts, st.none() | st.integers(1, 50_000))
@settings(max_examples=300)
def test_named_number_is_the_first_that_is_within(allowed: float, classes: int, of: int | None) -> None:
    """With so many labels it is within the points that were asked for, with one fewer it is not."""
    least = curve.labels_within(allowed, classes, of)
    assert curve.shortfall(least, classes, of).typical <= allowed
    if least > curve.FEWEST_LABELS:
        assert curve.shortfall(least - 1, classes, of).typical > allowed


@given(st.integers(0, 10_000), class_counts, st.none() | st.integers(1, 50_000))
def test_more_labels_close_most_of_what_is_missing(labels: int, classes: int, of: int | None) -> None:
    """Two thirds at least, and never more labels than are enough."""
    now = curve.shortfall(labels, classes, of)
    more = curve.closing_most(now)
    assert (more > 0) == (now.typical > 0)
    assert labels + more <= max(now.enough, labels)
    then = curve.shortfall(labels + more, classes, of)
    assert then.typical <= now.typical / 3 + 1e-9


def test_the_sentence_says_points_band_and_what_more_would_close() -> None:
    """The answer for 120 labels of two classes."""
    found = curve.shortfall(120, 2)
    assert curve.told_with_more(found) == (
        "with 120 labels a fine-tuned model is likely 21 points of macro F1 (8.4 to 42) short of what 1,600 give; 300 more close 14 of them"
    )


def test_beyond_the_data_it_says_at_least() -> None:
    """Fewer labels or more classes than were measured."""
    assert curve.shortfall(20, 2).typical == curve.shortfall(50, 2).typical
    assert "likely at least" in curve.told(curve.shortfall(20, 2))
    assert curve.shortfall(500, 77).typical == curve.shortfall(500, 22).typical
    assert "likely at least" in curve.told(curve.shortfall(500, 77))
    assert "at least" not in curve.told(curve.shortfall(500, 22))


# What it does to a task


@pytest.mark.parametrize(("classes", "start", "enough"), [(2, 200, 1600), (3, 240, 1800), (12, 380, 3000), (22, 480, 3700)])
def test_labels_follow_from_the_number_of_classes(classes: int, start: int, enough: int) -> None:
    """For text that gets one of a closed set of labels."""
    task = task_of(profile(task=f"{{n_labels: {classes}}}"))
    assert (task.labels_to_specialize, task.labels_enough) == (start, enough)


def test_listed_labels_count_as_classes() -> None:
    """Twelve that are listed want what twelve that are counted want."""
    listed = task_of(profile(task=f"{{labels: {[f'l{i}' for i in range(12)]}}}"))
    assert listed.labels_enough == curve.enough(12)


def test_an_unstated_number_of_classes_is_told() -> None:
    """The assumption names the number and the field that corrects it."""
    found = profile()
    assert task_of(found).labels_enough == curve.enough(curve.CLASSES_UNSTATED)
    assert "3 classes" in reason_of(found)
    assert "task.n_labels" in reason_of(found)


def test_more_classes_than_measured_are_told() -> None:
    """Seventy-seven intents are not extrapolated: at least what 22 want."""
    found = profile(task="{n_labels: 77}")
    assert task_of(found).labels_enough == curve.enough(22)
    assert "22 classes, so at least so many for 77" in reason_of(found)


def test_each_class_wants_a_label() -> None:
    """Ten thousand classes are not started with the 480 labels of 22."""
    task = task_of(profile(task="{n_labels: 10000}"))
    assert (task.labels_to_specialize, task.labels_enough) == (10_000, 10_000)


def test_an_open_nature_with_a_closed_set_of_labels_is_a_classification() -> None:
    """What is asked for counts, not the name: two labels of one text start with 200."""
    task = task_of(profile(BASE.replace("classification", "other"), task="{labels: [a, b], output: label}"))
    assert (task.labels_to_specialize, task.labels_enough) == (200, 1600)


@pytest.mark.parametrize(
    ("nature", "task", "why"),
    [
        ("extraction", "{}", "no published curve is of answers that are spans"),
        ("summarization", "{}", "no published curve is of answers that are long texts"),
        ("reranking", "{}", "no published curve is of answers that are numbers"),
        ("code_generation", "{}", "no published curve is of answers that are code"),
        ("moderation", "{modality: audio}", "no published curve is of audio"),
        ("moderation", "{modality: image}", "no published curve is of images"),
        ("entity_matching", "{}", "no published curve is of answers from several documents"),
    ],
)
def test_other_kinds_of_answer_keep_the_rule_of_thumb(nature: str, task: str, why: str) -> None:
    """The curve is refused, and the assumption says why."""
    found = profile(BASE.replace("classification", nature), task=task)
    rule = CATALOG.natures[nature]
    assert (task_of(found).labels_to_specialize, task_of(found).labels_enough) == (rule.labels_to_specialize, rule.labels_enough)
    assert why in reason_of(found)
    assert curve.missing(task_of(found), 120) is None


def test_the_profiles_own_number_wins() -> None:
    """It replaces the curve's, and fine-tuning never wants more than is enough."""
    task = task_of(profile(task="{n_labels: 12}", data="{labels_enough: 900}"))
    assert (task.labels_to_specialize, task.labels_enough) == (380, 900)
    few = task_of(profile(task="{n_labels: 12}", data="{labels_enough: 100}"))
    assert (few.labels_to_specialize, few.labels_enough) == (100, 100)
    assert task_of(profile(BASE.replace("classification", "extraction"), data="{labels_enough: 4k}")).labels_enough == 4000


@pytest.mark.parametrize("classes", [2, 3, 12, 22, 450])
def test_veto_lifts_at_the_number_it_names(classes: int) -> None:
    """One label fewer is too few, so many are not."""
    found = profile(task=f"{{n_labels: {classes}}}", data="{labelled_examples: 60}")
    ruled_out = vetoed(assess(found, CATALOG))
    assert ruled_out
    named = {veto.lifted_by for one in assess(found, CATALOG).options for veto in one.vetoes if veto.id == "too_few_labels"}
    (lifted_by,) = named
    number = int(lifted_by.removeprefix("data.labelled_examples: "))
    at, before = (
        vetoed(assess(replace(found, data=replace(found.data, labelled_examples=count)), CATALOG)) for count in (number, number - 1)
    )
    assert not at
    assert before == ruled_out


def test_veto_says_how_far_the_labels_are_short() -> None:
    """With the number of classes, the points and the claim."""
    found = assess(profile(task="{n_labels: 12}", data="{labelled_examples: 120}"), CATALOG)
    (reason,) = {veto.reason for one in found.options for veto in one.vetoes if veto.id == "too_few_labels"}
    assert reason == (
        "120 labelled examples can be had; 12 classes want 380: with 120 labels a fine-tuned model is likely 33 points of macro F1 "
        "(13 to 48) short of what 3,000 give (see labels-curve-fit)"
    )


def test_veto_without_a_curve_names_the_rule_only() -> None:
    """Extraction: no points are made up."""
    found = assess(profile(BASE.replace("classification", "extraction"), data="{labelled_examples: 120}"), CATALOG)
    (reason,) = {veto.reason for one in found.options for veto in one.vetoes if veto.id == "too_few_labels"}
    assert reason == "120 labelled examples can be had; extraction wants 500"


def test_stages_with_other_classes_have_their_own_reason() -> None:
    """Two steps that differ in their labels only are not told the same."""
    step = "\n  - {{name: s{0}, nature: {1}, task: {{n_labels: {0}}}, volume: {2}, data: {{labelled_examples: 60, labels_enough: 4k}}}}"
    volume = "{input_tokens: 300, text_tokens: 100, output_tokens: 5}"
    stages = "".join(step.format(n, nature, volume) for n, nature in ((2, "classification"), (8, "classification"), (9, "routing")))
    found = assess(profile(stages=stages), CATALOG)
    reasons = [{veto.reason for one in stage.options for veto in one.vetoes if veto.id == "too_few_labels"} for stage in found.stages]
    assert ["2 classes want" in each for (each,) in reasons] == [True, False, False]
    assert ["9 classes want" in each for (each,) in reasons] == [False, False, True]


def test_choice_of_a_tuned_model_says_how_far_its_labels_are_short() -> None:
    """A reason with points and band, and a step that says what more labels cost and close."""
    found = assess(profile(task="{n_labels: 12}", data="{labelled_examples: 500, cost_per_label_usd: 0.4}", quality="{risk: low}"), CATALOG)
    assert found.verdict.family == "fine_tuned_small"
    (reason,) = [one for one in found.verdict.reasons if one.startswith("Labels: ")]
    assert "with 500 labels a fine-tuned model is likely 11 points of macro F1 (4.4 to 22) short of what 3,000 give" in reason
    (step,) = [one for one in found.next_steps if one.do.startswith("Label ")]
    assert step.do == "Label 820 more examples, about $328 that is not in the bill"
    assert "820 more close 7.4 of them" in step.why
    assert "labels-curve-fit" in step.evidence


def test_nothing_is_said_where_labels_are_enough() -> None:
    """No reason, no step."""
    found = assess(profile(task="{n_labels: 12}", data="{labelled_examples: 3000}", quality="{risk: low}"), CATALOG)
    assert found.verdict.family == "fine_tuned_small"
    assert not [one for one in found.verdict.reasons if one.startswith("Labels: ")]
    assert not [one for one in found.next_steps if one.do.startswith("Label ")]


def test_a_chosen_model_without_a_curve_is_told_so() -> None:
    """Extraction with fewer examples than the rule of thumb."""
    text = BASE.replace("classification", "extraction").replace("output_tokens: 8", "output_tokens: 80")
    found = assess(profile(text, data="{labelled_examples: 600}", quality="{tolerance: 2, risk: low}"), CATALOG)
    assert found.verdict.family == "fine_tuned_small"
    (reason,) = [one for one in found.verdict.reasons if one.startswith("Labels: ")]
    assert reason == (
        "Labels: no published curve is of answers that are spans, so how far 600 are short of the 1,000 that are wanted is not known."
    )


def test_labels_that_cannot_be_had_are_not_asked_for() -> None:
    """A profile that says that none can be labelled gets the reason, not the step."""
    found = assess(profile(task="{n_labels: 12}", data="{labelled_examples: 500, obtainable_examples: 0}", quality="{risk: low}"), CATALOG)
    assert [one for one in found.verdict.reasons if one.startswith("Labels: ")]
    assert not [one for one in found.next_steps if one.do.startswith("Label ")]


def test_labels_are_told_at_a_half_of_a_point_only() -> None:
    """A label fewer than enough is not worth a sentence."""
    task = task_of(replace(profile(), task=Traits(n_labels=2)))
    assert curve.missing(task, task.labels_enough - 1) is None
    assert curve.missing(task, task.labels_enough // 2) is not None


# Measuring a small model that is likely, but not likely enough


LEVELS = {"low": 0.6, "medium": 0.75, "high": 0.9}


def measured(tolerance: int, risk: str, nature: str) -> tuple[Assessment, list[str], list[float]]:
    """The decision for a task without labels, its probe steps, and the likelihoods of small models that break nothing."""
    text = BASE.replace("classification", nature).replace("output_tokens: 8", "output_tokens: 60")
    quality = f"{{tolerance: {tolerance}, risk: {risk}}}"
    found = assess(profile(text, quality=quality, data="{labelled_examples: 0, obtainable_examples: 0}"), CATALOG)
    steps = [f"{one.do} {one.why}" for one in found.next_steps if one.command == "slmdecide probe FILE --examples EXAMPLES"]
    small = [one.quality.p_good_enough or 0.0 for one in found.options if one.feasible and one.family == "small"]
    return found, steps, small


CASES = [
    (tolerance, risk, nature) for tolerance in (2, 5, 10) for risk in LEVELS for nature in ("rewriting", "summarization", "translation")
]


def test_a_likely_small_model_is_measured_first() -> None:
    """A large model is chosen, a small one is likely, but less than is asked for: probe it, on as many examples as the tolerance wants."""
    seen = 0
    for tolerance, risk, nature in CASES:
        found, steps, small = measured(tolerance, risk, nature)
        likely = [p for p in small if p >= 0.5]
        if found.verdict.family != "large" or any(p >= LEVELS[risk] for p in small) or not likely:
            continue
        seen += 1
        (step,) = steps
        assert f"it is {percent(max(likely))} likely to do, {risk} risk asks for {percent(LEVELS[risk])}" in step
        assert f"on about {count(examples_needed(tolerance))} labelled examples" in step
        assert f"to within {tolerance} points" in step
        assert len([one for one in found.next_steps if one.do.startswith("Measure ")]) == 1
    assert seen


def test_an_unlikely_small_model_is_not() -> None:
    """Under one half there is no such step, nor where a small model is chosen."""
    for case in CASES:
        found, steps, small = measured(*case)
        assert not steps or (found.verdict.family == "large" and max(small) >= 0.5)


def test_file_is_shipped_where_the_reader_looks() -> None:
    """Beside the other evidence."""
    assert LABELS_CURVE.parent.name == "evidence"
    assert b"\r" not in LABELS_CURVE.read_bytes()
