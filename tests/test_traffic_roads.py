"""Plain chat logs are read by the engine itself, and must give the same calls as reading them row by row."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

from slmdecide.traffic.engine import Engine
from slmdecide.traffic.fast import plain_calls
from slmdecide.traffic.files import numbered_lines
from slmdecide.traffic.formats import chat_call
from slmdecide.traffic.lines import all_lines
from slmdecide.traffic.odd import odd_rows
from slmdecide.traffic.rows import rows_of
from tests import traffic_logs as logs

_TIMES = (
    "2026-01-01T00:00:00.123456Z", "2026-01-01 00:00:00", "2026-01-01T02:00:00+02:00", 1767225600, 1767225600123, "1767225600.5",
    "2026-01-01T00:00:00.123456789Z", "2026-01-01", None,
)  # fmt: skip
_FIELDS: tuple[dict[str, Any], ...] = (
    {"metadata": {"task": "foo"}}, {"metadata": {"task": "chat"}}, {"workload_id": " w "}, {"workload_id": 5}, {"conversation_id": "c"},
    {"session_id": "s"}, {"cost": 0.5}, {"cost_usd": -1}, {"latency_ms": 3.5, "ttft_ms": 1}, {"trace_id": ""}, {"provider": "azure"},
)  # fmt: skip


def _said(role: str, content: object, **more: object) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


_MESSAGES: tuple[tuple[dict[str, Any], ...], ...] = (
    (_said("user", "a"),),
    (_said("system", "s"), _said("user", "u")),
    (_said("system", "s"), _said("system", "t"), _said("user", "u")),
    (_said("system", "s"), _said("user", "first"), _said("assistant", "answer"), _said("user", "second")),
    (_said("user", "q"), _said("assistant", None, tool_calls=[{"id": "1"}]), _said("tool", "42")),
    (_said("assistant", "x"),),
    (_said("system", "only"),),
    (_said("user", ""),),
    (_said("user", None),),
    (_said("developer", "d"), _said("user", "u")),
    (_said("user", "[1,2]"),),
    (_said("system", ""), _said("user", "x")),
    (_said("user", "a"), _said("user", "b")),
    (_said("user", "é ü 漢字 🙂"), _said("assistant", "naïve"), _said("user", "ok")),
)
_ODD: tuple[dict[str, Any], ...] = (
    {"request": {"messages": [_said("user", [{"type": "text", "text": "parts"}])]}},
    {"request": {"messages": [_said("user", '[{"a": 1}]')]}},
    {"request": {"messages": [_said("robot", "x")]}},
    {"request": {"messages": []}},
    {"timestamp": "yesterday"},
    {"timestamp": {"a": 1}},
    {"error": {"message": "no"}},
    {"usage": {"input_tokens": 1}},
    {"metadata": '{"task": "text"}'},
)


def plain_rows() -> list[dict[str, Any]]:
    """Rows that the engine reads, of every kind, each with its own id."""
    base = [logs.chat_log(call) for call in logs.calls(60)]
    rows: list[dict[str, Any]] = [{"timestamp": one} for one in _TIMES]
    rows += [{"request": {"model": "m", "messages": list(one), "temperature": 0.5}} for one in _MESSAGES]
    rows += [dict(one) for one in _FIELDS]
    found = [{**whole, **row} for whole, row in zip(base, rows, strict=False)]
    found[1]["response"]["choices"][0]["message"] = _said("assistant", None, tool_calls=[{"id": "x", "function": {"name": "f"}}])
    found[2]["response"]["created"] = 1767225600123
    return found


def test_the_engine_reads_the_same_calls_as_reading_row_by_row(tmp_path: Path) -> None:
    """Every field is the same, whatever the times, messages and names of a row look like."""
    rows = plain_rows()
    path = logs.write_lines(tmp_path / "l.jsonl", rows)
    with closing(Engine(tmp_path, 1)) as engine:
        calls = plain_calls(all_lines(engine.backends[1].connection, [path]))
        found = {row["id"]: row for row in rows_of(calls)}
    assert len(found) == len(rows)
    for row in rows:
        expected = chat_call(row)
        assert expected is not None
        its = found[expected.id]
        assert its["fits"], row
        for name, value in its.items():
            if name in ("file", "fits"):
                continue
            other = getattr(expected, name)
            if name == "tool_text" and value is not None:
                value, other = json.loads(value), json.loads(other)  # noqa: PLW2901  (spaces in JSON)
            assert (value or None) == (other or None), (name, row)


def test_rows_that_are_not_plain_are_handed_on_with_their_numbers(tmp_path: Path) -> None:
    """Parts, other roles, errors, times that are none, bad lines: each is left to the reading row by row, and nothing else is."""
    sound = [json.dumps(row).encode() for row in plain_rows()]
    odd = [json.dumps({**logs.chat_log(logs.calls(1)[0]), **row}).encode() for row in _ODD]
    nested, long = b"[" * 10_000 + b"]" * 10_000, b"x" * (17 * 2**20)
    bad = [b"not json", b'{"a": "\xff"}', b"[1]", b'{"deep": ' + nested + b"}", b'{"big": "' + long + b'"}']
    lines = [*sound[:10], *odd, b"", *sound[10:20], *bad, *sound[20:]]
    path = tmp_path / "l.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    with closing(Engine(tmp_path, 1)) as engine:
        found = list(odd_rows(engine.backends[1].connection, path))
    expected = [number for number, line in enumerate(lines, start=1) if line in odd or line in bad]
    assert [one.line for one in found] == expected
    assert [one.value is None for one in found] == [False] * len(odd) + [True] * len(bad)


def test_lines_are_numbered_as_an_editor_numbers_them(tmp_path: Path) -> None:
    """Blank lines count, and are no rows."""
    path = tmp_path / "l.jsonl"
    path.write_bytes(b"\xef\xbb\xbfa\n\n  \nb")
    assert list(numbered_lines(path)) == [(1, b"a"), (4, b"b")]


def test_a_line_that_is_too_long_slows_only_its_own_file(tmp_path: Path) -> None:
    """Of many plain logs only the one with such a line is read row by row."""
    sound = [json.dumps(row).encode() for row in plain_rows()]
    paths = [tmp_path / f"{number}.jsonl" for number in range(5)]
    for path in paths:
        path.write_bytes(b"\n".join([*sound, *([b'{"big": "' + b"x" * (40 * 2**20) + b'"}'] if path.stem == "3" else [])]) + b"\n")
    with closing(Engine(tmp_path, 1)) as engine:
        assert engine.look(paths).plain == frozenset(path for path in paths if path.stem != "3")
