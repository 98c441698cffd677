"""Every sum of the report on call logs adds up, whatever the log; and nothing depends on how the log was written."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import traffic_logs as logs
from tests.test_traffic_features import sorter
from tests.test_traffic_formats import document

Row = dict[str, Any]
WORDS = (
    *("account", "card", "parcel", "invoice", "phone", "lamp", "chair", "ticket"),
    *("router", "booking", "refund", "flat", "contract", "tariff", "garden", "window"),
)
TASKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("You sort messages. Answer with the queue only.", ("billing", "returns", "other")),
    ("Say yes if a person must read the message, else no.", ("yes", "no")),
    ("Summarize the message in a sentence.", ()),
    ("You are a friendly assistant who answers at length.", ()),
)
MODELS = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "house-model-9")


def mixture(seed: int, n: int) -> list[Row]:
    """Calls of up to four tasks on models with and without a price, some failed, some without tokens, some with a cost of their own."""
    pick = random.Random(seed)  # noqa: S311  (no secret)
    tasks = pick.sample(TASKS, pick.randint(1, len(TASKS)))
    models = pick.sample(MODELS, pick.randint(1, len(MODELS)))
    unknown = pick.choice((0.0, 0.05, 0.5))
    rows = []
    for k in range(n):
        system, answers = pick.choice(tasks)
        said = " ".join(pick.choice(WORDS) for _ in range(12))
        answer = pick.choice(answers) if answers else " ".join(pick.choice(WORDS) for _ in range(pick.randint(20, 90)))
        call = {
            **logs.calls(1)[0], "k": k, "system": system, "user": said, "answer": answer, "start": logs.START + k * 900,
            "model": pick.choice(models), "read": pick.randint(50, 4000), "wrote": pick.randint(1, 400), "cached": pick.choice((0, 40)),
        }  # fmt: skip
        row = logs.chat_log(call)
        if pick.random() < unknown:
            del row["response"]["usage"]
        elif pick.random() < 0.1:
            row["cost_usd"] = round(pick.random() / 100, 6)
        if pick.random() < 0.03:
            row["response"] = {"error": {"message": "rate limit"}}
        rows.append(row)
    return rows


def bands(value: Any) -> Iterator[Row]:
    """Every low, typical and high in a document, but for what a profile says."""
    if isinstance(value, dict):
        if value.keys() == {"low", "typical", "high"}:
            yield value
        for key, one in value.items():
            if key != "profile":
                yield from bands(one)
    elif isinstance(value, list):
        for one in value:
            yield from bands(one)


def typical(saving: Row | None) -> float:
    """Of a saving that may not be known."""
    return float(saving["typical"]) if saving is not None else 0.0


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), most=st.sampled_from((1, 2, 40)), days=st.sampled_from((None, "0.002", "3", "90")))
def test_every_sum_adds_up(seed: int, most: int, days: str | None, tmp_path: Path) -> None:
    """Groups and long tail are all calls; shares sum to 1; money of groups is the money of the log and of the month."""
    path = logs.write_lines(tmp_path / "l.jsonl", mixture(seed, 240))
    found = document(path, "--groups", str(most), *(("--days", days) if days is not None else ()))
    groups, tail = found["groups"], found["skipped"]["long_tail_calls"]
    assert sum(one["calls"] for one in groups) + tail == found["calls"] == 240
    for key in ("calls", "tokens", "spend"):
        known = [share[key] for share in found["shares"].values() if share[key] is not None]
        assert not known or sum(known) == pytest.approx(1)
    assert found["priced_calls"] + sum(found["unpriced_models"].values()) == found["calls"]
    assert found["priced_coverage"] == pytest.approx(found["priced_calls"] / found["calls"])
    assert sum(one["requests_per_month"]["typical"] for one in groups) <= found["requests_per_month"]["typical"] * (1 + 1e-9)
    if not tail:
        assert sum(one["spend_usd"] or 0.0 for one in groups) == pytest.approx(found["spend_usd"] or 0.0)
        for key in ("input", "output", "cached"):
            assert sum(one["tokens"][key] for one in groups) == found["tokens"][key]
        if all(one["spend_usd_per_month"] is not None for one in groups):
            assert sum(one["spend_usd_per_month"] for one in groups) == pytest.approx(found["spend_usd_per_month"])
    for one in bands(found):
        assert one["low"] <= one["typical"] <= one["high"]
    worth = [one for one in groups if typical(one["saving_usd_per_month"]) > 0]
    assert typical(found["saving_usd_per_month"]) == pytest.approx(sum(typical(one["saving_usd_per_month"]) for one in worth))
    assert found["could_move"]["calls"] + found["already_small"]["calls"] <= 1 + 1e-9
    assert found["stays_small"]["calls"] <= found["already_small"]["calls"]
    for key in ("held_back", "other_large"):
        others = [one[key]["saving_usd_per_month"] for one in groups if one[key] is not None]
        assert typical(found[f"{key}_usd_per_month"]) == pytest.approx(sum(one for one in map(typical, others) if one > 0))


WRITTEN = ("files", "command", "formats", "skipped")
"""Keys that say how a log was written."""


def told(found: Row) -> Row:
    """The report without what says how its log was written."""
    return {key: value for key, value in found.items() if key not in WRITTEN}


def test_a_log_in_two_files_or_in_another_order_is_the_same_log(tmp_path: Path) -> None:
    """Byte for byte, but for the files' names."""
    rows = mixture(7, 300)
    whole = document(logs.write_lines(tmp_path / "whole.jsonl", rows))
    first = logs.write_lines(tmp_path / "first.jsonl", rows[:110])
    assert told(document(first, logs.write_lines(tmp_path / "second.jsonl", rows[110:]))) == told(whole)
    random.Random(3).shuffle(rows)  # noqa: S311  (no secret)
    assert told(document(logs.write_lines(tmp_path / "mixed.jsonl", rows))) == told(whole)


