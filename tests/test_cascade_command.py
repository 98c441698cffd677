"""`slmdecide cascade` as a user meets it: verdicts, promises, later rows, and plain refusals."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdecide.cli.cascade_options import Options
from slmdecide.cli.cascade_run import run as run_options
from tests.cascade_rows import document, knowing_rows, long_rows, write_csv
from tests.running import run

KEYS = {
    "schema_version", "n", "small", "large", "either_correct", "points", "frontier", "chosen", "promise", "verdict", "warnings",
    "baselines", "split", "comparison", "signal", "fallback", "summary", "reasons", "in_sample", "shift", "read", "configuration",
}  # fmt: skip


@pytest.fixture
def knowing(tmp_path: Path) -> Path:
    """2,000 examples of a small model that knows what it knows."""
    return write_csv(tmp_path / "knowing.csv", knowing_rows(2000))


def test_a_confidence_that_knows_gives_a_cascade(knowing: Path) -> None:
    """The threshold keeps about the 70 % that the small model has right; no accuracy is lost and most of the money saved."""
    found = document(knowing)
    assert found["verdict"] == "cascade"
    assert found.keys() >= KEYS
    chosen = found["chosen"]
    assert 0.2 < chosen["threshold"] < 0.35
    assert 0.2 < chosen["escalation_rate"]["value"] < 0.35
    assert chosen["accuracy_difference"]["value"] > -0.02
    assert chosen["saving"] > 0.5
    assert chosen["gain_over_random"]["low"] > 0
    assert chosen["latency_ms"]["p50"] < 300 < chosen["latency_ms"]["p95"]
    assert found["promise"]["certified"] is True
    assert found["promise"]["n_calibration"] + found["promise"]["n_test"] == found["n"] == 2000


def test_a_confidence_that_says_nothing_gives_no_cascade(tmp_path: Path) -> None:
    """The large model stays, and the report says that the confidence is no better than a coin."""
    found = document(write_csv(tmp_path / "rows.csv", knowing_rows(1500, sure=False)))
    assert (found["verdict"], found["chosen"]) == ("large", None)
    assert any("no better than a coin" in one for one in found["warnings"])
    assert found["baselines"]["area_over_random"]["high"] < 0


def test_a_confidence_that_points_the_wrong_way_is_offered_to_be_turned(tmp_path: Path) -> None:
    """Without --reverse no cascade, with a hint; with it the same cascade as from the right way round."""
    path = write_csv(tmp_path / "reversed.csv", knowing_rows(2000, reverse=True))
    found = document(path)
    assert found["verdict"] != "cascade"
    assert found["signal"]["reversed"] is True
    assert any("try --reverse" in one for one in found["warnings"])
    turned = document(path, "--reverse")
    right = document(write_csv(tmp_path / "right.csv", knowing_rows(2000)))
    assert (turned["verdict"], turned["signal"]["reversed"]) == ("cascade", False)
    assert [one["n_correct"] for one in turned["points"]] == [one["n_correct"] for one in right["points"]]


def test_a_small_model_that_is_as_right_needs_no_help(tmp_path: Path) -> None:
    """Nothing is passed on: the small model alone."""
    rows = [row | {"small_correct": row["large_correct"]} for row in knowing_rows(600)]
    found = document(write_csv(tmp_path / "rows.csv", rows))
    assert (found["verdict"], found["fallback"]) == ("small", "small")


def test_a_cascade_that_is_dearer_at_equal_quality_is_refused(tmp_path: Path) -> None:
    """The small model costs half of the large one and must pass on most: the large model alone, with the money as the reason."""
    rows = [row | {"small_cost": 0.001} for row in knowing_rows(1000)]
    for row in rows:
        row["small_correct"] = int(row["small_confidence"] > 0.8)
    found = document(write_csv(tmp_path / "rows.csv", rows))
    assert found["verdict"] == "large"
    assert "more than large alone" in found["reasons"][0]


def test_without_a_confidence_the_models_are_compared(tmp_path: Path) -> None:
    """Both accuracies, their paired difference and McNemar's test; no threshold, and a plain sentence."""
    rows = [{key: row[key] for key in ("id", "small_correct", "large_correct")} for row in knowing_rows(800)]
    found = document(write_csv(tmp_path / "rows.csv", rows))
    assert (found["verdict"], found["fallback"], found["signal"], found["promise"]) == ("no_signal", "large", None, None)
    difference = found["comparison"]["difference"]
    assert difference["low"] < difference["value"] < difference["high"] < 0
    assert found["comparison"]["p_value"] < 0.001
    assert "no confidence of small is recorded" in found["reasons"][0]


