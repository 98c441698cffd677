"""`slmdecide backtest`: scores by hand, the targets on sources that were left out, and files of others, sound and damaged."""

from __future__ import annotations

import csv
import io
import json
from functools import cache
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdecide.core.backtest import LISTED, Rules, held_out
from slmdecide.core.reference import kind_of_row, p_good_enough
from slmdecide.core.scoring import calibration, cells_of, intervals, log_loss_gain, scores
from slmdecide.numbers import number
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.comparison_file import MAX_LINE_CHARACTERS, REQUIRED
from slmdecide.readers.head_to_head import COLUMNS, HEAD_TO_HEAD
from slmdecide.report.backtest import to_document
from tests.running import run

CATALOG = load_catalog()
ROWS = CATALOG.head_to_head.rows
MANY = settings(max_examples=100, deadline=None, derandomize=True)
SHIPPED = HEAD_TO_HEAD.read_text(encoding="utf-8")
BASELINES = ("always_large", "always_small", "fine_tuned_and_narrow", "fine_tuned_and_not_deep", "criteria_score", "base_rate")
FIVE = ("accuracy", "brier", "log_loss", "auc", "ece")


@cache
def left_out() -> dict[str, Any]:
    """The document of `slmdecide backtest`."""
    ran = run("backtest", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    found: dict[str, Any] = json.loads(ran.out)
    return found


def table(*changes: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> str:
    """A CSV text with one sound row for each, with these cells changed."""
    sound = {
        "id": "N1", "source": "new paper", "year": "2026", "table_or_section": "Table 1", "task_name": "tickets", "dataset": "tickets",
        "domain": "support", "task_nature": "classification", "n_labels": "6", "n_train_examples": "1200", "reasoning_depth": "none",
        "knowledge_breadth": "narrow", "output_form": "label", "input_tokens_typical": "150", "small_model": "Qwen4-4B",
        "small_params_b": "4", "small_mode": "fine_tuned", "small_score": "91.0", "large_model": "GPT-6", "large_params_b": "",
        "large_mode": "zero_shot", "large_score": "89.5", "metric": "accuracy", "higher_is_better": "true", "verified": "yes", "note": "",
    }  # fmt: skip
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({**sound, "id": f"N{i}", "dataset": f"set {i}", **change} for i, change in enumerate(changes))
    return stream.getvalue()


def answer(path: Path, content: str | bytes, *arguments: object) -> dict[str, Any]:
    """The document on a file with this content."""
    file = path / "others.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    ran = run("backtest", "--data", file, "--format", "json", *arguments)
    assert (ran.code, ran.err) == (0, ""), ran.out
    found: dict[str, Any] = json.loads(ran.out)
    return found


def refusal(path: Path, content: str | bytes) -> str:
    """What is said of a file that cannot be scored; exit code 2, one line, nothing on stdout."""
    file = path / "others.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    ran = run("backtest", "--data", file)
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err
    assert len(ran.err) < 2000
    return ran.err


# Scores


def test_scores_by_hand() -> None:
    """Four rows: two right of one half, one pair of five in the wrong order."""
    cells = cells_of(np.array([0.9, 0.6, 0.6, 0.2]), np.array([True, False, True, False]), np.array([0, 0, 1, 1]))
    found = scores(cells)
    assert (found.n, found.sources) == (4, 2)
    assert found.share_good == 0.5
    assert found.mean_p == pytest.approx(0.575)
    assert found.accuracy == 0.75
    assert found.brier == pytest.approx((0.01 + 0.36 + 0.16 + 0.04) / 4)
    assert found.log_loss == pytest.approx(-(log(0.9) + log(0.4) + log(0.6) + log(0.8)) / 4)
    assert found.auc == pytest.approx((1 + 1 + 0.5 + 1) / 4)
    assert found.ece == pytest.approx((0.1 + abs(1.2 - 1) + 0.2) / 4)


rows_of = st.lists(
    st.tuples(st.sampled_from([0.05, 0.1, 0.3, 0.5, 0.51, 0.8, 0.99]), st.booleans(), st.integers(0, 6)), min_size=1, max_size=40
)


@MANY
@given(rows_of)
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[float, bool, int]]) -> None:
    """Ties count half; without a pair there is none, and a reason."""
    cells = cells_of(*(np.array(column) for column in zip(*rows, strict=True)))
    found = scores(cells)
    pairs = [(p > q) + (p == q) / 2 for p, good, _ in rows if good for q, bad, _ in rows if not bad]
    if pairs:
        assert found.auc == pytest.approx(sum(pairs) / len(pairs))
        assert found.why_no_auc is None
    else:
        assert found.auc is None
        assert found.why_no_auc is not None


