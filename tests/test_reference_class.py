"""The published comparisons, the coefficients that are fitted on them, and what assess makes of both."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdecide.core.assess import assess
from slmdecide.core.decide import survey
from slmdecide.core.likeness import SHOWN, effective_n, likeness, nearest
from slmdecide.core.quality import YARDSTICK, QualityBook, seen, small_model
from slmdecide.core.reference import LEAST, MOST, STEPS, Kind, intercept, is_nearness, is_old_rival, kind_of_row, p_good_enough
from slmdecide.core.resolve import resolve
from slmdecide.errors import DataError
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.head_to_head import COLUMNS, HEAD_TO_HEAD, NATURES, WORDS, parse_head_to_head
from slmdecide.readers.metric_scale import points_per_unit
from slmdecide.readers.profile import load_profile
from slmdecide.readers.reference_class import REFERENCE_CLASS, load_reference_class
from slmdecide.report.document import from_document, to_document
from slmdecide.report.text import text as as_text
from tests.strategies import profiles

if TYPE_CHECKING:
    from slmdecide.records.profile import TaskProfile

ROOT = Path(__file__).parents[1]
CATALOG = load_catalog()
ROWS = CATALOG.head_to_head.rows
REFERENCE = CATALOG.reference
MANY = settings(max_examples=300, deadline=None, derandomize=True)
TRIAGE = ROOT / "profiles" / "catalogue" / "support-triage.yaml"

kinds = st.builds(
    Kind,
    mode=st.sampled_from(["prompted", "fine_tuned"]),
    nature=st.sampled_from([*NATURES, "something new"]),
    reasoning=st.sampled_from(WORDS["reasoning_depth"]),
    knowledge=st.sampled_from(WORDS["knowledge_breadth"]),
    output_form=st.sampled_from([*WORDS["output_form"], "picture"]),
    size_b=st.none() | st.floats(0.01, 1000),
    length=st.none() | st.floats(-2, 3),
    nearness_metric=st.booleans(),
    old_rival=st.booleans(),
)


def likely(kind: Kind, tolerance: float) -> float:
    """The likelihood by the shipped coefficients."""
    return p_good_enough(kind, tolerance, REFERENCE.tolerances, REFERENCE.coefficients)


@cache
def raw() -> list[dict[str, str]]:
    """The rows of the file as text."""
    with HEAD_TO_HEAD.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


# The data


def test_every_verified_row_is_read() -> None:
    """None is lost, and the file has the documented columns."""
    assert tuple(raw()[0]) == COLUMNS
    assert [row.id for row in ROWS] == [row["id"] for row in raw() if row["verified"] == "yes"]
    assert len({row["id"] for row in raw()}) == len(raw())


def test_features_are_there_and_written_as_documented() -> None:
    """Every row has all features, in the very words of the documentation."""
    for row in raw():
        for column, allowed in WORDS.items():
            assert row[column] in allowed, (row["id"], column)
        assert row["higher_is_better"] in ("true", "false")
        assert row["large_mode"] in ("zero_shot", "few_shot", "cot", "fine_tuned")
        for column in ("source", "year", "table_or_section", "task_name", "dataset", "domain", "metric", "small_params_b"):
            assert row[column].strip(), (row["id"], column)
        assert all(cell == cell.strip() for column, cell in row.items() if column != "note"), row["id"]


def test_numbers_are_in_range() -> None:
    """Sizes, years, lengths and scores are what they can be."""
    for row in ROWS:
        assert row.year is not None
        assert 2019 <= row.year <= 2030
        assert row.small_params_b is not None
        assert 0.01 <= row.small_params_b <= 14
        assert row.large_params_b is None or row.large_params_b > row.small_params_b
        assert row.input_tokens_typical is not None
        assert 5 <= row.input_tokens_typical <= 200_000
        assert row.n_labels is None or row.n_labels >= 2
        assert (row.n_train_examples is None) or row.small_mode == "fine_tuned"
        assert 0 <= row.small_score * row.points_per_unit <= 100.0001
        assert 0 <= row.large_score * row.points_per_unit <= 100.0001
        assert abs(row.shortfall_points) <= 100


def test_no_cell_is_given_twice() -> None:
    """Source, data set, models, mode, metric and number of training examples make a row."""
    assert [cell for cell, n in Counter(row.cell for row in ROWS).items() if n > 1] == []


def test_natures_are_those_of_the_profiles() -> None:
    """The reader's list is the evidence natures of profiles/natures.yaml."""
    assert sorted(NATURES) == sorted({one.evidence_nature for one in CATALOG.natures.values()})


