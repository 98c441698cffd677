"""`slmdecide cascade` with three models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cascade_rows import document, reply, router, write_lines
from tests.running import run


def chain_calls(
    n: int, seed: int, able: dict[str, float], *, sure: bool = True, costs: dict[str, float] | None = None
) -> list[dict[str, Any]]:
    """Calls of models that are right on the easier part of the examples, and know it or do not."""
    random = np.random.default_rng(seed)
    hard = random.random(n)
    dollars = costs or {"tiny": 0.0002, "mid": 0.002, "big": 0.02}
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
        (("--against", "later.csv"), "--against: is for two models; name them with --small and --large"),
        (("--reverse",), "--reverse: is for two models"),
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