def test_equal_confidences_are_no_signal(tmp_path: Path) -> None:
    """All ties: nothing tells one answer from another."""
    found = document(write_csv(tmp_path / "rows.csv", [row | {"small_confidence": 1.0} for row in knowing_rows(400)]))
    assert found["verdict"] == "no_signal"
    assert "all 400 confidences are equal" in found["reasons"][0]
    assert len(found["points"]) == 2


def test_too_few_rows_promise_nothing(tmp_path: Path) -> None:
    """Where no threshold is certified the answer is a single model, with the number of rows that might do; exit 4 on demand."""
    path = write_csv(tmp_path / "rows.csv", knowing_rows(40))
    found = document(path)
    assert found["verdict"] in ("small", "large")
    assert found["promise"]["certified"] is False
    assert found["promise"]["why_not"]
    ran = run("cascade", path, "--require-promise")
    assert ran.code == 4
    assert "Do not cascade" in ran.out


@pytest.mark.parametrize("column", ["small_correct", "large_correct"])
@pytest.mark.parametrize("value", [0, 1])
def test_one_class_only_is_judged_without_a_traceback(tmp_path: Path, column: str, value: int) -> None:
    """A model that is always right or always wrong."""
    found = document(write_csv(tmp_path / "rows.csv", [row | {column: value} for row in knowing_rows(300)]))
    assert found["verdict"] in ("cascade", "small", "large", "no_signal")
    assert (found["signal"]["auroc"] is None) == (column == "small_correct")


def test_the_order_of_the_rows_changes_no_byte(tmp_path: Path, knowing: Path) -> None:
    """The same file name, layout and rows in another order: the same JSON."""
    rows = knowing_rows(2000)
    folder = tmp_path / "turned"
    folder.mkdir()
    turned = write_csv(folder / knowing.name, [rows[place] for place in np.random.default_rng(2).permutation(2000)])
    assert run("cascade", turned, "--format", "json").out == run("cascade", knowing, "--format", "json").out


def test_a_risk_is_kept_among_the_answers_that_are_kept(knowing: Path) -> None:
    """At most 5 % wrong among the kept ones: fewer are kept than for the same quality."""
    found = document(knowing, "--question", "risk", "--alpha", "0.05")
    assert found["promise"]["kind"] == "risk"
    assert found["promise"]["certified"] is True
    assert found["promise"]["test"]["risk"]["value"] <= 0.05


def test_a_budget_is_kept(knowing: Path) -> None:
    """At most $1 a thousand requests, where the large model alone costs $2."""
    found = document(knowing, "--max-cost-per-1000", "1")
    assert found["promise"]["kind"] == "cost"
    assert found["verdict"] == "cascade"
    assert found["chosen"]["cost_usd_per_request"]["value"] <= 0.001


def test_models_are_counted_in_calls_where_costs_are_unknown(tmp_path: Path) -> None:
    """The cascade is judged by the calls that it saves; money is null."""
    rows = [{key: value for key, value in row.items() if not key.endswith("_cost")} for row in knowing_rows(2000)]
    found = document(write_csv(tmp_path / "rows.csv", rows))
    assert (found["verdict"], found["points"][0]["cost_usd"], found["small"]["cost_usd"]) == ("cascade", None, None)
    assert any("are not recorded" in one for one in found["warnings"])


def test_later_rows_of_the_same_kind_keep_the_promise(tmp_path: Path, knowing: Path) -> None:
    """--against new rows from the same source: exit 0."""
    later = write_csv(tmp_path / "later.csv", knowing_rows(2000, seed=8))
    found = document(knowing, "--against", later)
    assert found["shift"]["status"] == "holds"
    assert found["shift"]["n"] == 2000