def test_the_documentation_counts_the_rows() -> None:
    """SOURCES.md says how many rows and sources there are, all and verified."""
    text = (ROOT / "evidence" / "SOURCES.md").read_text(encoding="utf-8")
    every, verified = {row["source"] for row in raw()}, {row.source for row in ROWS}
    assert f"{len(raw())} rows from {len(every)} sources, {len(ROWS)} of them verified, from {len(verified)}" in text


GOOD = dict(zip(COLUMNS, next(csv.reader([HEAD_TO_HEAD.read_text(encoding="utf-8").splitlines()[1]])), strict=True))


def table(*changes: dict[str, str]) -> str:
    """A CSV text with one row for each, the good row changed."""
    lines = [",".join(COLUMNS)]
    for i, change in enumerate(changes):
        row = {**GOOD, "id": f"X{i}", "dataset": f"set {i}", **change}
        lines.append(",".join(f'"{row[column]}"' for column in COLUMNS))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"small_score": "n/a"}, "small_score: found 'n/a'; a number is expected"),
        ({"task_nature": "clasification"}, "did you mean 'classification'?"),
        ({"small_params_b": ""}, "small_params_b: is empty"),
        ({"large_mode": "zeroshot"}, "large_mode: found 'zeroshot'"),
        ({"metric": "perplexity"}, "metric: found 73 and 88.6; 'perplexity' has no upper bound"),
        ({"verified": "maybe"}, "verified: found 'maybe'; yes or no is expected"),
        ({"n_labels": "2.5"}, "n_labels: found '2.5'; a whole number is expected"),
        ({"input_tokens_typical": "-5"}, "a number above 0 is expected"),
    ],
)
def test_a_wrong_cell_of_our_own_file_is_an_error(change: dict[str, str], told: str) -> None:
    """With file, line and column."""
    with pytest.raises(DataError, match=r"f\.csv:3: ") as error:
        parse_head_to_head(table({}, change), "f.csv")
    assert told in str(error.value)


def test_a_comparison_given_twice_is_an_error() -> None:
    """Under two ids it is still one comparison; another number of training examples makes it another."""
    with pytest.raises(DataError, match=r"f\.csv:3: X1 compares the same two models on the same metric as X0"):
        parse_head_to_head(table({"dataset": "s"}, {"dataset": "s"}), "f.csv")
    assert len(parse_head_to_head(table({"dataset": "s"}, {"dataset": "s", "n_train_examples": "50"}), "f.csv")) == 2


# From scores to points


@pytest.mark.parametrize(
    ("metric", "small", "large", "points"),
    [
        ("accuracy", 0.91, 0.93, 100),
        ("accuracy", 91.0, 93.0, 1),
        ("accuracy", 0.0, 85.0, 1),
        ("accuracy", 0.0, 0.0, 100),
        ("accuracy", 1.0, 1.0, 100),
        ("accuracy", 1.0, 25.25, 1),  # 1 %, not all: as a share it would be nowhere near
        ("pass@1", 0.6, 12.2, 1),
        ("BLEU", 31.0, 31.2, 1),
        ("rating (1-5)", 3.0, 4.0, 25),
        ("helpfulness (1-4, mean)", 3.2, 3.4, 100 / 3),
        ("judge score /10", 7.0, 8.0, 10),
        ("MT-Bench", 7.0, 8.0, 100 / 9),
        ("Spearman", -0.2, 0.5, 100),
        ("MCC", -10.0, 60.0, 1),
        ("1-MAE style", 0.9, 0.8, 100),
        ("factual consistency %", 94.0, 97.0, 1),
        ("accuracy (5-shot)", 45.0, 60.0, 1),
    ],
)
def test_known_scales(metric: str, small: float, large: float, points: float) -> None:
    """Shares, percentages, stated ratings and correlations."""
    assert points_per_unit(metric, small, large, higher_is_better=True) == pytest.approx(points)


