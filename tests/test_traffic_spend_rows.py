"""What the database makes of a row of LiteLLM's table is what reading the row makes of it, or it says that it cannot tell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from slmdecide.traffic.cells import COLUMNS
from slmdecide.traffic.formats import litellm_call
from slmdecide.traffic.postgres import Source, database
from slmdecide.traffic.spend_rows import TYPES
from slmdecide.traffic.spend_table import SpendTable
from tests import traffic_logs as logs
from tests.postgres_server import Server, postgres_server
from tests.traffic_spend import StrangeRows, as_stored, load

pytestmark = pytest.mark.postgres
_TEXTS = ("system", "prompt", "answer")
"""Where nothing and an empty text are the same."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """An empty server."""
    with postgres_server() as made:
        yield made


def read_both_ways(server: Server, table: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each row, and what the database makes of it: its call, `fits` and `model_call`."""
    with closing(Source(database(server.address, table), counts=True)) as source:
        spend = SpendTable(source)
        calls = spend.everything()
        raw = [f"raw_{name}" for name in TYPES]
        own = [*COLUMNS, "fits", "model_call"]
        found = source.connection.execute(spend.backend().connection.compile(calls.select(*raw, *own))).fetchall()
    n = len(TYPES)
    return [(dict(zip(TYPES, row[:n], strict=True)), dict(zip(own, row[n:], strict=True))) for row in found]


def _same(one: Any, other: Any, name: str) -> bool:
    return (one or "") == (other or "") if name in _TEXTS else bool(one == other)


@pytest.mark.parametrize("oddness", [0.1, 0.5])
def test_a_row_that_fits_is_the_same_call(server: Server, oddness: float) -> None:
    """To the last digit and character, over rows as strange as JSON allows; and most of what does not fit is strange indeed."""
    made = StrangeRows(int(oddness * 10), oddness)
    table = load(server, (made.row(k) for k in range(2500)), f"odd_{int(oddness * 10)}")
    fitting = 0
    for row, found in read_both_ways(server, table):
        call = litellm_call(row)
        assert (call is not None) == found["model_call"], row["call_type"]
        if call is None or not found["fits"]:
            continue
        fitting += 1
        wrong = {name: (getattr(call, name), found[name]) for name in COLUMNS if not _same(getattr(call, name), found[name], name)}
        assert not wrong, (wrong, row)
    assert fitting > 200


def usual(k: int, **more: Any) -> dict[str, Any]:
    """A row as LiteLLM writes it today: the messages stand in the request."""
    call = {**logs.calls(3)[0], "k": k}
    request = {"model": "gpt-4o", "messages": logs.messages(call), "temperature": 0.5}
    metadata = {"user_api_key_alias": None, "applied_guardrails": [], "usage_object": {"prompt_tokens": 3}, "requester_metadata": {}}
    written = {"messages": {}, "proxy_server_request": request, "response": logs.completion(call), "metadata": metadata}
    tags = {"request_tags": ["User-Agent: OpenAI", "User-Agent: OpenAI/Python"], "litellm_call_id": "l"}
    return as_stored({**logs.spend_log(call), **written, **tags, "request_id": f"u{k}", **more})


def body(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A request."""
    return {"model": "m", "messages": list(messages), **more}


_HI = {"role": "user", "content": "hi"}
_TOLD = {"role": "system", "content": "be short"}
_CALLED = ({"role": "assistant", "content": None, "tool_calls": []}, {"role": "tool", "content": "3"})
_TOOL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": 1.5}'}}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"messages": [_TOLD, _HI], "proxy_server_request": {}},
        {"proxy_server_request": {}, "response": {}},
        {"proxy_server_request": None, "response": None, "metadata": None, "request_tags": None},
        {"proxy_server_request": body(_TOLD, _HI, {"role": "assistant", "content": "yes"}, _HI)},
        {"proxy_server_request": body({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]})},
        {"proxy_server_request": body(_HI, *_CALLED)},
        {"proxy_server_request": body(_HI, system="be short")},
        {"proxy_server_request": {"model": "m", "input": "hi", "instructions": "be short"}},
        {"response": {"choices": [{"message": {"role": "assistant", "content": None, "tool_calls": [_TOOL, {**_TOOL, "index": 1}]}}]}},
        {"response": {"choices": [{"message": {"role": "assistant", "content": '["a", "b"]', "tool_calls": None, "function_call": None}}]}},
        {"status": "failure", "response": {}, "spend": 0.0},
        {"cache_hit": "True", "spend": 0.0},
        {"request_tags": ["User-Agent: x", "billing"], "metadata": {"agent": "sorter", "requester_metadata": {"task": "triage"}}},
    ],
)
def test_what_litellm_writes_fits(server: Server, more: dict[str, Any], request: pytest.FixtureRequest) -> None:
    """Usual rows need no reading one by one."""
    table = load(server, [usual(1, **more)], f"usual_{request.node.callspec.indices['more']}")
    ((row, found),) = read_both_ways(server, table)
    call = litellm_call(row)
    assert call is not None
    assert found["fits"]
    assert {name: found[name] or None for name in COLUMNS} == {name: getattr(call, name) or None for name in COLUMNS}
