"""A cluster counts like the embedded engine, and one that cannot be reached or used is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import traffic_logs as logs
from tests.running import run
from tests.spark_cluster import spark_cluster
from tests.test_traffic_engines import calls, result
from tests.test_traffic_formats import document

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def master() -> Iterator[str]:
    """A cluster's address."""
    with spark_cluster() as address:
        yield address


def test_a_cluster_gives_the_same(master: str, tmp_path: Path) -> None:
    """Two formats and an odd row: groups, counts, tokens, money and verdicts are the same as those of the embedded engine."""
    half = len(calls()) // 2
    odd = {"request": {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}, "response": {}}
    logs.write_lines(tmp_path / "chat.jsonl", [*map(logs.chat_log, calls()[:half]), odd])
    logs.write_lines(tmp_path / "spend.jsonl", [logs.spend_log(call) for call in calls()[half:]])
    embedded, cluster = document(tmp_path), document(tmp_path, "--engine", "spark", "--spark-master", master)
    assert embedded["calls"] == len(calls()) + 1
    assert {**result(cluster), "files": cluster["files"]} == {**result(embedded), "files": embedded["files"]}


@pytest.mark.parametrize("wrong", ["spark://nohost", "local[x]"])
def test_a_master_that_is_none_is_told(wrong: str, tmp_path: Path) -> None:
    """Exit code 1 and what is expected, without a traceback."""
    path = logs.write_lines(tmp_path / "l.jsonl", [logs.chat_log(call) for call in logs.calls(30)])
    ran = run("traffic", path, "--engine", "spark", "--spark-master", wrong, "--format", "json")
    assert ran.code == 1
    said = json.loads(ran.out)["error"]
    assert wrong in said["message"]
    assert "spark://host:7077" in said["hint"]
    assert "Traceback" not in ran.err