@pytest.mark.parametrize(
    ("metric", "small", "large", "told"),
    [
        ("accuracy", 0.9, 85.0, "a share beside a percentage"),
        ("accuracy %", 0.9, 0.95, "percentages, or shares?"),
        ("accuracy", 101.0, 90.0, "above 100"),
        ("Elo", 1200.0, 1300.0, "no upper bound"),
        ("arena score", 1050.0, 1100.0, "no upper bound"),
        ("accuracy", -3.0, 40.0, "negative"),
        ("BARTScore", -2.1, -2.4, "no upper bound"),
        ("perplexity", 8.0, 7.0, "no upper bound"),
        ("MAE", 0.2, 0.1, "no upper bound"),
        ("RMSE", 0.2, 0.1, "no upper bound"),
        ("human rating", 3.0, 4.0, "scale is not stated"),
        ("GPT-4 score", 7.5, 8.1, "may be a rating"),
        ("rating (1-5)", 6.0, 4.0, "outside the stated scale"),
    ],
)
def test_unknown_scales_are_refused(metric: str, small: float, large: float, told: str) -> None:
    """What would have to be guessed is not."""
    found = points_per_unit(metric, small, large, higher_is_better=True)
    assert isinstance(found, str)
    assert told in found


def test_lower_is_better_only_for_shares() -> None:
    """An error rate is one, an edit distance is not known to be."""
    assert points_per_unit("WER", 5.2, 4.1, higher_is_better=False) == 1
    assert points_per_unit("hallucination rate", 0.031, 0.022, higher_is_better=False) == 100
    assert isinstance(points_per_unit("edit distance", 12.0, 15.0, higher_is_better=False), str)
    assert isinstance(points_per_unit("perplexity", 8.0, 7.0, higher_is_better=False), str)


# The fit