@MANY
@given(rows_of, st.integers(2, 5))
def test_rows_given_again_change_no_score(rows: list[tuple[float, bool, int]], times: int) -> None:
    """The scores are means, so a file twice as long by repetition scores the same."""
    once, again = (scores(cells_of(*(np.array(column) for column in zip(*each, strict=True)))) for each in (rows, rows * times))
    assert again.n == times * once.n
    for name in ("share_good", "mean_p", "accuracy", "brier", "log_loss", "auc", "ece"):
        assert getattr(again, name) == pytest.approx(getattr(once, name)), name


@MANY
@given(rows_of)
def test_calibration_bins_hold_every_row_once(rows: list[tuple[float, bool, int]]) -> None:
    """Their weighted distances are the calibration error, and each interval holds its share."""
    cells = cells_of(*(np.array(column) for column in zip(*rows, strict=True)))
    found = calibration(cells)
    assert sum(one.n for one in found) == len(rows)
    filled = [one for one in found if one.mean_p is not None and one.share_good is not None]
    assert sum(one.n * abs((one.mean_p or 0) - (one.share_good or 0)) for one in filled) / len(rows) == pytest.approx(scores(cells).ece)
    for one in filled:
        assert one.from_p - 1e-9 <= (one.mean_p or 0) <= one.to_p + 1e-9
        if one.interval is not None:
            assert 0 <= one.interval.low <= (one.share_good or 0) + 1e-9
            assert (one.share_good or 0) - 1e-9 <= one.interval.high <= 1
            assert one.interval.low < one.interval.high


def test_intervals_draw_sources_not_rows() -> None:
    """Where all rows of a source end alike, many rows of few sources say less than as many sources."""
    p, good = np.full(200, 0.5), np.arange(200) % 2 == 0
    by_row = intervals(cells_of(p, good, np.arange(200))).brier
    mixed = np.where(good, 0.9, 0.2)
    few = intervals(cells_of(mixed, good, np.arange(200) % 10)).brier
    many = intervals(cells_of(mixed, good, np.arange(200))).brier
    assert by_row is not None
    assert few is not None
    assert many is not None
    assert few.high - few.low > many.high - many.low
    assert intervals(cells_of(p, good, np.arange(200) % 4)).brier is None


def test_a_gain_is_paired() -> None:
    """The same predictions gain nothing, in every draw."""
    cells = cells_of(np.array([0.9, 0.2, 0.7, 0.4, 0.6]), np.array([True, False, True, True, False]), np.arange(5))
    gain, interval = log_loss_gain(cells, cells)
    assert gain == 0
    assert interval is not None
    assert (interval.low, interval.high) == (0, 0)


# The shipped comparisons


def test_targets_hold_on_sources_that_were_left_out() -> None:
    """AUC at least 0.82, Brier score at most 0.17, calibration error at most 0.08, at 2 points."""
    found = left_out()
    assert (found["n"], found["sources"], found["how"], found["tolerance"]) == (339, 37, "held_out", 2)
    assert found["auc"] >= 0.82
    assert found["brier"] <= 0.17
    assert found["ece"] <= 0.08