def test_a_log_that_stands_there_twice_is_twice_the_calls(tmp_path: Path) -> None:
    """The same groups with the same shares; twice the calls, tokens and dollars."""
    path = logs.write_lines(tmp_path / "l.jsonl", mixture(11, 300))
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(path.read_bytes())
    once, twice = document(path, "--days", "30"), document(path, copy, "--days", "30")
    assert twice["calls"] == 2 * once["calls"]
    assert twice["tokens"] == {key: 2 * value for key, value in once["tokens"].items()}
    for key in ("spend_usd", "spend_usd_per_month"):
        assert (twice[key] is None) == (once[key] is None)
        assert twice[key] is None or twice[key] == pytest.approx(2 * once[key])
    for one, other in zip(once["groups"], twice["groups"], strict=True):
        assert (other["name"], other["share"], other["calls"]) == (one["name"], one["share"], 2 * one["calls"])
        assert other["spend_usd"] == pytest.approx(2 * one["spend_usd"])


def test_a_saving_is_of_one_month_at_a_time(tmp_path: Path) -> None:
    """Where the bill of an API replaces another, few calls make both small: the saving keeps its sign, whatever the volume."""
    calls = [{**one, "start": logs.START + one["k"] * 86_400 * (1 + one["k"] % 7)} for one in sorter(60)]
    found = document(logs.write_lines(tmp_path / "l.jsonl", [logs.chat_log(one) for one in calls]), "--days", "0.002")
    (group,) = found["groups"]
    saving, share = group["other_large"]["saving_usd_per_month"], group["profile"]["volume"]["uncertainty_share"]
    assert share >= 0.5
    assert saving["low"] == pytest.approx(saving["typical"] * (1 - share), rel=0.01)
    assert saving["high"] == pytest.approx(saving["typical"] * (1 + share), rel=0.01)
