"""What `slmdecide cascade` prints: the report, all points, and texts to act on that run."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cascade_rows import document, knowing_rows, long_rows, reply, router, write_csv, write_lines
from tests.running import run


@pytest.fixture
def knowing(tmp_path: Path) -> Path:
    """2,000 examples of a small model that knows what it knows."""
    return write_csv(tmp_path / "knowing.csv", knowing_rows(2000))


def test_all_points_are_in_the_json_and_end_in_null(knowing: Path) -> None:
    """One per confidence and one that escalates everything, whose threshold is no number; the frontier is a part of them."""
    found = document(knowing)
    points = found["points"]
    assert len(points) == found["signal"]["distinct"] + 1
    assert points[0].keys() == {"threshold", "n_escalated", "n_correct", "accuracy", "cost_usd"}
    assert (points[0]["n_escalated"], points[-1]["n_escalated"], points[-1]["threshold"]) == (0, 2000, None)
    assert points[0]["n_correct"] == found["small"]["correct"]
    assert points[-1]["n_correct"] == found["large"]["correct"]
    assert points[-1]["cost_usd"] == pytest.approx(found["small"]["cost_usd"] + found["large"]["cost_usd"])
    thresholds = [one["threshold"] for one in points[:-1]]
    assert thresholds == sorted(thresholds)
    assert all(one in points for one in found["frontier"])
    assert len(document(knowing, "--points", 7)["points"]) == 7


@pytest.mark.parametrize("output_format", ["text", "markdown"])
def test_the_report_for_people(knowing: Path, output_format: str) -> None:
    """The verdict first, the threshold in full, both models alone, what is only in sample, and how columns were read."""
    out = run("cascade", knowing, "--format", output_format).out
    threshold = str(document(knowing)["chosen"]["threshold"])
    for words in ("small and large: cascade", threshold, "if one knew which is right", "guessed from its name", "not what will be"):
        assert words in out.replace("\\_", "_")
    assert max(map(len, run("cascade", knowing).out.splitlines())) <= 100


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--question", "risk"), "risk among kept answers: at most 5 % wrong, broken with a probability of at most 10 %"),
        (("--max-cost-per-1000", "1"), "cost per request: at most $0.001"),
        (("--delta", "0.001"), "broken with a probability of at most 0.1 %"),
        (("--against", "knowing.csv"), "Later rows answer the promise holds"),
        (("--config",), "Lines for the task profile"),
        (("--min-saving", "0.9"), "a saving of 90 % is asked for (--min-saving)"),
    ],
)
def test_what_was_asked_stands_in_the_report(
    knowing: Path, arguments: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question, the error, later rows, the texts to paste."""
    monkeypatch.chdir(knowing.parent)
    assert words in " ".join(run("cascade", knowing, *arguments).out.split())


def test_the_report_on_few_or_unpriced_rows(tmp_path: Path) -> None:
    """How many rows are needed; what is not known is a dash; there is nothing to configure for a single model."""
    rows = [{key: value for key, value in row.items() if not key.endswith(("_cost", "_ms"))} for row in knowing_rows(60)]
    out = " ".join(run("cascade", write_csv(tmp_path / "rows.csv", rows), "--config").out.split())
    assert "not certified" in out
    assert "needed about" in out
    assert "are not recorded: calls of the large model are counted in place of USD" in out
    assert "There is nothing to configure: the answer is a single model." in out


def test_csv_has_a_row_per_point(knowing: Path) -> None:
    """An infinite threshold is an empty cell."""
    rows = list(csv.DictReader(io.StringIO(run("cascade", knowing, "--format", "csv").out)))
    assert len(rows) == len(document(knowing)["points"])
    assert (rows[-1]["threshold"], rows[-1]["n_escalated"]) == ("", "2000")


def test_the_router_runs_and_keeps_what_the_rule_keeps(knowing: Path) -> None:
    """It asks the small model, sums the spellings of a label, and asks the large one under the threshold."""
    module = router(knowing)
    threshold = document(knowing)["chosen"]["threshold"]
    assert module["MODELS"] == ["small", "large"]
    assert module["THRESHOLDS"] == [threshold]
    asked = []

    def complete(probability: float) -> Any:
        def completion(model: str, **_: object) -> Any:
            asked.append(model)
            return reply(model, {"A": probability / 2, " A": probability / 2, "B": 0.0})

        return completion

    assert module["answer"]([], complete(threshold + 1e-9)) == ("small", "small")
    assert module["answer"]([], complete(threshold * 0.99)) == ("large", "large")
    assert asked == ["small", "small", "large"]