@pytest.mark.parametrize("name", BASELINES)
def test_each_baseline_is_worse_in_log_loss(name: str) -> None:
    """Also at the lower end of the interval over sources."""
    baseline = left_out()["baselines"][name]
    assert baseline["log_loss"] > left_out()["log_loss"]
    assert baseline["log_loss_gain"] == pytest.approx(baseline["log_loss"] - left_out()["log_loss"])
    assert baseline["log_loss_gain_interval"]["low"] > 0
    assert all(name in baseline for name in FIVE)


def test_rules_by_hand() -> None:
    """Accuracies that anyone can count in the file."""
    good = [row.shortfall_points <= 2 for row in ROWS]
    tuned = [row.small_mode == "fine_tuned" for row in ROWS]
    narrow = [row.knowledge_breadth == "narrow" for row in ROWS]
    deep = [row.reasoning_depth == "high" for row in ROWS]
    found = left_out()["baselines"]
    n = len(ROWS)
    assert found["always_small"]["accuracy"] == pytest.approx(sum(good) / n)
    assert found["always_large"]["accuracy"] == pytest.approx(1 - sum(good) / n)
    assert found["fine_tuned_and_narrow"]["accuracy"] == pytest.approx(
        sum((a and b) == c for a, b, c in zip(tuned, narrow, good, strict=True)) / n
    )
    assert found["fine_tuned_and_not_deep"]["accuracy"] == pytest.approx(
        sum((a and not b) == c for a, b, c in zip(tuned, deep, good, strict=True)) / n
    )


def test_each_row_is_predicted_without_its_source() -> None:
    """The mean likelihood is that of the held-out coefficients, not of the shipped ones."""
    by_source = {one.source: one.coefficients for one in CATALOG.reference.held_out}
    p = [p_good_enough(kind_of_row(row), 2.0, CATALOG.reference.tolerances, by_source[row.source]) for row in ROWS]
    shipped = [p_good_enough(kind_of_row(row), 2.0, CATALOG.reference.tolerances, CATALOG.reference.coefficients) for row in ROWS]
    assert left_out()["mean_p"] == pytest.approx(sum(p) / len(p))
    good = [row.shortfall_points <= 2 for row in ROWS]
    brier = [sum((a - b) ** 2 for a, b in zip(each, good, strict=True)) / len(good) for each in (p, shipped)]
    assert left_out()["brier"] == pytest.approx(brier[0])
    assert brier[1] < brier[0]


def test_the_claim_is_what_is_computed() -> None:
    """evidence/claims.yaml, reference-class-backtest."""
    claim = CATALOG.claims["reference-class-backtest"]
    assert claim.value == pytest.approx(left_out()["auc"], abs=5e-4)
    assert claim.conditions is not None
    for name, digits in (("brier", 3), ("log_loss", 3), ("ece", 3), ("accuracy", 3)):
        assert f"{left_out()[name]:.{digits}f}" in claim.conditions
    assert f"{len(ROWS)} verified rows of {left_out()['sources']} sources" in claim.conditions


def test_document_has_the_promised_keys() -> None:
    """Scores at the top, the same five for each baseline, groups and bins that add up."""
    found = left_out()
    assert next(iter(found)) == "schema_version"
    assert {"n", "sources", *FIVE, "calibration", "baselines", "by_nature", "by_mode", "intervals", "skipped", "limits"} <= found.keys()
    assert tuple(found["baselines"]) == BASELINES
    for groups in (found["by_nature"], found["by_mode"], found["calibration"]):
        assert sum(one["n"] for one in groups) == found["n"]
    for name in FIVE:
        assert found["intervals"][name]["low"] <= found[name] <= found["intervals"][name]["high"]
    assert {one["name"] for one in found["by_mode"]} == {"prompted", "fine_tuned"}
    assert found["skipped"] == []


def test_the_same_bytes_twice() -> None:
    """Draws are seeded."""
    assert run("backtest", "--format", "json").out == run("backtest", "--format", "json").out


