"""The same calls give the same groups, counts and totals on DuckDB, on Apache Spark, and from a PostgreSQL table, streamed or counted."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from slmdecide.traffic.engine import Engine, Looked
from slmdecide.traffic.gather import Gathered, gather
from tests import traffic_logs as logs
from tests.postgres_server import Server, postgres_server
from tests.running import run
from tests.test_traffic_formats import document
from tests.traffic_spend import load

SPARK = ("--engine", "spark", "--spark-master", "local[2]")
N = 1500
"""Calls; enough for templates, labels and duplicates of several tasks."""
_PROSE = "card parcel invoice phone lamp chair late lost broken blue small return please today near station order money shop"
WORDS = _PROSE.split()


def calls() -> list[dict[str, Any]]:
    """Calls of the three tasks, some of them asked twice, a few a minute."""
    found = logs.calls(N)
    return [{**call, "start": logs.START + call["k"] * 20, "user": found[call["k"] - call["k"] // 3 % 2 * 3]["user"]} for call in found]


def result(found: dict[str, Any]) -> dict[str, Any]:
    """What must not depend on where the calls are, and on what counts them."""
    return {name: value for name, value in found.items() if name not in ("files", "formats", "engine", "command", "next_steps")}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server whose LiteLLM table holds the calls."""
    with postgres_server() as made:
        load(made, [logs.spend_log(call) for call in calls()])
        yield made


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The same rows as a file, and what DuckDB makes of them."""
    path = logs.write_lines(tmp_path_factory.mktemp("logs") / "spend.jsonl", [logs.spend_log(call) for call in calls()])
    return path, document(path)


def test_the_calls_are_what_they_should_be(expected: tuple[Path, dict[str, Any]]) -> None:
    """What the engines are compared with has the three tasks, and totals to the cent."""
    found = expected[1]
    assert (found["calls"], found["engine"]) == (N, "duckdb")
    assert sorted((one["nature"], one["labels"], one["calls"]) for one in found["groups"]) == [
        ("classification", 3, N // 3),
        ("extraction", None, N // 3),
        ("translation", None, N // 3),
    ]
    assert found["tokens"]["input"] == sum(call["read"] for call in calls())
    assert found["spend_usd"] == pytest.approx(sum(call["cost"] for call in calls()), abs=1e-9)


@pytest.mark.spark
def test_spark_gives_the_same(expected: tuple[Path, dict[str, Any]]) -> None:
    """Groups, natures, labels, counts, tokens, money and verdicts are the same, to the last digit."""
    found = document(expected[0], *SPARK)
    assert found["engine"] == "spark"
    assert result(found) == result(expected[1])


@pytest.mark.spark
def test_spark_draws_the_same_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a log that is looked at in part, and whose calls are told apart by their times and lengths alone."""
    rows = [{"time": call["k"] * 61 + 0.6, "prompt": call["user"], "answer": call["answer"], "model": "gpt-4o"} for call in logs.calls(N)]
    path = logs.write_lines(tmp_path / "t.jsonl", rows)
    monkeypatch.setattr("slmdecide.traffic.draw._SAMPLE_BYTES", 20_000)
    embedded = document(path, "--examples", tmp_path / "duckdb")
    spark = document(path, "--examples", tmp_path / "spark", *SPARK)
    drawn = [{one.name: one.read_text() for one in (tmp_path / name).iterdir()} for name in ("duckdb", "spark")]
    assert drawn[0] == drawn[1]
    assert json.dumps(result(spark)).replace("/spark/", "/duckdb/") == json.dumps(result(embedded))


@pytest.mark.spark
def test_spark_gives_the_same_for_a_folder_of_all_formats(tmp_path: Path) -> None:
    """Halves of batches are joined, wrapping spans left out and odd lines of chat logs read as the embedded engine does."""
    writers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "chat": logs.chat_log, "in": logs.batch_input, "out": logs.batch_output, "otel": logs.otel, "langfuse": logs.langfuse,
    }  # fmt: skip
    for name, writer in writers.items():
        logs.write_lines(tmp_path / f"{name}.jsonl", [writer(call) for call in logs.calls(60)])
    with (tmp_path / "chat.jsonl").open("a") as stream:
        stream.write(
            'not json\n{"request": {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}, "response": {}}\n'
        )
    embedded, spark = document(tmp_path), document(tmp_path, *SPARK)
    assert embedded["calls"] == 60 * 4 + 1
    assert embedded["skipped"]["bad_lines"] == 1
    assert {**result(spark), "files": spark["files"]} == {**result(embedded), "files": embedded["files"]}


@pytest.mark.postgres
def test_a_table_of_postgresql_gives_the_same(server: Server, expected: tuple[Path, dict[str, Any]]) -> None:
    """LiteLLM's table, where it lives, is read like a file of its rows; the password stands nowhere."""
    ran = run("traffic", "--from", server.address, "--format", "json")
    assert ran.code == 0, ran.err + ran.out
    found = json.loads(ran.out)
    assert found["formats"] == {"litellm": N}
    assert result(found) == result(expected[1])
    assert server.password not in ran.out + ran.err
    assert f"127.0.0.1:{server.port}" in found["files"][0]["file"]


@pytest.mark.postgres
def test_postgresql_counts_the_same(server: Server, expected: tuple[Path, dict[str, Any]]) -> None:
    """The database groups and counts its own rows, with the result that streaming them has; the password stands nowhere."""
    ran = run("traffic", "--from", server.address, "--engine", "postgres", "--format", "json")
    assert ran.code == 0, ran.err + ran.out
    found = json.loads(ran.out)
    assert (found["engine"], found["formats"]) == ("postgres", {"litellm": N})
    assert result(found) == result(expected[1])
    assert server.password not in ran.out + ran.err


