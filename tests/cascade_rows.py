"""Synthetic recorded answers with a known truth, for the tests of cascades."""

from __future__ import annotations

import csv
import json
import math
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from slmdecide.cascade.columns import Pair
from tests.running import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def pair(
    confidence: Sequence[float],
    small: Sequence[float],
    large: Sequence[float],
    small_cost: Sequence[float] | float | None = 1.0,
    large_cost: Sequence[float] | float | None = 10.0,
) -> Pair:
    """A pair from plain numbers; one cost for all rows, or one for each."""
    n = len(confidence)

    def column(values: Sequence[float] | float | None) -> Any:
        return None if values is None else np.broadcast_to(np.asarray(values, dtype=np.float64), n).copy()

    return Pair(
        confidence=np.asarray(confidence, dtype=np.float64),
        small_correct=np.asarray(small, dtype=np.float64),
        large_correct=np.asarray(large, dtype=np.float64),
        small_cost_usd=column(small_cost),
        large_cost_usd=column(large_cost),
    )


def knowing_rows(n: int, seed: int = 0, *, sure: bool = True, reverse: bool = False) -> list[dict[str, Any]]:
    """Rows, one per example, of a small model that is right on the easier 70 % and of a large one that is right on 90 % of all.

    The small model knows which are the easier ones (`sure`), does not (its confidence is drawn at random), or says the opposite.
    """
    random = np.random.default_rng(seed)
    easy = random.random(n)
    confidence = (1 - easy if sure else random.random(n)).round(6)
    if reverse:
        confidence = (1 - confidence).round(6)
    return [
        {
            "id": f"q{place}",
            "small_correct": int(easy[place] < 0.7),
            "large_correct": int(random.random() < 0.9 or easy[place] < 0.5),
            "small_confidence": float(confidence[place]),
            "small_cost": 0.0001,
            "large_cost": 0.002,
            "small_latency_ms": 200 + place % 7,
            "large_latency_ms": 900 + place % 11,
        }
        for place in range(n)
    ]


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """The rows as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """The rows as JSON lines; NaN and infinities as Python's json writes them."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def long_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same with one row per call, all calls of the large model first and backwards."""
    calls = []
    for model in ("large", "small"):
        for row in reversed(rows) if model == "large" else rows:
            call: dict[str, Any] = {"id": row["id"], "model": model, "correct": row[f"{model}_correct"], "cost_usd": row[f"{model}_cost"]}
            call["confidence"] = row.get(f"{model}_confidence", 0.5)
            call["latency_ms"] = row[f"{model}_latency_ms"]
            calls.append(call)
    return calls


def document(path: Path, *arguments: object) -> dict[str, Any]:
    """The JSON of `slmdecide cascade`, which must have gone well."""
    ran = run("cascade", path, *arguments, "--format", "json")
    assert ran.code == 0, ran.err + ran.out
    found: dict[str, Any] = json.loads(ran.out, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    return found


def router(path: Path, *arguments: object) -> dict[str, Any]:
    """What the module that --config prints defines."""
    module: dict[str, Any] = {}
    exec(document(path, *arguments)["configuration"]["router_python"], module)  # noqa: S102  (that it runs is what is tested)
    return module


def reply(text: str, tokens: dict[str, float]) -> Any:
    """A response as litellm gives it."""
    top = [SimpleNamespace(token=token, logprob=math.log(p) if p else -math.inf) for token, p in tokens.items()]
    logprobs = SimpleNamespace(content=[SimpleNamespace(top_logprobs=top)])
    return SimpleNamespace(choices=[SimpleNamespace(message=SimpleNamespace(content=text), logprobs=logprobs)])