@pytest.mark.parametrize("tolerance", [0.0, 5.0, 10.0])
def test_other_tolerances_are_scored_too(tolerance: float) -> None:
    """What is expected follows what happens."""
    found = to_document(held_out(ROWS, CATALOG.reference, Rules(CATALOG.criteria, CATALOG.natures), tolerance))
    assert found["auc"] > 0.8
    assert abs(found["mean_p"] - found["share_good"]) < 0.03


@pytest.mark.parametrize("output_format", ["text", "markdown"])
def test_the_page_tells_scores_baselines_calibration_and_limits(output_format: str) -> None:
    """With the plot, and the publication bias under it."""
    ran = run("backtest", "--format", output_format)
    assert ran.code == 0
    for words in (
        "Against simpler rules",
        "Calibration",
        "By mode",
        "By nature",
        "Limits",
        "head-to-head-publication-bias",
        number(left_out()["auc"]),
    ):
        assert words in ran.out
    assert "o+........" in ran.out
    assert "No row tests a cascade." in ran.out
    assert all(len(line) <= 100 for line in ran.out.splitlines()) or output_format == "markdown"


# Files of others


def test_new_rows_are_scored_by_the_shipped_coefficients(tmp_path: Path) -> None:
    """Nothing is fitted again: the likelihood is that of assess for this kind."""
    found = answer(tmp_path, table({}, {"small_mode": "prompted", "n_train_examples": "", "small_score": "60"}))
    assert (found["how"], found["n"], found["sources"], found["overlap"], found["known_sources"]) == ("shipped", 2, 1, 0, 0)
    tuned = next(row for row in ROWS if row.small_mode == "fine_tuned")
    kinds = [
        kind_of_row(tuned)._replace(
            nature="classification",
            reasoning="none",
            knowledge="narrow",
            output_form="label",
            length=-0.3,
            nearness_metric=False,
            old_rival=False,
        )
    ]
    kinds.append(kinds[0]._replace(mode="prompted", size_b=4.0))
    p = [p_good_enough(kind, 2.0, CATALOG.reference.tolerances, CATALOG.reference.coefficients) for kind in kinds]
    assert found["mean_p"] == pytest.approx(sum(p) / 2)
    assert found["share_good"] == 0.5
    assert found["auc"] == 1
    assert found["accuracy"] == 1


def test_the_shipped_file_is_recognized(tmp_path: Path) -> None:
    """Every row is one of the fit, and the page says that this is no score on unseen rows."""
    found = answer(tmp_path, SHIPPED)
    assert (found["n"], found["overlap"], found["known_sources"], found["repeated"]) == (339, 339, 339, 0)
    assert found["skipped_rows"] == 19
    assert found["skipped_by_problem"] == [{"problem": "not verified", "rows": 19}]
    assert found["log_loss"] < left_out()["log_loss"]
    page = run("backtest", "--data", tmp_path / "others.csv").out
    assert "Caution: of these 339 are among the comparisons of the fit" in " ".join(page.split())


def test_rows_of_a_known_source_and_repeated_ones_are_counted(tmp_path: Path) -> None:
    """They are scored, and said."""
    found = answer(tmp_path, table({"source": ROWS[0].source}, {"dataset": "same"}, {"dataset": "same"}))
    assert (found["n"], found["overlap"], found["known_sources"], found["repeated"]) == (3, 0, 1, 1)


def without_file(document: dict[str, Any]) -> dict[str, Any]:
    """The document without what names the file."""
    return {key: value for key, value in document.items() if key != "data"}


