"""A small probe against the server of `fault_server`, as a user would run it."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from unittest.mock import patch

from tests.fault_server import Asked, Server, serving
from tests.running import Ran, run

if TYPE_CHECKING:
    from pathlib import Path

Road = Literal["own", "litellm"]
ROADS: tuple[Road, ...] = ("own", "litellm")
LABELS = ("alpha", "beta", "gamma")
PROFILE = """name: Sorting
nature: classification
task: {labels: [alpha, beta, gamma]}
volume: {requests_per_month: 1000, input_tokens: 100, output_tokens: 3}
quality: {floor: 0.8}
"""
PRICE = (1.0, 2.0)


def number_of(asked: Asked) -> int:
    """The number in the example's text."""
    found = re.search(r"number (\d+)", " ".join(one["content"] for one in asked.body["messages"]))
    assert found is not None
    return int(found[1])


def right(asked: Asked) -> str:
    """The code of the right label."""
    return "ABC"[number_of(asked) % 3]


def mostly_right(share: float) -> Any:
    """An answer that is right on that share of the examples, spread evenly over labels."""
    tenths = round(10 * share)
    return lambda asked: right(asked) if number_of(asked) // 3 % 10 < tenths else "ABC"[(number_of(asked) + 1) % 3]


@dataclass
class Case:
    """Files in a folder, and a server."""

    folder: Path
    server: Server
    n: int = 60
    profile: str = PROFILE
    models: tuple[str, ...] = ("small",)
    prices: dict[str, tuple[float, float]] = field(default_factory=dict)
    priced: bool = True
    road: Road = "own"
    """Whether the server is asked by its address, or by litellm as if it were a provider's."""

    def __post_init__(self) -> None:
        self.write()
        self.server.prices = {**dict.fromkeys(self.models, PRICE), **self.prices}

    def write(self) -> None:
        """Write profile and examples."""
        (self.folder / "task.yaml").write_text(self.profile, encoding="utf-8")
        rows = [{"id": f"e{i}", "input": f"text number {i}", "expected": LABELS[i % 3]} for i in range(self.n)]
        (self.folder / "examples.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")

    @property
    def run_file(self) -> Path:
        """The run file."""
        return self.folder / "run.jsonl"

    def arguments(self, *more: object) -> list[str]:
        """The command line without `slmdecide`."""
        given = ["probe", self.folder / "task.yaml", "--examples", self.folder / "examples.jsonl", "--run", self.run_file]
        for model in self.models:
            usd_in, usd_out = self.server.prices.get(model, PRICE)
            name = model if self.road == "own" else f"openai/{model}"
            given += ["--model", f"{name}={self.server.url}" if self.road == "own" else name]
            given += ["--price", f"{name}={usd_in}/{usd_out}"] if self.priced else []
        return [str(one) for one in (*given, *more)]

    def probe(self, *more: object) -> Ran:
        """What the command leaves, the server answering meanwhile."""
        with serving(self.server), patch.dict(os.environ, {"OPENAI_BASE_URL": self.server.url} if self.road == "litellm" else {}):
            return run(*self.arguments(*more))

    def document(self, *more: object) -> dict[str, Any]:
        """The JSON report."""
        done = self.probe(*more, "--format", "json")
        assert done.out, done.err
        found: dict[str, Any] = json.loads(done.out)
        return found

    def rows(self) -> list[dict[str, Any]]:
        """The lines of the run file."""
        return [json.loads(line) for line in self.run_file.read_bytes().splitlines()]
