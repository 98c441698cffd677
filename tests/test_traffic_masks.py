"""A masked text is a pattern that the text itself passes, in Python and in the engine alike."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdecide.traffic.features import documents_in, form_of, label_of
from slmdecide.traffic.masks import VARIABLE, both_ends, masked
from slmdecide.traffic.match import Check, check_of

_PLAIN = ("Translate", "this:", "a.b", "(x)", "[y]", "né", "漢字", "a\\b", "^|*+?", "{", "%", "_", "$")
_VARIED = (
    "3",
    "v2,",
    "2026-01-02",
    '"quoted text"',
    "“so”",
    "<t>in\nside</t>",
    "```py\nx = 1\n```",
    "me@a.org",
    "https://a.org/x?y=1",
    "$5",
)
_WORDS = st.sampled_from(_PLAIN + _VARIED)
_SPACES = st.sampled_from([" ", "  ", "\n", "\t", "\n\n"])
TEXTS = st.lists(st.tuples(_WORDS, _SPACES), max_size=12).map(lambda pairs: "".join(word + space for word, space in pairs))


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_a_text_passes_the_check_that_its_mask_makes(text: str) -> None:
    """As a whole, at its beginning and at its end; the engine's patterns find it too."""
    words = masked(text)
    if not words:
        return
    for check in (check_of(words, at, ["another text"]) for at in ("whole", "begin", "end")):
        assert check.holds(text)
        assert check.pattern is not None
        assert duckdb.execute("SELECT regexp_matches(?, ?)", [text, check.pattern]).fetchall() == [(True,)]


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("Order 17 of 2026-01-02 is  late", "Order <number> of <number> is late"),
        ('Request: "card is lost"\nIntent:', "Request: <quoted> Intent:"),
        ("mail me@a.org or https://a.org/x now", "mail <address> or <address> now"),
        ("Find it.\n<text>any</text>", "Find it. <tagged>"),
        ("Fix ```py\nx = 1\n``` please", "Fix <code> please"),
    ],
)
def test_what_varies_is_masked(text: str, mask: str) -> None:
    """Numbers, quotes, addresses, tags and fences; words stay, one space apart."""
    assert masked(text) == mask
    assert VARIABLE.search(mask)


def test_words_that_all_texts_have_in_the_same_characters_are_compared_plainly() -> None:
    """A plain comparison is far cheaper than a pattern; a text that has a line break there makes it a pattern again."""
    assert check_of("Translate this:", "begin", ["Translate this: a", "Translate this: b"]) == Check(at="begin", literal="Translate this:")
    assert check_of("one word.", "end", ["a one word.", "b one word."]) == Check(at="end", literal="one word.")
    assert check_of("Translate this:", "begin", ["Translate this: a", "Translate\nthis: b"]).pattern is not None


def test_a_long_text_keeps_both_ends() -> None:
    """What stands between is left out."""
    assert both_ends("abcdefgh", 4) == "ab … gh"
    assert both_ends("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("Positive.", "positive"), (' "Yes" ', "yes"), ('{"intent": "card_lost"}', "card_lost"), ("Label: spam", "spam"),
        ('```json\n{"a": "x y"}\n```', "x y"), ("two\nlines", None), ("x" * 80, None), ("", None), ('{"a": "x", "b": "y"}', None),
    ],
)  # fmt: skip
def test_a_short_answer_is_a_label(answer: str, label: str | None) -> None:
    """Without what stands around it, in small letters; JSON of several fields is none."""
    assert label_of(answer) == label


def test_the_form_of_an_answer() -> None:
    """JSON, code and SQL are told apart, fenced or not."""
    assert form_of('```json\n{"a": 1}\n```').json == '{"a": 1}'
    assert form_of("Here:\n```python\nx = 1\n```").is_code
    assert form_of("def f(x):\n    return x").is_code
    assert form_of("```sql\nSELECT a FROM t\n```")._asdict() == {"json": None, "is_json": False, "is_code": False, "is_sql": True}
    assert documents_in("Document 1: " + "x" * 200 + "\nDocument 2: y\n[3] z") == 3