def test_order_of_columns_further_columns_marks_and_line_ends_do_not_matter(tmp_path: Path) -> None:
    """The same rows give the same document."""
    changes: tuple[dict[str, str], ...] = ({}, {"small_score": "50"}, {"verified": "no"})
    plain = without_file(answer(tmp_path, table(*changes)))
    shuffled = table(*changes, columns=tuple(reversed(COLUMNS)))
    assert without_file(answer(tmp_path, shuffled)) == plain
    more = "\n".join(f"{line},x" if i else f"{line},extra" for i, line in enumerate(table(*changes).splitlines()))
    assert without_file(answer(tmp_path, more)) == plain
    assert without_file(answer(tmp_path, b"\xef\xbb\xbf" + table(*changes).replace("\n", "\r\n").encode())) == plain
    needed = table(
        *changes, columns=tuple(one for one in COLUMNS if one in REQUIRED or one in ("id", "input_tokens_typical", "n_train_examples"))
    )
    assert without_file(answer(tmp_path, needed)) == plain


def test_a_header_in_capitals_and_standard_input(tmp_path: Path) -> None:
    """Both are read as the plain file is."""
    plain = without_file(answer(tmp_path, table({})))
    header, _, rest = table({}).partition("\n")
    assert without_file(answer(tmp_path, f"{header.upper()}\n{rest}")) == plain
    ran = run("backtest", "--data", "-", "--format", "json", stdin=table({}).encode())
    assert without_file(json.loads(ran.out)) == plain


def test_words_in_other_case_are_the_same_words(tmp_path: Path) -> None:
    """`True`, `Yes` and `Fine_Tuned`, as spreadsheets and pandas write them."""
    written = table({"higher_is_better": "True", "verified": "Yes", "small_mode": "Fine_Tuned", "n_labels": "6.0", "year": "2026.0"})
    assert without_file(answer(tmp_path, written)) == without_file(answer(tmp_path, table({})))


@pytest.mark.parametrize(
    ("change", "column", "problem", "told"),
    [
        ({"small_score": "n/a"}, "small_score", "not a number", "found 'n/a'"),
        ({"large_score": "NaN"}, "large_score", "not a number", "found 'NaN'"),
        ({"large_score": "inf"}, "large_score", "not a number", "found 'inf'"),
        ({"large_score": "1e999"}, "large_score", "not a number", "found '1e999'"),
        ({"small_score": "91,0"}, "small_score", "not a number", "found '91,0'"),
        ({"small_score": "９１"}, "small_score", "not a number", "a number is expected"),
        ({"small_score": "9_1"}, "small_score", "not a number", "found '9_1'"),
        ({"small_score": ""}, "small_score", "not filled in", "is empty"),
        ({"source": "  "}, "source", "not filled in", "is empty"),
        ({"task_nature": "clasification"}, "task_nature", "unknown word", "did you mean 'classification'?"),
        ({"small_mode": "finetuned"}, "small_mode", "unknown word", "did you mean 'fine_tuned'?"),
        ({"reasoning_depth": "medium"}, "reasoning_depth", "unknown word", "allowed: none, low, high"),
        ({"higher_is_better": "ja"}, "higher_is_better", "unknown word", "true or false is expected"),
        ({"verified": "no"}, "verified", "not verified", "only verified rows are counted"),
        ({"verified": "?"}, "verified", "unknown word", "yes or no is expected"),
        ({"small_score": "0.91"}, "metric", "unknown scale", "a share beside a percentage"),
        ({"small_score": "1203", "large_score": "1250"}, "metric", "unknown scale", "above 100"),
        ({"metric": "perplexity"}, "metric", "unknown scale", "no upper bound"),
        ({"small_params_b": "-7"}, "small_params_b", "out of range", "a number above 0"),
        ({"small_params_b": "7B"}, "small_params_b", "not a number", "found '7B'"),
    ],
)
def test_a_row_that_cannot_be_read_is_skipped_and_listed(
    tmp_path: Path, change: dict[str, str], column: str, problem: str, told: str
) -> None:
    """With its line, its id, the column and the reason; the others are scored as without it."""
    found = answer(tmp_path, table({}, change, {"dataset": "z"}))
    (skipped,) = found["skipped"]
    assert (skipped["line"], skipped["id"], skipped["column"], skipped["problem"]) == (3, "N1", column, problem)
    assert told in skipped["reason"]
    assert (found["n"], found["skipped_rows"]) == (2, 1)
    sound = answer(tmp_path, table({}, {"dataset": "z"}))
    assert [found[name] for name in FIVE] == [sound[name] for name in FIVE]
    page = run("backtest", "--data", tmp_path / "others.csv").out
    assert "Skipped rows" not in page  # that file is the sound one
    (tmp_path / "others.csv").write_text(table({}, change), encoding="utf-8")
    assert "line 3 (N1)" in run("backtest", "--data", tmp_path / "others.csv").out