@pytest.mark.spark
@pytest.mark.postgres
def test_postgresql_and_spark_together(server: Server, expected: tuple[Path, dict[str, Any]]) -> None:
    """A table can be counted on a cluster."""
    assert result(document("--from", server.address, *SPARK)) == result(expected[1])


@pytest.mark.postgres
def test_what_a_database_does_not_have_is_refused_without_a_password(server: Server) -> None:
    """A wrong table, a wrong password, a dead port: one line each, with what is right, and never the password."""
    wrong = server.address.replace(server.password, "wr0ng-secret")
    for address, code, said in (
        (server.address, 2, "LiteLLM_SpendLogs"),
        (wrong, 1, "password"),
        (wrong.replace(str(server.port), "1"), 1, "1"),
    ):
        options = ("--table", "LiteLLM_SpendLog") if address == server.address else ()
        ran = run("traffic", "--from", address, *options)
        assert ran.code == code, ran.err
        assert said in ran.err
        assert not any(secret in ran.err + ran.out for secret in (server.password, "wr0ng-secret"))
        assert "Traceback" not in ran.err


@pytest.mark.postgres
def test_reading_a_table_changes_nothing_and_needs_no_right_to_write(server: Server) -> None:
    """A user who may only read is enough."""
    with server.connect() as connection:
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'reads'")
        connection.execute('GRANT SELECT ON "LiteLLM_SpendLogs" TO reader')
    found = document("--from", f"postgresql://reader:reads@127.0.0.1:{server.port}/postgres")
    assert found["calls"] == N


@pytest.mark.parametrize("address", ["mysql://user:secret@host/db", "host/db", "postgresql://u:secret@host:port/db"])
def test_another_address_is_refused(address: str) -> None:
    """--from takes addresses of PostgreSQL; the message does not repeat a password."""
    ran = run("traffic", "--from", address)
    assert ran.code == 2
    assert "postgresql://user@host:5432/database" in ran.err
    assert "secret" not in ran.err


def test_something_to_read_must_be_named() -> None:
    """Neither logs nor a database: exit code 2."""
    ran = run("traffic")
    assert ran.code == 2
    assert "--from" in ran.err


def test_spark_without_java_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1 and what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    ran = run("traffic", logs.write_lines(tmp_path / "l.jsonl", [logs.chat_log(call) for call in logs.calls(30)]), "--engine", "spark")
    assert ran.code == 1
    assert "Java" in ran.err


def test_an_engine_that_cannot_go_on_says_so_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little memory, and no room to put anything aside: exit code 1, no traceback."""
    monkeypatch.setattr("slmdecide.traffic.backend.MEMORY", "3MB")
    rows = [logs.chat_log({**call, "answer": str(call["k"]) * 20}) for call in logs.calls(6000)]
    ran = run("traffic", logs.write_lines(tmp_path / "l.jsonl", rows))
    assert ran.code == 1
    assert "duckdb could not go on" in ran.err
    assert "Traceback" not in ran.err


def varied(n: int) -> list[dict[str, Any]]:
    """Calls of the three tasks whose texts are of words in any order, as people's are."""
    pick = random.Random(1)  # noqa: S311  (no secret)
    found = []
    for call in logs.calls(n):
        text = " ".join(pick.choice(WORDS) for _ in range(pick.randint(6, 14)))
        found.append({**call, "user": text if call["k"] % 3 < 2 else f"Translate the following message into French: {text}"})
    return found


def drawn_from(path: Path, n_bytes: float, folder: Path) -> tuple[Gathered[None], Looked]:
    """What comes of a log that is taken to be so large."""
    folder.mkdir()
    with closing(Engine(folder, n_bytes)) as engine:
        looked = engine.look([path])
    with closing(Engine(folder, n_bytes)) as engine:
        return gather(engine, [path], folder, None, strict=False, tell=lambda _: None, with_sample=lambda: None), looked


def test_a_sample_gives_the_groups_that_all_calls_give(tmp_path: Path) -> None:
    """Of a large log a share is looked at; counts, tokens and labels are still those of all calls."""
    path = logs.write_lines(tmp_path / "l.jsonl", [logs.chat_log(call) for call in varied(6000)])
    (whole, _), (part, _) = (drawn_from(path, size, tmp_path / name) for size, name in ((1, "whole"), (4e8, "part")))
    counts = [[(one.key, one.calls, one.input_tokens, one.labels) for one in found.counted.groups] for found in (whole, part)]
    assert counts[0] == counts[1]
    assert [one[1] for one in counts[0]] == [2000, 2000, 2000]


def test_odd_rows_that_no_sample_holds_are_read_and_counted(tmp_path: Path) -> None:
    """A row that the engine cannot read by itself, and so rare that it was not drawn, is a call like any other."""
    plain = [logs.chat_log(call) for call in varied(3000)]
    parts = [{"role": "user", "content": [{"type": "text", "text": "Translate the following message into French: moon"}]}]
    odd = {**plain[5], "request": {**plain[5]["request"], "messages": parts}}
    path = logs.write_lines(tmp_path / "l.jsonl", [*plain[:1500], odd, *plain[1500:]])
    found, looked = drawn_from(path, 4e9, tmp_path / "run")
    assert not looked.mixed
    assert sum(one.calls for one in found.counted.groups) == 3001
    assert {one.calls for one in found.counted.groups} == {1000, 1001}
    assert found.account.files[0].formats == {"chat_log": 3001}
