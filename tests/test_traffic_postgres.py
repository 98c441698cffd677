"""`--engine postgres`: the database groups and counts its own rows, with the result that streaming them has."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Timer
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdecide.traffic.engine import Engine
from slmdecide.traffic.masks import masked
from slmdecide.traffic.match import check_of
from slmdecide.traffic.postgres import Source, database
from slmdecide.traffic.spend_table import SpendTable
from tests import traffic_logs as logs
from tests.postgres_server import Server, postgres_server
from tests.running import run
from tests.test_traffic_engines import result, varied
from tests.test_traffic_formats import document
from tests.test_traffic_masks import TEXTS
from tests.traffic_spend import StrangeRows, as_stored, load

pytestmark = pytest.mark.postgres
ENGINE = ("--engine", "postgres")
_NASTY = (
    "it's \"quoted\" \\ back\\\\slash", "100 % of %s and %(name)s", "^.*$ (a|b)[c]{2} \\d+ ?", "🙂 family 👩‍👩‍👧 café",
    "שלום \u202eabc\u202c عربي", "'; DROP TABLE calls; --", "tab\tand\nline\r\nbreaks", "\x0b\u00a0\u3000", "$1 $$ {} {{x}} ?? :name",
    "a" * 25_000, "</script>&amp;", "\ufeffx",
)  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """An empty server."""
    with postgres_server() as made:
        yield made


def row(call: dict[str, Any], *before: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A call as LiteLLM writes it today, with earlier messages before its last one."""
    *told, last = logs.messages(call)
    request = {"model": call["model"], "messages": [*told, *before, last], "temperature": call["k"] % 3 / 10}
    stored = {"messages": {}, "proxy_server_request": request, "response": logs.completion(call), "metadata": {}, "request_tags": []}
    # Answers take different times, so that percentiles lie between two of them.
    took = {"request_duration_ms": 400 + call["k"] * 7919 % 6007}
    return as_stored({**logs.spend_log(call), **stored, **took, "litellm_call_id": f"l{call['k']}", **more})