def test_a_row_of_another_length_is_skipped(tmp_path: Path) -> None:
    """Cells that cannot be told apart are not guessed; empty lines are no rows."""
    found = answer(tmp_path, table({}) + "\nonly,three,cells\n\n" + table({"dataset": "z"}).splitlines()[1] + ",more\n")
    assert [one["problem"] for one in found["skipped"]] == ["number of cells"] * 2
    assert found["n"] == 1


def test_unknown_size_and_length_are_not_needed(tmp_path: Path) -> None:
    """An empty cell is unknown, not 0."""
    found = answer(tmp_path, table({"small_params_b": "", "input_tokens_typical": "", "year": "", "n_train_examples": ""}))
    assert found["n"] == 1


def test_what_no_likelihood_rests_on_need_not_be_readable(tmp_path: Path) -> None:
    """A year, a number of labels or examples, or the size of the large model."""
    found = answer(tmp_path, table({"year": "2024a", "n_labels": "~10", "n_train_examples": "0", "large_params_b": "1.8T"}))
    assert (found["n"], found["skipped"]) == (1, [])
    assert found["brier"] == answer(tmp_path, table({}))["brier"]


def test_many_skipped_rows_are_counted_and_the_first_listed(tmp_path: Path) -> None:
    """The list is bounded, the counts are not."""
    found = answer(tmp_path, table({}, *({"small_score": "n/a"} for _ in range(300))))
    assert len(found["skipped"]) == LISTED
    assert found["skipped_rows"] == 300
    assert [one["line"] for one in found["skipped"][:2]] == [3, 4]
    page = run("backtest", "--data", tmp_path / "others.csv").out
    assert "Skipped rows (300)" in page
    assert "and 280 more" in page


@pytest.mark.parametrize("column", REQUIRED)
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    """Exit code 2, before any row is read."""
    told = refusal(tmp_path, table({}, columns=tuple(one for one in COLUMNS if one != column)))
    assert f"others.csv:1: no column {column!r}" in told


def test_the_nearest_column_is_named(tmp_path: Path) -> None:
    """A misspelt header is recognized."""
    assert "no column 'task_nature'; did you mean 'task_natur'?" in refusal(tmp_path, table({}).replace("task_nature", "task_natur"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty; a header row is expected"),
        ("\n\n", "is empty; a header row is expected"),
        (table(), "holds no comparison under its header"),
        (table({"small_score": "n/a"}), "none of its rows can be scored; the first, line 2: small_score: found 'n/a'"),
        (table({}).encode("utf-16"), "UTF-16"),
        (table({}).encode("utf-16-le"), "UTF-16"),
        (table({"note": "é"}).encode("latin-1"), "byte 0xe9 is not UTF-8"),
        (table({"note": "é"}).encode() + table({"note": "ü"}).encode("latin-1"), "is not UTF-8"),
        (b"\x00\x01\x02", "binary"),
        (table({}).replace(",", ";"), "separated by something else than commas"),
        ("a," * 2000 + "b\n", "has 2,001 columns; at most 1,000"),
        ("x" * (MAX_LINE_CHARACTERS + 1), "has 1,000,001 characters"),
        ("," * (MAX_LINE_CHARACTERS + 1), "has 1,000,001 characters"),
        (table({}) + '"' + "x" * 200_000, "is not CSV"),
        (table({"note": "x" * 200_000}), "is not CSV"),
        (table({}) + "," * 1_200_000 + "\n", "others.csv:3: has 1,200,001 characters"),
        (table({}).replace("\n", ",small_score\n", 1), "column 'small_score' is there 2 times"),
        ('"unfinished', "is not CSV"),
    ],
    ids=[
        "empty", "blank", "header", "nothing usable", "utf-16", "utf-16-le", "latin-1", "mixed", "binary", "semicolons", "columns",
        "endless header", "endless commas", "open quote", "wide cell", "wide row", "column twice", "open header",
    ],
)  # fmt: skip
def test_a_file_that_is_no_such_table_is_refused(tmp_path: Path, content: str | bytes, told: str) -> None:
    """Exit code 2 with one line that says what is wrong."""
    assert told in refusal(tmp_path, content)