def fitting() -> tuple[Any, Any, Any]:
    """The modules that fit, of the folder benchmarks/."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        fit, candidates, script = (import_module(name) for name in ("reference_fit", "reference_candidates", "reference_class"))
    finally:
        sys.path.pop(0)
    return fit, candidates, script


def test_coefficients_are_of_these_comparisons() -> None:
    """The file names the hash of the data, every source has a fit without it, and the page was written from the same."""
    digest = hashlib.sha256(HEAD_TO_HEAD.name.encode() + b"\x00" + HEAD_TO_HEAD.read_bytes()).hexdigest()
    assert digest == REFERENCE.data_sha256
    assert (REFERENCE.rows, REFERENCE.sources) == (len(ROWS), len({row.source for row in ROWS}))
    assert sorted(one.source for one in REFERENCE.held_out) == sorted({row.source for row in ROWS})
    page = (ROOT / "docs" / "reference-class.md").read_text(encoding="utf-8")
    assert digest in page
    assert "Generated by `python benchmarks/reference_class.py --write`" in page


def test_fitting_again_gives_the_same() -> None:
    """The shipped coefficients, and those without the largest source, come out of the data again."""
    fit, candidates, script = fitting()
    data = candidates.shipped_columns(ROWS).data(ROWS)
    again = script.coefficients(data, fit.fit(data, fit.Choice(REFERENCE.penalty, REFERENCE.source_weight)))
    document = json.loads(REFERENCE_CLASS.read_text(encoding="utf-8"))
    assert flat(again) == pytest.approx(flat(document["coefficients"]), abs=1e-4)
    (source, _), *_ = Counter(row.source for row in ROWS).most_common(1)
    (held_out,) = [one for one in document["held_out"] if one["source"] == source]
    others = data.rows(data.source != data.names.index(source))
    without = script.coefficients(others, fit.fit(others, fit.Choice(held_out["penalty"], held_out["source_weight"])))
    assert flat(without) == pytest.approx(flat(held_out["coefficients"]), abs=1e-4)


def flat(coefficients: dict[str, Any]) -> dict[str, float]:
    """The coefficients under one name each."""
    found = {}
    for name, value in coefficients.items():
        parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else [("", value)]
        found.update({f"{name}/{part}": one for part, one in parts})
    return found


def test_coefficients_have_the_signs_that_the_page_tells() -> None:
    """Tuning helps; reasoning, knowledge and length hurt; a larger prompted model, a lenient metric and an old rival help."""
    by = REFERENCE.coefficients
    assert by.mode > 1
    assert by.reasoning < 0
    assert by.knowledge < 0
    assert by.input_length < 0
    assert by.prompted_size > 0
    assert by.nearness_metric > 0
    assert by.old_rival > 0


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    """Falling intercepts and missing keys are told, not used."""
    document = json.loads(REFERENCE_CLASS.read_text(encoding="utf-8"))
    file = tmp_path / "reference_class.json"
    document["coefficients"]["intercepts"][0] = 9.0
    file.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(DataError, match="intercepts: one per tolerance"):
        load_reference_class(file)
    del document["tolerances"]
    file.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(DataError, match="tolerances"):
        load_reference_class(file)


# Laws


@MANY
@given(kinds, st.floats(0, 100), st.floats(0, 100))
def test_a_wider_tolerance_is_never_less_likely_to_be_met(kind: Kind, one: float, other: float) -> None:
    """Whatever the kind, by every fit."""
    low, high = sorted((one, other))
    assert likely(kind, low) <= likely(kind, high)
    for held_out in REFERENCE.held_out:
        assert intercept(low, REFERENCE.tolerances, held_out.coefficients) <= intercept(high, REFERENCE.tolerances, held_out.coefficients)


@MANY
@given(kinds, st.floats(0, 100))
def test_an_extreme_is_never_sure(kind: Kind, tolerance: float) -> None:
    """Neither likelihood nor interval reaches 0 or 1, and the likelihood lies in its interval."""
    found = small_model(CATALOG.head_to_head, REFERENCE, kind, tolerance)
    assert found.p_good_enough is not None
    assert found.low is not None
    assert found.high is not None
    assert LEAST <= found.p_good_enough <= MOST
    assert 0 < found.low <= found.p_good_enough <= found.high < 1


@pytest.mark.parametrize("mode", ["prompted", "fine_tuned"])
def test_tolerances_give_different_answers(mode: Any) -> None:
    """0, 2 and 5 points are three answers."""
    kind = Kind(mode, "classification", "none", "narrow", "label", None, None, nearness_metric=False, old_rival=False)
    zero, two, five = (likely(kind, tolerance) for tolerance in (0, 2, 5))
    assert zero + 0.02 < two < five - 0.02


@MANY
@given(kinds, st.floats(0.1, 100), st.floats(0.1, 100))
def test_a_larger_prompted_model_is_never_less_likely(kind: Kind, one: float, other: float) -> None:
    """And one of unknown size counts as one of 7e9 parameters."""
    low, high = sorted((one, other))
    assert likely(kind._replace(size_b=low), 2) <= likely(kind._replace(size_b=high), 2)
    assert likely(kind._replace(size_b=None), 2) == likely(kind._replace(size_b=7.0), 2)


def test_sizes_beyond_those_compared_add_nothing_more() -> None:
    """A prompted model of 0.1e9 parameters is as one of 1e9, one of 400e9 as one of 14e9."""
    kind = Kind("prompted", "rewriting", "none", "narrow", "short_text", 1.0, None, nearness_metric=False, old_rival=False)
    assert likely(kind._replace(size_b=0.1), 2) == likely(kind, 2)
    assert likely(kind._replace(size_b=400.0), 2) == likely(kind._replace(size_b=14.0), 2)


@pytest.mark.parametrize("mode", ["prompted", "fine_tuned"])
def test_without_a_similar_case_the_answer_is_the_base_rate_and_says_so(mode: Any) -> None:
    """The interval is wider than where many sources are of the kind."""
    new = Kind(mode, "something new", "high", "broad", "picture", None, None, nearness_metric=False, old_rival=False)
    found = small_model(CATALOG.head_to_head, REFERENCE, new, 2.0)
    assert (found.n, found.n_sources) == (0, 0)
    assert found.explanation.startswith("there is no published comparison of ")
    assert f"the base rate of all {len(ROWS)} comparisons" in found.explanation
    known = small_model(CATALOG.head_to_head, REFERENCE, new._replace(nature="classification", reasoning="low", knowledge="narrow"), 2.0)
    assert found.effective_n is not None
    assert known.effective_n is not None
    assert found.effective_n < known.effective_n / 2
    assert found.low is not None
    assert found.high is not None
    p = found.p_good_enough
    assert p is not None
    assert found.high - found.low > 0.25


def test_what_is_not_known_adds_nothing() -> None:
    """The average length and the usual size are as good as unknown ones."""
    kind = Kind("prompted", "other", "low", "domain", "label", None, None, nearness_metric=False, old_rival=False)
    assert likely(kind, 2) == likely(kind._replace(length=0.0, size_b=7.0), 2)


@pytest.mark.parametrize("metric", ["ROUGE-L", "spBLEU", "SSA-COMET", "edit sim", "1-MAE style", "chrF++"])
def test_metrics_of_nearness(metric: str) -> None:
    """Those that compare with a reference."""
    assert is_nearness(metric)


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "pass@1", "nDCG@10", "factual consistency %", "simple", "terse"])
def test_metrics_of_right_and_wrong(metric: str) -> None:
    """Those that count what is right."""
    assert not is_nearness(metric)


@pytest.mark.parametrize("model", ["ChatGPT", "gpt-3.5-turbo", "GPT-3.5-Turbo-16k", "text-davinci-003", "Claude Instant", "PaLM 2"])
def test_old_rivals(model: str) -> None:
    """The first ChatGPT's generation."""
    assert is_old_rival(model)