def _turns(call: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": "one moment"}, {"role": "assistant", "content": "yes?"}] * (call["k"] % 3)


def _tools(call: dict[str, Any]) -> dict[str, Any]:
    function = {"name": "find", "arguments": json.dumps({"q": call["user"], "n": call["k"]}, ensure_ascii=False)}
    said, called = logs.completion(call), [{"id": "c", "type": "function", "function": function}]
    if call["k"] % 4 == 0:
        said["choices"][0]["message"] = {"role": "assistant", "content": None, "tool_calls": called}
    return {"response": said}


def _mixes() -> dict[str, list[dict[str, Any]]]:
    calls = varied(360)
    pick = random.Random(5)  # noqa: S311  (no secret)
    nasty = [{**call, "user": f"{pick.choice(_NASTY)} {call['user']}", "answer": pick.choice((*_NASTY, call["answer"]))} for call in calls]
    strange = StrangeRows(7, 0.5)
    return {
        "texts, several turns and calls of tools": [row(call, *_turns(call), **_tools(call)) for call in calls],
        "no texts, unpriced and failed calls, hits of a cache": [
            row(
                {**call, "model": ("gpt-4o", "some-model")[call["k"] % 2]},
                proxy_server_request={},
                response={},
                spend=0.0 if call["k"] % 2 else call["cost"],
                cache_hit="True" if call["k"] % 5 == 0 else "False",
                status="failure" if call["k"] % 7 == 0 else "success",
                call_type="aembedding" if call["k"] % 11 == 0 else "acompletion",
            )
            for call in calls
        ],
        "agents, and names of tasks": [
            row(call, session_id=f"s{call['k'] // 3}", request_tags=["User-Agent: x", ("sort", "extract", "translate")[call["k"] % 3]])
            for call in calls
        ],
        "nasty texts": [row(call) for call in nasty],
        "strange rows": [*(row(call) for call in calls), *(strange.row(k) for k in range(1, 200))],
    }


@pytest.mark.parametrize(("number", "name"), list(enumerate(_mixes())))
def test_counting_there_gives_what_counting_here_gives(server: Server, number: int, name: str, tmp_path: Path) -> None:
    """Groups, natures, labels, counts, tokens, money, percentiles and chains, to the last digit; and the same examples."""
    table = load(server, _mixes()[name], f"mix_{number}")
    asked = ("--from", server.address, "--table", table)
    here = document(*asked, "--examples", tmp_path / "here", "--show-text")
    there = document(*asked, *ENGINE, "--examples", tmp_path / "there", "--show-text")
    told = {**result(here), "formats": here["formats"], "files": here["files"]}
    assert {**result(there), "formats": there["formats"], "files": there["files"]} == json.loads(
        json.dumps(told).replace(str(tmp_path / "here"), str(tmp_path / "there"))
    )
    written = [{one.name: one.read_text() for one in sorted((tmp_path / where).rglob("*.*"))} for where in ("here", "there")]
    assert written[0] == written[1]
    assert there["calls"] > 300


@pytest.mark.parametrize("rare", [False, True])
def test_a_sample_of_a_large_table_is_the_same_one(server: Server, monkeypatch: pytest.MonkeyPatch, *, rare: bool) -> None:
    """Of a large table a share is looked at; rows that the database cannot read are counted, also where none of them was drawn."""
    monkeypatch.setattr("slmdecide.traffic.draw._SAMPLE_BYTES", 200_000)
    rows = [row(call) for call in varied(2400)]
    parts = [{"role": "user", "content": [{"type": "tool_result", "content": "three"}]}]
    for k in (7,) if rare else range(0, 2400, 5):
        rows[k] = row(varied(k + 1)[k], proxy_server_request={"messages": parts})
    table = load(server, rows, f"large_{rare}".lower())
    asked = ("--from", server.address, "--table", table)
    there = document(*asked, *ENGINE)
    assert result(there) == result(document(*asked))
    assert (there["calls"], there["formats"]) == (2400, {"litellm": 2400})


def test_only_a_sample_and_sums_leave_the_database(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Far fewer rows are fetched than there are: the sample, and one for each group, model, label or day."""
    monkeypatch.setattr("slmdecide.traffic.draw._SAMPLE_BYTES", 100_000)
    table = load(server, [row({**call, "answer": ("billing", "returns")[call["k"] % 2]}) for call in varied(3000)], "bounded")
    fetched = []
    from psycopg import Cursor  # noqa: PLC0415  (of an extra: tests are collected without it)

    class Counting(Cursor[Any]):
        def fetchall(self) -> list[Any]:
            found = super().fetchall()
            fetched.append(len(found))
            return found

    monkeypatch.setattr("psycopg.connection.Cursor", Counting)
    assert document("--from", server.address, "--table", table, *ENGINE)["calls"] == 3000
    assert 0 < sum(fetched) < 1000


def test_nothing_stays_in_the_database(server: Server) -> None:
    """Tables and views are temporary, and what they are made in is never committed."""
    table = load(server, [row(call) for call in varied(60)], "clean")
    asked = "SELECT oid, relname FROM pg_class WHERE relkind IN ('r', 'v', 'i', 'S') ORDER BY oid"
    with server.connect(autocommit=True) as connection:
        before = connection.execute(asked).fetchall()
        document("--from", server.address, "--table", table, *ENGINE)
        assert connection.execute(asked).fetchall() == before


def role(server: Server, name: str, *more: str) -> str:
    """The address of a new user who may read all tables. `more`: statements."""
    with server.connect() as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 's3cret'")
        for schema in connection.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information)'").fetchall():
            connection.execute(f'GRANT USAGE ON SCHEMA "{schema[0]}" TO {name}')
            connection.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema[0]}" TO {name}')
        for statement in more:
            connection.execute(statement)
    return f"postgresql://{name}:s3cret@127.0.0.1:{server.port}/postgres"


def test_a_user_who_may_put_nothing_aside_is_told_what_to_leave_out(server: Server) -> None:
    """No right to temporary tables, or to write at all: exit code 1, one line; streaming works for both."""
    table = load(server, [row(call) for call in varied(60)], "rights")
    reader = role(server, "reader", "ALTER ROLE reader SET default_transaction_read_only = on")
    no_temp = role(server, "no_temp", "REVOKE TEMP ON DATABASE postgres FROM PUBLIC")
    for address, why in ((reader, "may only read"), (no_temp, "may not create temporary tables")):
        ran = run("traffic", "--from", address, "--table", table, *ENGINE)
        assert (ran.code, ran.out) == (1, "")
        assert why in ran.err
        assert "leave --engine postgres out" in ran.err
        assert "s3cret" not in ran.err
        assert document("--from", address, "--table", table)["calls"] == 60


def test_a_user_who_may_read_and_has_temporary_tables_is_enough(server: Server) -> None:
    """No right to write to any table is needed."""
    table = load(server, [row(call) for call in varied(60)], "enough")
    address = role(server, "temp_only", "GRANT TEMP ON DATABASE postgres TO temp_only")
    assert document("--from", address, "--table", table, *ENGINE)["calls"] == 60


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DROP COLUMN spend", "no column spend"),
        ("ADD COLUMN trace_id text", "a column trace_id"),
        ("ALTER COLUMN spend TYPE numeric", "spend is numeric"),
        ("ALTER COLUMN response TYPE json", "response is json; jsonb is expected"),
    ],
)
def test_a_table_that_is_not_litellms_is_refused(server: Server, change: str, said: str, request: pytest.FixtureRequest) -> None:
    """Exit code 2 with what differs, before anything is read."""
    schema = f"other_{request.node.callspec.indices['change']}"
    table = load(server, [], schema)
    with server.connect() as connection:
        connection.execute(f'ALTER TABLE "{schema}"."LiteLLM_SpendLogs" {change}')
    ran = run("traffic", "--from", server.address, "--table", table, *ENGINE)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "leave --engine postgres out" in ran.err


def test_an_older_table_without_some_columns_is_read(server: Server) -> None:
    """What a version of LiteLLM has not is not known."""
    table = load(server, [row(call) for call in varied(60)], "older")
    names = ("request_duration_ms", "session_id", "agent_id", "litellm_call_id", "status", "model_group")
    with server.connect() as connection:
        connection.execute(f'ALTER TABLE older."LiteLLM_SpendLogs" {", ".join(f"DROP COLUMN {name}" for name in names)}')
    asked = ("--from", server.address, "--table", table)
    assert result(document(*asked, *ENGINE)) == result(document(*asked))


def test_a_table_in_partitions_is_sampled_by_its_whole_size(server: Server) -> None:
    """What holds no rows itself is as large as its parts."""
    load(server, [row(call) for call in varied(600)], "parts")
    with server.connect() as connection:
        connection.execute("CREATE SCHEMA divided")
        connection.execute('CREATE TABLE divided."LiteLLM_SpendLogs" (LIKE parts."LiteLLM_SpendLogs") PARTITION BY HASH (request_id)')
        for k in range(2):
            part = f'divided."LiteLLM_SpendLogs" FOR VALUES WITH (MODULUS 2, REMAINDER {k})'
            connection.execute(f"CREATE TABLE divided.part_{k} PARTITION OF {part}")
        connection.execute('INSERT INTO divided."LiteLLM_SpendLogs" SELECT * FROM parts."LiteLLM_SpendLogs"')
    sizes = []
    for table in ("parts.LiteLLM_SpendLogs", "divided.LiteLLM_SpendLogs"):
        with closing(Source(database(server.address, table))) as source:
            sizes.append(source.size())
    assert sizes[1] == pytest.approx(sizes[0], rel=0.3)
    assert document("--from", server.address, "--table", "divided.LiteLLM_SpendLogs", *ENGINE)["calls"] == 600


def test_an_empty_table_is_told(server: Server) -> None:
    """Exit code 2, as for a file without calls."""
    ran = run("traffic", "--from", server.address, "--table", load(server, [], "empty"), *ENGINE)
    assert ran.code == 2
    assert "no call of a model was found" in ran.err


def test_a_server_that_goes_away_is_told_in_one_line(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1 and what to try, no traceback."""
    table = load(server, [row(call) for call in varied(60)], "gone")
    plan = Engine.plan

    def end_all(engine: Engine) -> None:
        with server.connect() as connection:
            others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'gateway'"
            connection.execute(f"SELECT pg_terminate_backend(pid) {others}")
        plan(engine)

    monkeypatch.setattr(Engine, "plan", end_all)
    ran = run("traffic", "--from", server.address, "--table", table, *ENGINE)
    assert (ran.code, ran.out) == (1, "")
    assert "postgres could not go on" in ran.err
    assert "Traceback" not in ran.err


def test_what_is_counted_can_be_interrupted(server: Server) -> None:
    """From another thread, as Ctrl-C does."""
    with closing(Source(database(server.address, load(server, [], "slow")), counts=True)) as source:
        backend = SpendTable(source).backend()
        with pytest.raises(backend.errors):
            source.connection.execute("SELECT 1/0")
        source.connection.rollback()
        Timer(0.2, backend.interrupt).start()
        with pytest.raises(backend.errors, match="cancel"):
            source.connection.execute("SELECT pg_sleep(30)")


@given(TEXTS, st.sampled_from(_NASTY), TEXTS)
@settings(max_examples=150, deadline=None)
def test_patterns_mean_the_same_in_python_in_duckdb_and_in_postgresql(connection: Any, text: str, nasty: str, other: str) -> None:
    """Checks that the masks of a text make hold for the same texts everywhere."""
    words = masked(text)
    if not words:
        return
    texts = [text, other, f"{text}{other}", f"{other}{text}", f"{nasty}\n{text}", f"{text} {nasty}", nasty]
    asked = 'SELECT array_agg((t COLLATE "C") ~ %s ORDER BY n) FROM unnest(%s::text[]) WITH ORDINALITY AS u(t, n)'
    for check in (check_of(words, at, ["another text"]) for at in ("whole", "begin", "end")):
        here = [check.holds(one) for one in texts]
        assert connection.execute(asked, [check.pattern, texts]).fetchone()[0] == here
        assert [duckdb.execute("SELECT regexp_matches(?, ?)", [one, check.pattern]).fetchall()[0][0] for one in texts] == here


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[Any]:
    """An open connection to the server."""
    with server.connect() as made:
        yield made


def test_sums_and_means_are_those_of_the_embedded_engine(connection: Any) -> None:
    """Halves are rounded alike, whole numbers add up to whole ones, means have the same last digit."""
    import ibis  # noqa: PLC0415  (heavy)
    import pyarrow as pa  # noqa: PLC0415

    from slmdecide.traffic.postgres_ibis import connected  # noqa: PLC0415

    pick = random.Random(3)  # noqa: S311  (no secret)
    numbers = [(None, pick.random() * 10.0 ** pick.randrange(-5, 12), k * 0.5, -k * 0.5, 12.5e-9 * k) for k in range(4000)]
    rows = [(pick.randrange(5), f"é{k}\n", pick.choice(ones), k * 7919) for k, ones in enumerate(numbers)]
    connection.execute('CREATE TEMP TABLE numbers (g int, t text COLLATE "C", d double precision, n bigint)')
    with connection.cursor().copy("COPY numbers FROM STDIN") as copy:
        for one in rows:
            copy.write_row(one)
    embedded = ibis.duckdb.connect()
    columns = zip("gtdn", zip(*rows, strict=True), (pa.int32(), pa.string(), pa.float64(), pa.int64()), strict=True)
    embedded.con.register("numbers", pa.table({name: pa.array(values, kind) for name, values, kind in columns}))
    found = []
    for engine in (connected(connection), embedded):
        table = engine.table("numbers")
        sums = table.group_by("g").agg(
            rounded=(table.d * 1e3).round().cast("int64").sum(),
            mean=table.n.mean(),
            some=table.n.mean(where=table.d > 3),
            none=table.n.mean(where=table.d > 1e30),
            lengths=table.t.length().mean(),
            true=(table.d > 0).cast("int").mean(),
            least=table.d.min(),
        )
        digits = table.d.fill_null(0).cast("int64").cast("string")
        each = table.select("t", draw=table.t.hexdigest("md5"), digits=digits, round=table.d.round())
        found.append([engine.raw_sql(engine.compile(one)).fetchall() for one in (sums.order_by("g"), each.order_by("t"))])
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (ENGINE, "none is named"),
        (("log.jsonl", "--from", "postgresql://u@h/d", *ENGINE), "log.jsonl is no part of the database"),
        (("--from", "postgresql://u@h/d", "--map", "model=llm", *ENGINE), "takes no --map"),
    ],
)
def test_what_a_database_cannot_count_is_refused(arguments: tuple[str, ...], said: str) -> None:
    """No database, files beside it, columns of another table: exit code 2, before anything is opened."""
    ran = run("traffic", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