def test_errors_are_json_where_json_was_asked_for(tmp_path: Path) -> None:
    """As everywhere."""
    ran = run("backtest", "--data", tmp_path / "missing.csv", "--format", "json")
    assert ran.code == 2
    assert "no such file" in json.loads(ran.out)["error"]["message"]


@pytest.mark.parametrize(("score", "told"), [("91.0", "good enough in all of the rows"), ("10.0", "good enough in none of the rows")])
def test_without_both_outcomes_there_is_no_auc(tmp_path: Path, score: str, told: str) -> None:
    """It is null with a reason, and everything else is there."""
    found = answer(tmp_path, table({"small_score": score}, {"small_score": score}))
    assert found["auc"] is None
    assert found["why_no_auc"] == told
    assert found["baselines"]["always_small"]["auc"] is None
    assert found["brier"] is not None
    assert found["intervals"]["brier"] is None
    assert told in run("backtest", "--data", tmp_path / "others.csv").out


def test_text_of_a_file_does_not_reach_the_terminal_raw(tmp_path: Path) -> None:
    """Control characters in ids and words are written out."""
    (tmp_path / "others.csv").write_text(table({}, {"id": "\x1b[31mred", "task_nature": "\x1b]0;x\x07"}), encoding="utf-8")
    for output_format in ("text", "markdown", "json"):
        ran = run("backtest", "--data", tmp_path / "others.csv", "--format", output_format)
        assert ran.code == 0
        assert "\x1b" not in ran.out
        assert "\x07" not in ran.out


@pytest.mark.parametrize("tolerance", ["-1", "101", "nan", "much"])
def test_a_tolerance_is_between_0_and_100(tolerance: str) -> None:
    """Anything else is wrong usage."""
    assert run("backtest", "--tolerance", tolerance).code == 2


def test_a_wider_tolerance_is_met_more_often(tmp_path: Path) -> None:
    """In what is expected and in what happened."""
    content = table({"small_score": "88.5"}, {"small_score": "86.0"}, {"small_score": "80.0"})
    found = [answer(tmp_path, content, "--tolerance", tolerance) for tolerance in (0, 2, 5)]
    assert [one["share_good"] for one in found] == pytest.approx([0, 1 / 3, 2 / 3])
    assert found[0]["mean_p"] < found[1]["mean_p"] < found[2]["mean_p"]


def test_a_shortfall_equal_to_the_tolerance_is_within_it(tmp_path: Path) -> None:
    """0.754 - 0.704 are 5 points, though not in binary."""
    content = table({"small_score": "0.704", "large_score": "0.754"}, {"small_score": "0.7039", "large_score": "0.754"})
    assert answer(tmp_path, content, "--tolerance", 5)["share_good"] == 0.5


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    """Whole, and nothing to stdout."""
    ran = run("backtest", "--format", "json", "--output", tmp_path / "score.json")
    assert (ran.code, ran.out) == (0, "")
    assert json.loads((tmp_path / "score.json").read_text(encoding="utf-8")) == left_out()