def test_a_broken_promise_trips(tmp_path: Path, knowing: Path) -> None:
    """Later rows on which the small model is sure and wrong: exit 3, and the report says so."""
    broken = [row | {"small_correct": int(row["small_correct"] and place % 3 > 0)} for place, row in enumerate(knowing_rows(2000, seed=9))]
    ran = run("cascade", knowing, "--against", write_csv(tmp_path / "later.csv", broken), "--format", "json")
    assert ran.code == 3
    assert json.loads(ran.out)["shift"]["status"] == "broken"


def test_later_rows_must_be_of_the_same_models_and_confidence(tmp_path: Path) -> None:
    """The same two models, though the other has become the cheaper one; a file without one of them is refused."""
    rows = knowing_rows(1500)
    first = write_csv(tmp_path / "first.csv", long_rows(rows))
    dearer = write_csv(tmp_path / "dearer.csv", [one | {"cost_usd": 0.5 if one["model"] == "small" else 0.1} for one in long_rows(rows)])
    ran = run("cascade", first, "--against", dearer, "--format", "json")
    assert json.loads(ran.out)["shift"]["status"] == "holds"
    renamed = write_csv(tmp_path / "other.csv", [one | {"model": f"{one['model']}-2"} for one in long_rows(rows)])
    ran = run("cascade", first, "--against", renamed)
    assert (ran.code, ran.err.splitlines()[0]) == (2, "error: --against: other.csv has no answers of small")
    logs = [row | {"small_confidence": math.log(row["small_confidence"] + 1e-9)} for row in rows]
    ran = run("cascade", write_csv(tmp_path / "wide.csv", rows), "--against", write_csv(tmp_path / "logs.csv", logs))
    assert ran.code == 2
    assert "has a log-probability of small where 'wide.csv' has a probability" in ran.err


def test_too_few_rows_do_not_make_the_small_model_as_good(tmp_path: Path) -> None:
    """Ten right answers each: nothing is shown, so the large model stays."""
    rows = [row | {"small_correct": 1, "large_correct": 1} for row in knowing_rows(10)]
    assert document(write_csv(tmp_path / "rows.csv", rows))["verdict"] == "large"


def test_nothing_promised_is_nothing_to_check(tmp_path: Path) -> None:
    """--against without a promise: exit 4."""
    path = write_csv(tmp_path / "rows.csv", knowing_rows(40))
    assert run("cascade", path, "--against", path).code == 4


def test_a_budget_that_the_large_model_keeps(knowing: Path) -> None:
    """Nothing is gained by a cascade that need not save."""
    found = document(knowing, "--max-cost-per-1000", "5")
    assert (found["verdict"], found["reasons"]) == ("large", ["large alone is within the budget, and small is not shown to be as good"])


def test_a_budget_without_prices_is_refused(tmp_path: Path) -> None:
    """With what to do about it."""
    rows = [{key: value for key, value in row.items() if not key.endswith("_cost")} for row in knowing_rows(60)]
    path = write_csv(tmp_path / "rows.csv", rows)
    ran = run("cascade", path, "--max-cost-per-1000", "1")
    assert ran.code == 2
    assert "--max-cost-per-1000: the costs of small are not recorded" in ran.err
    priced = document(path, "--max-cost-per-1000", "1", "--map", "small.cost=0.0001", "--map", "large.cost=0.002")
    assert priced["small"]["cost_usd"] == pytest.approx(0.006)