@pytest.mark.parametrize("model", ["GPT-4", "chatgpt-4o-latest", "Claude 3.5 Sonnet", "GPT-4o mini", "Gemini 3.1 Pro", "Palmyra-X5"])
def test_later_rivals(model: str) -> None:
    """No later one."""
    assert not is_old_rival(model)


# Likeness


@MANY
@given(kinds, kinds)
def test_likeness_is_symmetric_and_at_most_one(one: Kind, other: Kind) -> None:
    """A kind is most like itself."""
    assert likeness(one, other) == pytest.approx(likeness(other, one))
    assert 0 < likeness(one, other) <= likeness(one, one) == 1


@MANY
@given(kinds)
def test_effective_n_lies_between_the_sources_of_the_kind_and_all(kind: Kind) -> None:
    """Sources count, not rows: never more than there are of the mode."""
    sources = {row.source for row in ROWS if row.small_mode == kind.mode}
    alike = {row.source for row in ROWS if kind_of_row(row).likened == kind.likened}
    assert len(alike) <= effective_n(CATALOG.head_to_head, kind.likened) <= len(sources)


@MANY
@given(kinds)
def test_nearest_cases_are_of_the_mode_and_of_different_sources(kind: Kind) -> None:
    """Three comparisons with names, years and both scores."""
    found = nearest(CATALOG.head_to_head, kind)
    assert len({one.source for one in found}) == len(found) == SHOWN
    own = {(row.source, row.small_model, row.small_score) for row in ROWS if row.small_mode == kind.mode}
    assert all((one.source, one.small_model, one.small_score) in own for one in found)


def test_a_comparison_is_its_own_nearest() -> None:
    """Asked for the kind of a published row, a row of that very kind comes first."""
    for row in ROWS[::20]:
        kind = kind_of_row(row)
        first = nearest(CATALOG.head_to_head, kind)[0]
        (found, *_) = [
            one for one in ROWS if (one.source, one.small_score, one.large_score) == (first.source, first.small_score, first.large_score)
        ]
        assert kind_of_row(found).likened == kind.likened


def test_what_is_counted_is_counted() -> None:
    """n, sources and good ones of a kind are those of the file."""
    kind = Kind("fine_tuned", "classification", "none", "narrow", "label", None, None, nearness_metric=False, old_rival=False)
    rows = [r for r in ROWS if (r.small_mode, r.task_nature, r.reasoning_depth) == ("fine_tuned", "classification", "none")]
    found = seen(CATALOG.head_to_head, kind, 2.0)
    assert (found.n, found.n_sources) == (len(rows), len({r.source for r in rows}))
    assert found.n_good == sum(r.shortfall_points <= 2 for r in rows)


