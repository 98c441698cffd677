"""`slmdecide cascade` with three models."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdecide.cli.cascade_options import Options
from slmdecide.cli.cascade_run import run as run_options
from tests.cascade_rows import document, reply, router, write_lines
from tests.running import run


def chain_calls(
    n: int, seed: int, able: dict[str, float], *, sure: bool = True, costs: dict[str, float] | None = None
) -> list[dict[str, Any]]:
    """Calls of models that are right on the easier part of the examples, and know it or do not."""
    random = np.random.default_rng(seed)
    hard = random.random(n)
    dollars = costs or COSTS
    return [
        {
            "id": place,
            "model": model,
            "correct": int(hard[place] < able[model]),
            "confidence": round(float(1 - hard[place] if sure else random.random()), 6),
            "cost_usd": dollars[model],
            "latency_ms": dollars[model] * 1e5,
        }
        for model in ("big", "tiny", "mid")
        for place in range(n)
    ]


COSTS = {"tiny": 0.0002, "mid": 0.002, "big": 0.02}
ABLE = {"tiny": 0.5, "mid": 0.8, "big": 0.95}
NEAR = {"tiny": 0.0198, "mid": 0.0199, "big": 0.02}
"""Costs that leave nothing to save."""


def test_a_chain_of_three(tmp_path: Path) -> None:
    """Three models that each know what they know: all are asked, in the order of their cost, for less than the last alone."""
    path = write_lines(tmp_path / "calls.jsonl", chain_calls(3000, 5, ABLE))
    found = document(path)
    assert (found["order"], found["verdict"]) == (["tiny", "mid", "big"], "cascade")
    assert found["chosen"]["models"] == ["tiny", "mid", "big"]
    assert sum(found["chosen"]["answered_shares"]) == pytest.approx(1)
    assert found["chosen"]["saving"] > 0.6
    assert found["chosen"]["latency_ms"] == {"p50": 20, "p95": 2220}
    assert found["promise"]["certified"] is True
    assert found.keys() >= {"n", "small", "large", "either_correct", "points", "frontier", "split", "warnings"}
    for output_format in ("text", "markdown", "csv"):
        assert "tiny" in run("cascade", path, "--format", output_format, "--config").out
    assert document(path, "--order", "tiny,big")["small"]["name"] == "tiny"


def test_a_chain_whose_router_runs(tmp_path: Path) -> None:
    """Each model is asked in turn until one is sure enough."""
    module = router(write_lines(tmp_path / "calls.jsonl", chain_calls(3000, 5, ABLE)))
    first, second = module["THRESHOLDS"]
    asked: list[str] = []

    def complete(*probabilities: float) -> Any:
        answers = iter(probabilities)

        def completion(model: str, **_: object) -> Any:
            asked.append(model)
            return reply(model, {"A": next(answers, 1.0)})

        return completion

    assert module["answer"]([], complete(first + 1e-9))[1] == "tiny"
    assert module["answer"]([], complete(first - 0.01, second + 1e-9))[1] == "mid"
    assert module["answer"]([], complete(first - 0.01, second - 0.01))[1] == "big"
    assert asked == ["tiny", "tiny", "mid", "tiny", "mid", "big"]


@pytest.mark.parametrize(
    ("able", "options", "verdict", "alone", "words"),
    [
        (ABLE, {"sure": False}, "large", "big", "no chain is as often right as big on these examples for less"),
        ({"tiny": 0.5, "mid": 0.95, "big": 0.9}, {}, "cascade", "mid", "big is asked in vain: mid is right as often"),
        ({"tiny": 0.96, "mid": 0.95, "big": 0.9}, {}, "small", "tiny", "no chain is likely to be as right and cheaper than tiny"),
        ({"tiny": 0.3, "mid": 0.5, "big": 0.95}, {"costs": NEAR}, "large", "big", "no chain is likely to be as right and cheaper than big"),
    ],
)
def test_a_chain_is_no_better_than_its_best_part(
    tmp_path: Path, able: dict[str, float], options: dict[str, Any], verdict: str, alone: str, words: str
) -> None:
    """A worthless confidence, a last model that is no better, a first one that is best, calls that cost the same."""
    path = write_lines(tmp_path / "calls.jsonl", chain_calls(3000, 3, able, **options))
    found = document(path)
    assert (found["verdict"], found["fallback"]) == (verdict, alone)
    assert any(words in one for one in (*found["reasons"], *found["warnings"]))
    assert words.partition(":")[0] in " ".join(run("cascade", path).out.split())


def test_a_chain_with_few_rows_promises_nothing(tmp_path: Path) -> None:
    """The last model alone, with the number of rows that might do; exit 4 on demand."""
    path = write_lines(tmp_path / "calls.jsonl", chain_calls(60, 2, ABLE))
    found = document(path, "--tolerance", "30", "--min-saving", "0", "--calibration-share", "0.8")
    assert found["promise"]["certified"] == (found["verdict"] == "cascade")
    few = document(path, "--tolerance", "5")
    assert few["chosen"] is None
    assert few["verdict"] == "large"


def test_a_chain_must_save_enough(tmp_path: Path) -> None:
    """A saving under --min-saving is not worth two more models."""
    path = write_lines(tmp_path / "calls.jsonl", chain_calls(3000, 5, ABLE))
    found = document(path, "--min-saving", "0.99")
    assert found["verdict"] == "large"
    assert "at least 99 % are asked for (--min-saving)" in found["reasons"][0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--against", "nowhere.csv"), "nowhere.csv: no such file"),
        (("--question", "risk"), "--question: risk is for two models; a chain of 3 answers same_quality"),
        (("--map", "cost_usd=nothing"), "--map: no column is called 'nothing'"),
        (("--small", "tiny"), "holds answers of 3 models; name two with --small and --large"),
        (("--small", "tiny", "--large", "tiny"), "--small and --large both name 'tiny'"),
    ],
)
def test_what_a_chain_cannot_do_is_refused(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    """Exit 2, in one line."""
    ran = run("cascade", write_lines(tmp_path / "calls.jsonl", chain_calls(30, 1, ABLE)), *arguments)
    assert ran.code == 2
    assert message in ran.err


def test_an_unpriced_chain_is_refused(tmp_path: Path) -> None:
    """A chain is ordered and chosen by cost."""
    calls = [{key: value for key, value in one.items() if key != "cost_usd"} for one in chain_calls(30, 1, ABLE)]
    ran = run("cascade", write_lines(tmp_path / "calls.jsonl", calls), "--order", "tiny,mid,big")
    assert ran.code == 2
    assert "a chain needs the cost of every call, and those of tiny are not recorded" in ran.err


def test_later_rows_keep_or_break_the_promise_of_a_chain(tmp_path: Path) -> None:
    """--against replays the thresholds as they stand: exit 0 on rows of the same kind, 3 where two models have become worse."""
    path = write_lines(tmp_path / "calls.jsonl", chain_calls(3000, 5, ABLE))
    kept = document(path, "--against", write_lines(tmp_path / "same.jsonl", chain_calls(2000, 6, ABLE)))
    assert (kept["shift"]["status"], kept["shift"]["n"], kept["shift"]["escalation_moved"]) == ("holds", 2000, False)
    assert kept["shift"]["now"]["cost_usd_per_request"]["value"] < 0.02
    calls = chain_calls(2000, 7, ABLE)
    worse = [one | {"correct": int(one["correct"] and (one["model"] == "big" or one["id"] % 3 > 0))} for one in calls]
    ran = run("cascade", path, "--against", write_lines(tmp_path / "worse.jsonl", worse), "--format", "json")
    assert ran.code == 3
    shift = json.loads(ran.out)["shift"]
    assert shift["status"] == "broken"
    assert "it is no longer true that the chain is right at most 2 points less often than big" in shift["explanation"]
    assert "the promise is broken" in run("cascade", path, "--against", tmp_path / "worse.jsonl").out


def test_later_rows_of_another_kind_are_told_of_the_model_that_passes_them_on(tmp_path: Path) -> None:
    """Harder requests: the promise may hold, but one model passes on more than before, and costs need not be recorded."""
    path = write_lines(tmp_path / "calls.jsonl", chain_calls(3000, 5, ABLE))
    calls = [one for one in chain_calls(6000, 8, ABLE) if one["model"] == "big" or one["confidence"] < 0.999]
    hard = {one["id"] for one in calls if one["model"] == "tiny" and one["confidence"] < 0.4}
    later = [{key: value for key, value in one.items() if key != "cost_usd"} for one in calls if one["id"] in hard]
    shift = json.loads(run("cascade", path, "--against", write_lines(tmp_path / "later.jsonl", later), "--format", "json").out)["shift"]
    assert shift["escalation_moved"] is True
    assert shift["now"]["cost_usd_per_request"] is None
    assert "The share of requests escalated by tiny has changed" in shift["explanation"]


def test_later_rows_must_be_of_the_models_of_the_chain(tmp_path: Path) -> None:
    """A model that is missing, or another kind of confidence: exit 2. Nothing promised: exit 4."""
    path = write_lines(tmp_path / "calls.jsonl", chain_calls(3000, 5, ABLE))
    calls = chain_calls(50, 6, ABLE)
    without = write_lines(tmp_path / "without.jsonl", [one for one in calls if one["model"] != "mid"])
    ran = run("cascade", path, "--against", without)
    assert (ran.code, ran.err.splitlines()[0]) == (2, "error: --against: without.jsonl has no answers of mid")
    other = write_lines(tmp_path / "other.jsonl", [one | {"confidence": -one["confidence"]} for one in calls])
    ran = run("cascade", path, "--against", other)
    assert ran.code == 2
    assert "has a log-probability of tiny where 'calls.jsonl' has a probability" in ran.err
    few = write_lines(tmp_path / "few.jsonl", chain_calls(40, 2, ABLE))
    ran = run("cascade", few, "--against", few)
    assert ran.code == 4
    assert "nothing was promised, so there is nothing to check in" in " ".join(ran.out.split())


def test_later_rows_of_a_single_model_that_was_promised_to_do(tmp_path: Path) -> None:
    """A cheaper model alone, within the margin of the best: the promise is checked, and nothing is passed on."""
    able = {"tiny": 0.2, "mid": 0.945, "big": 0.95}
    path = write_lines(tmp_path / "calls.jsonl", chain_calls(3000, 5, able, sure=False))
    found = document(path, "--against", write_lines(tmp_path / "later.jsonl", chain_calls(2000, 6, able, sure=False)))
    assert (found["verdict"], found["fallback"], found["promise"]["certified"]) == ("small", "mid", True)
    shift = found["shift"]
    assert (shift["status"], shift["now"]["escalation_rate"]["value"]) == ("holds", 0)
    assert (shift["escalation_rate_before"], shift["escalation_p_value"], shift["escalation_moved"]) == (None, None, False)
    assert "the promise holds" in run("cascade", path, "--against", tmp_path / "later.jsonl").out


def test_a_chain_of_confidences_the_other_way_round(tmp_path: Path) -> None:
    """Found and said; with --reverse the same chain at thresholds of the opposite sign, a router that knows it, later rows too."""
    calls = chain_calls(3000, 5, ABLE)
    straight = document(write_lines(tmp_path / "calls.jsonl", calls))
    turned = write_lines(tmp_path / "turned.jsonl", [one | {"confidence": 1 - one["confidence"]} for one in calls])
    warned = document(turned)
    assert warned["chosen"] is None
    assert [one is not None and one["reversed"] for one in warned["signals"]] == [True, True, False]
    assert any("the confidence of tiny points the wrong way" in one and "try --reverse" in one for one in warned["warnings"])
    found = document(turned, "--reverse", "--against", turned)
    assert found["chosen"]["models"] == straight["chosen"]["models"]
    # Another split of the rows, because that goes by their content; the same answer all the same.
    assert [1 + one for one in found["chosen"]["thresholds"]] == pytest.approx(straight["chosen"]["thresholds"], abs=0.02)
    assert found["chosen"]["saving"] == pytest.approx(straight["chosen"]["saving"], abs=0.03)
    assert found["shift"]["status"] == "holds"
    assert router(turned, "--reverse")["SIGN"] == -1


def test_each_model_of_a_chain_has_its_own_rule(tmp_path: Path) -> None:
    """Margins of one model and shares of votes of another: the router computes each as it was recorded."""
    rows = [
        {"id": number, **{f"{model}_correct": 0 for model in ABLE}, **{f"{model}_cost": cost for model, cost in COSTS.items()}}
        for number in range(3000)
    ]
    for call in chain_calls(3000, 5, ABLE):
        row = rows[call["id"]]
        row[f"{call['model']}_correct"] = call["correct"]
        if call["model"] != "big":
            row["tiny_margin" if call["model"] == "tiny" else "mid_vote_share"] = call["confidence"]
    module = router(write_lines(tmp_path / "rows.jsonl", rows))
    assert module["MODELS"] == ["tiny", "mid", "big"]
    assert module["RULES"] == [module["margin"], module["vote_share"]]


def test_a_chain_may_hold_confidences_of_minus_infinity(tmp_path: Path) -> None:
    """They are passed on by every threshold; no threshold is −∞ itself, and the texts to paste hold numbers."""
    calls = [one | {"confidence": -math.inf if one["id"] % 4 == 0 else one["confidence"]} for one in chain_calls(3000, 5, ABLE)]
    found = document(write_lines(tmp_path / "calls.jsonl", calls))
    assert all(least is not None for one in found["frontier"] for least in one["thresholds"])
    every = [one | {"confidence": -math.inf} for one in chain_calls(100, 5, ABLE)]
    assert document(write_lines(tmp_path / "every.jsonl", every))["chosen"] is None


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            *[st.tuples(st.sampled_from([0, 0.5, 1]), st.sampled_from([-math.inf, -1.0, 0.5, 1.0]), st.sampled_from([0.0, 1.0, 3.0]))] * 3
        ),
        min_size=2,
        max_size=20,
    ),
    st.booleans(),
)
def test_any_rows_of_a_chain_get_an_answer(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[tuple[float, float, float], ...]], reverse: bool
) -> None:
    """Ties, one class, calls that cost nothing, −∞: no rows make it fail, in any format, with later rows and the other sign."""
    calls = [
        {"id": number, "model": model, "correct": correct, "confidence": confidence, "cost_usd": cost}
        for number, row in enumerate(rows)
        for model, (correct, confidence, cost) in zip(("tiny", "mid", "big"), row, strict=True)
    ]
    path = write_lines(tmp_path_factory.mktemp("any") / "calls.jsonl", calls)
    options = Options(results=path, against=path, reverse=reverse, tolerance_points=40, delta=0.5, config=True, min_saving=0.0)
    for output_format in ("text", "markdown", "csv"):
        assert run_options(replace(options, output_format=output_format)).text
    found = json.loads(run_options(replace(options, output_format="json")).text)
    assert found["verdict"] in ("cascade", "small", "large")
    if not found["promise"]["certified"]:
        assert found["chosen"] is None
    if found["chosen"] is not None:
        assert yaml.safe_load(found["configuration"]["profile_yaml"])
        assert found["shift"] is not None
