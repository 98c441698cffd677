"""The quick reading of JSON is that of the standard library, in what it takes, what it refuses, and how."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdecide.traffic.cells import COLUMNS, call_of
from slmdecide.traffic.files import json_row
from slmdecide.traffic.formats import litellm_call, litellm_cells
from slmdecide.traffic.jsons import loads
from slmdecide.traffic.values import word
from tests import traffic_logs as logs

_PIECES = (
    b"\x00", b"\x1f", b"\t", b"\r", b" ", b'"', b"\\", b"\\u", b"\\ud800", b"\\udc00", b"\\u0000", b"\xff", b"\xc0\x80", b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80", b"NaN", b"-Infinity", b"-", b"+", b".", b"e", b"0", b"1.", b"1e5", b"1e400", b"-0", b",", b":", b"[", b"]", b"{",
    b"}", b"true", b"9" * 25, b"9" * 5000, b"-9223372036854775809", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"'", b"//",
)  # fmt: skip
_SOUND = (
    '{"a": [1, -2.5e3, true, null, "\\u00e9\\ud83d\\ude00 é🙂"], "b": {"c": "\\n\\"\\/"}, "n": 12345678901234567890, "e": 0.1}'.encode(),
    b' {"k" : [ 1 , 2 ], "k": {} } ',
)


def outcome(read: Any, text: bytes | str) -> tuple[str, str]:
    """What was read, with types and signs told apart, or the error."""
    try:
        return "read", repr(read(text))
    except (ValueError, RecursionError) as error:
        return type(error).__name__, str(error)


@pytest.mark.parametrize(
    "text",
    [
        "18446744073709551616", "-9223372036854775809", "1" + "0" * 30, "9" * 5000, "1e400", "-1e400", "NaN", "-Infinity", "-0", "-0.0",
        '"\\ud800"', '"\ud800"', '"\\u0000"', '{"a": 1, "a": 2}', "\ufeff{}", "", " ", "01", '"\t"', "[" * 500 + "]" * 500,
        "[" * 10_000 + "]" * 10_000, "123456789012345678.5", "1e-400",
    ],
)  # fmt: skip
def test_what_is_seldom_in_json_is_read_as_the_standard_library_reads_it(text: str) -> None:
    """Large numbers, no numbers, halves of surrogate pairs, repeated keys, a byte order mark, deep nesting."""
    assert outcome(loads, text) == outcome(json.loads, text)
    encoded = text.encode("utf-8", "surrogatepass")
    assert outcome(loads, encoded) == outcome(json.loads, encoded)


@pytest.mark.parametrize("seed", range(4))
def test_broken_json_is_taken_and_refused_as_the_standard_library_does(seed: int) -> None:
    """Texts with pieces put in, cut out and changed."""
    pick = random.Random(seed)  # noqa: S311  (no secret)
    taken = 0
    for _ in range(5000):
        text = bytearray(pick.choice(_SOUND))
        for _ in range(pick.randint(1, 2)):
            at = pick.randrange(len(text) + 1)
            text[at : at + pick.choice((0, 0, 0, 1, 4))] = pick.choice((*_PIECES, b""))
        found = outcome(loads, bytes(text))
        assert found == outcome(json.loads, bytes(text)), bytes(text)
        taken += found[0] == "read"
    assert taken > 300


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda its: st.lists(its) | st.dictionaries(st.text(), its)
    )
)
def test_what_the_standard_library_writes_is_read_back(value: Any) -> None:
    """Any value, as ASCII and as UTF-8."""
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert outcome(loads, text) == outcome(json.loads, text)


def test_cells_stand_in_the_order_of_the_fields() -> None:
    """The record made of them is the call."""
    row = logs.spend_log(logs.calls(1)[0])
    cells, call = litellm_cells(row), litellm_call(row)
    assert cells is not None
    assert call is not None
    assert call == call_of(cells)
    assert tuple(getattr(call, name) for name in COLUMNS) == cells
    assert (call.model, call.input_tokens, call.answer, call.status) == ("gpt-4o", 100, "billing", "ok")


def test_a_number_that_no_float_can_hold_is_no_name() -> None:
    """It stopped the run once."""
    assert word(10**400) is None
    row = json_row(1, b'{"call_type": "completion", "spend": 1, "request_id": ' + b"9" * 400 + b"}")
    assert row.value is not None
    call = litellm_call(row.value)
    assert call is not None
    assert (call.id, call.cost_usd) == (None, 1)