def test_a_risk_where_nothing_can_be_saved(tmp_path: Path) -> None:
    """Both models cost the same: a certified threshold is of no use."""
    rows = [row | {"small_cost": 0.002} for row in knowing_rows(2000)]
    found = document(write_csv(tmp_path / "rows.csv", rows), "--question", "risk")
    assert found["verdict"] == "large"
    assert found["promise"]["certified"] is True


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--alpha", "0"), "--alpha: found 0; a share between 0 and 1 is expected"),
        (("--delta", "nan"), "--delta: found nan"),
        (("--calibration-share", "1"), "--calibration-share: found 1"),
        (("--min-saving", "1"), "--min-saving: found 1"),
        (("--tolerance", "-1"), "--tolerance: found -1; points from 0 to below 100 are expected"),
        (("--max-cost-per-1000", "0"), "--max-cost-per-1000: found 0; USD above 0 are expected"),
        (("--question", "cost"), "--question cost and --max-cost-per-1000 belong together"),
        (("--question", "risk", "--max-cost-per-1000", "3"), "belong together"),
        (("--order", ","), "--order: names no model"),
        (("--order", "small"), "--order: names 1 model; 2 to 4 are chained"),
        (("--order", "small,small"), "--order: names 'small' twice"),
        (("--order", "small,lrge"), "has no answers of 'lrge'; did you mean 'large'?"),
        (("--small", "x", "--large", "x"), "--small and --large both name 'x'"),
        (("--map", "small.correct=nothing"), "--map: no column is called 'nothing'"),
        (("--against", "nowhere.csv"), "nowhere.csv: no such file"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(knowing: Path, arguments: tuple[str, ...], message: str) -> None:
    """Exit 2; the option, what was found, what is allowed; as JSON where JSON was asked for."""
    ran = run("cascade", knowing, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert "Traceback" not in ran.err
    told = json.loads(run("cascade", knowing, *arguments, "--format", "json").out)
    assert message in told["error"]["message"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["id,small_correct,large_correct,small_confidence"], "holds a header and no row"),
        (["id,small_correct,large_correct,small_confidence", "a,1,1,0.5"], "1 example was answered by all models; at least 2 are needed"),
        (
            ["id,small_correct,large_correct,small_confidence", "a,1,1,high", "b,1,1,low"],
            "small_confidence: found 'high'; a number is expected",
        ),
        (
            ["id,model,correct", "a,small,1", "b,large,1"],
            "no example is left on which the models can be compared; examples without an answer of small: 1 (b)",
        ),
        (["id,small_correct", "a,1"], "only 'small' has a column for `correct`"),
    ],
)
def test_malformed_files_are_refused_in_one_line(tmp_path: Path, rows: list[str], message: str) -> None:
    """Zero rows, one row, words for numbers, no common example, missing columns: exit 2."""
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    ran = run("cascade", path)
    assert ran.code == 2
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_many_models_must_be_named(tmp_path: Path) -> None:
    """Five models: their names, and how to choose."""
    calls = [{"id": place, "model": f"m{number}", "correct": 1, "cost_usd": 1} for number in range(5) for place in range(3)]
    ran = run("cascade", write_csv(tmp_path / "calls.csv", calls))
    assert ran.code == 2
    assert "holds answers of 5 models; name two with --small and --large, or up to 4 with --order" in ran.err


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.1, 0.5, 0.9, 1.0]), st.sampled_from([0, 0.5, 1]), st.booleans(), st.floats(0, 1), st.floats(0, 5)),
        min_size=2,
        max_size=30,
    )
)
def test_any_rows_get_an_answer(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, float, bool, float, float]]) -> None:
    """No rows make it fail, and where nothing is certified the verdict is never a cascade."""
    path = tmp_path_factory.mktemp("any") / "rows.csv"
    names = ("small_confidence", "small_correct", "large_correct", "small_cost", "large_cost")
    write_csv(path, [{"id": place} | dict(zip(names, row, strict=True)) for place, row in enumerate(rows)])
    for question in ("same_quality", "risk"):
        text = run_options(Options(results=path, question=question, output_format="json")).text  # type: ignore[arg-type]  # one of the questions
        found = json.loads(text)
        assert found["verdict"] in ("cascade", "small", "large", "no_signal")
        if not found["promise"]["certified"]:
            assert found["chosen"] is None


def test_recorded_answers_from_standard_input(knowing: Path) -> None:
    """`-` reads them as a file is read, gzipped or not; messages name the line; there is one standard input."""
    content = knowing.read_bytes()
    expected = document(knowing)
    for given_bytes in (content, gzip.compress(content)):
        found = json.loads(run("cascade", "-", "--format", "json", stdin=given_bytes).out)
        assert (found["chosen"], found["read"]["source"]) == (expected["chosen"], "<stdin>")
    bad = content.replace(b"\n", b"\nx,1,1,0#5,1,1,1,1\n", 1)
    wrong = run("cascade", "-", stdin=bad)
    assert wrong.code == 2
    assert wrong.err.startswith("error: <stdin>:2: small_confidence: found '0#5'; a number is expected, with a decimal point")
    assert run("cascade", "-", "--against", "-", stdin=content).code == 2
    assert run("cascade", knowing, "--against", "-", stdin=content).code == 0