def test_the_router_has_the_margin_rule_for_margins(tmp_path: Path) -> None:
    """Rows with margins give a rule on the difference of the two likeliest labels."""
    rows = [{("small_margin" if key == "small_confidence" else key): value for key, value in row.items()} for row in knowing_rows(2000)]
    module = router(write_csv(tmp_path / "rows.csv", rows), "--small", "tiny")
    for tokens, margin in (({"A": 0.7, "B": 0.25}, 0.45), ({"A": 0.7}, 0.7), ({}, 0.0)):
        text, found = module["margin"]("tiny", [], lambda tokens=tokens, **_: reply("x", tokens))
        assert (text, found) == ("x", pytest.approx(margin))


def test_the_router_asks_as_often_as_votes_are_counted(tmp_path: Path) -> None:
    """Rows with vote shares give a rule that samples, and takes the answer that most samples give."""
    rows = [{("small_vote_share" if key == "small_confidence" else key): value for key, value in row.items()} for row in knowing_rows(2000)]
    module = router(write_csv(tmp_path / "rows.csv", rows))
    assert module["RULES"] == [module["vote_share"]]
    answers = iter(["a", "b", "b", "b", "c"])
    assert module["vote_share"]("small", [], lambda **_: reply(next(answers), {})) == ("b", 0.6)


def test_the_router_does_not_make_up_how_a_score_was_made(tmp_path: Path) -> None:
    """A score that is no probability, margin or share: the rule says that it is to be filled in, in place of a wrong one."""
    rows = [row | {"small_confidence": 100 * row["small_confidence"] - 20} for row in knowing_rows(2000)]
    path = write_csv(tmp_path / "rows.csv", rows)
    assert document(path)["signal"]["rule"] == "score"
    module = router(path)
    with pytest.raises(NotImplementedError, match="neither probabilities"):
        module["answer"]([], lambda **_: reply("x", {"A": 1.0}))


def test_the_lines_for_the_profile_are_yaml(knowing: Path) -> None:
    """A section with the two models, the threshold, what is passed on, and the promise."""
    found = document(knowing, "--small", 'a"b: #', "--large", "org/large:1")
    chosen, section = found["chosen"], yaml.safe_load(found["configuration"]["profile_yaml"])
    assert section.keys() == {"cascade"}
    assert section["cascade"] == {
        "small": 'a"b: #',
        "large": "org/large:1",
        "threshold": chosen["threshold"],
        "confidence": "probability",
        "escalation_share": chosen["escalation_rate"]["value"],
        "escalation_low": chosen["escalation_rate"]["low"],
        "escalation_high": chosen["escalation_rate"]["high"],
        "tolerance": 2,
        "delta": 0.1,
        "n": 2000,
        "source": "knowing.csv",
    }
    assert "tolerance" not in yaml.safe_load(document(knowing, "--question", "risk")["configuration"]["profile_yaml"])["cascade"]


def test_a_profile_with_these_lines_is_valid(knowing: Path, tmp_path: Path) -> None:
    """Appended to a profile, they pass `slmdecide validate`, and assess takes the threshold."""
    lines = document(knowing, "--small", "gpt-4o-mini", "--large", "gpt-4o")["configuration"]["profile_yaml"]
    profile = tmp_path / "task.yaml"
    profile.write_text(
        "name: Sorting\nnature: classification\ntask: {labels: [a, b, c]}\n"
        f"volume: {{requests_per_month: 1000, input_tokens: 100, output_tokens: 3}}\n{lines}",
        encoding="utf-8",
    )
    ran = run("validate", profile)
    assert (ran.code, ran.err) == (0, ""), ran.err
    profile.write_text(profile.read_text(encoding="utf-8").replace("threshold:", "treshold:"), encoding="utf-8")
    assert run("validate", profile).code == 2


def test_names_cannot_break_out(knowing: Path) -> None:
    """A model whose name is code stays a name: in the router, in Markdown, on a terminal."""
    evil = '"""\nimport os\n\x1b[31m<script>'
    module = router(knowing, "--small", evil)
    assert module["MODELS"][0] == evil
    assert "os" not in module
    for output_format in ("text", "markdown"):
        ran = run("cascade", knowing, "--small", evil, "--format", output_format, "--config")
        assert "\x1b" not in ran.out
    assert "<script>" not in run("cascade", knowing, "--small", evil, "--format", "markdown").out


def test_a_file_of_calls_gives_the_report_of_the_file_of_examples(tmp_path: Path, knowing: Path) -> None:
    """One row per call or one per example: the same points, promise and verdict."""
    found, expected = document(write_lines(tmp_path / "calls.jsonl", long_rows(knowing_rows(2000)))), document(knowing)
    for key in ("n", "points", "frontier", "promise", "chosen", "verdict", "comparison"):
        assert found[key] == expected[key], key


def test_help_says_what_is_out_of_scope() -> None:
    """A router that picks one model for each request is something else."""
    assert "out of scope" in " ".join(run("cascade", "--help").out.split())