# In assess


def triage() -> TaskProfile:
    """A ready profile."""
    return load_profile(TRIAGE, CATALOG)


def test_each_small_option_has_its_own_estimate() -> None:
    """Size matters for prompted models, mode for all; each names effective n and nearest cases."""
    profile = replace(triage(), candidates=("llama-3.2-1b", "llama-3.1-8b", "gpt-6-sol"))
    options = {one.id: one for one in assess(profile, CATALOG).options}
    small, large = options["llama-3.2-1b:prompted:rented_gpu"].quality, options["llama-3.1-8b:prompted:rented_gpu"].quality
    tuned = options["llama-3.2-1b:fine_tuned:rented_gpu"].quality
    assert small.p_good_enough is not None
    assert large.p_good_enough is not None
    assert tuned.p_good_enough is not None
    assert small.p_good_enough < large.p_good_enough < tuned.p_good_enough
    for one in options.values():
        if one.family in ("small", "fine_tuned_small"):
            assert one.quality.source == "reference_class"
            assert len(one.quality.cases) == SHOWN
            assert one.quality.effective_n is not None
            assert set(one.quality.evidence) <= set(CATALOG.claims)
        else:
            assert one.quality.cases == ()


def test_a_cascade_starts_from_what_its_own_small_member_can_do() -> None:
    """Its likelihood is above that of the member, and rises with it."""
    task = resolve(triage(), CATALOG.natures["classification"])[0]
    book = QualityBook(task, CATALOG)
    one, eight, large = (CATALOG.models[name] for name in ("llama-3.2-1b", "llama-3.1-8b", "gpt-4o"))
    for model in (one, eight):
        alone, pair = book.small("prompted", model).p_good_enough, book.cascade("prompted", model, large, YARDSTICK).p_good_enough
        assert alone is not None
        assert pair is not None
        assert alone < pair < 1
    low, high = (book.cascade("prompted", model, large, YARDSTICK).p_good_enough for model in (one, eight))
    assert low is not None
    assert high is not None
    assert low < high


def test_the_report_names_the_nearest_comparisons() -> None:
    """By name, year, models and scores, under the reasons, as in the JSON."""
    found = assess(triage(), CATALOG)
    (chosen,) = [one for one in found.options if one.id == found.verdict.option_id]
    page = " ".join(as_text(found).split())
    assert "Nearest published comparisons:" in page
    for case in chosen.quality.cases:
        assert f"{case.name}, {case.year}: {case.small_model}" in page
    assert "sources of this very kind" in page


def test_an_assessment_of_before_still_loads() -> None:
    """Files without effective_n and cases are read; they are then unknown and empty."""
    document = to_document(assess(triage(), CATALOG))
    for option in document["options"]:
        del option["quality"]["effective_n"], option["quality"]["cases"]
    again = from_document(document)
    assert all(one.quality.effective_n is None and one.quality.cases == () for one in again.options)


def test_the_document_round_trips() -> None:
    """Cases and all."""
    found = assess(triage(), CATALOG)
    assert from_document(to_document(found)) == found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(profiles(), st.sampled_from([(0.0, 2.0), (2.0, 5.0), (5.0, 10.0)]))
def test_no_small_option_is_less_likely_at_a_wider_tolerance(profile: TaskProfile, pair: tuple[float, float]) -> None:
    """In a whole survey, for every model and mode."""
    tasks = (resolve(replace(profile, quality=replace(profile.quality, tolerance=one)), CATALOG.natures[profile.nature])[0] for one in pair)
    narrow, wide = (
        {one.option.id: one.quality.p_good_enough for one in survey(task, CATALOG).singles if one.quality.source == "reference_class"}
        for task in tasks
    )
    assert narrow.keys() == wide.keys()
    assert all((narrow[one] or 0) < (wide[one] or 0) or narrow[one] in (LEAST, MOST) for one in narrow)


def test_every_kind_of_word_has_a_step() -> None:
    """Reasoning and knowledge are numbers for all their words."""
    for word in product(WORDS["reasoning_depth"], WORDS["knowledge_breadth"]):
        assert set(word) <= set(STEPS)
