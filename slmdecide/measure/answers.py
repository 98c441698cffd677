"""What a model's answer says: the plain text, the number, the JSON value, the list."""

from __future__ import annotations

import json
import re
import unicodedata
from math import isfinite
from typing import NoReturn

_FENCE = "```"
_LANGUAGE = re.compile(r"[\w+-]*[ \t\r]*")
"""What may follow the fence that opens a code block."""
_PAIRS = (('"', '"'), ("'", "'"), ("`", "`"), ("“", "”"), ("‘", "’"), ("«", "»"), ("**", "**"), ("*", "*"), ("(", ")"), ("[", "]"))
"""What stands around an answer without belonging to it."""
_FINAL = ".,;:"
_MOST_LAYERS = 8
"""Wrappings that are taken off one after the other: an answer of nothing but brackets must not take for ever."""
MOST_SEARCHED = 200_000
"""Characters of an answer that are searched: its end, where the conclusion stands."""
_NUMBER = re.compile(r"(?<![\w.,])(?P<sign>[-+−])?[$€£¥]?(?P<digits>\d[\d,.]*|\.\d+)(?P<exponent>[eE][-+]?\d+)?")
_WELL_FORMED = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d+)?")
_CONCLUSION = re.compile(r"(?:####|\\boxed\{|\banswer\s+is\b|\banswer\s*[:=])[^\w\n.+−-]*", re.IGNORECASE)
"""What announces the number that is meant: GSM8K's mark, LaTeX's box, or the word."""
_BULLET = re.compile(r"\A\s*(?:[-*•]|\d{1,4}[.)])\s+")


def normalised(text: str) -> str:
    """The text in one spelling.

    Unicode compatibility forms, case and spaces are made equal; quotes, brackets and emphasis around the whole are taken off,
    and punctuation at its end. Signs, decimal points and everything inside stay.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    for _ in range(_MOST_LAYERS):
        before = plain
        plain = plain.rstrip(_FINAL).strip()
        for opening, closing in _PAIRS:
            if len(plain) > len(opening) + len(closing) and plain.startswith(opening) and plain.endswith(closing):
                plain = plain[len(opening) : -len(closing)].strip()
        if plain == before:
            break
    return plain


def unfenced(text: str) -> str:
    """What stands inside the Markdown code block, where the whole text is one block and nothing else."""
    block = text.strip()
    if not (block.startswith(_FENCE) and block.endswith(_FENCE) and len(block) > 2 * len(_FENCE)):
        return text
    language, line_break, body = block[len(_FENCE) : -len(_FENCE)].partition("\n")
    return body if line_break and _LANGUAGE.fullmatch(language) and _FENCE not in body else text


def json_value(answer: str) -> object:
    """The JSON value that the whole answer is, with or without a code block around it. ValueError if it is none."""
    try:
        return json.loads(unfenced(answer).strip().removeprefix("\ufeff"), parse_constant=_refused)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refused(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def number_in(answer: str) -> float | None:
    r"""The number that the answer concludes with; None if there is none, or if it cannot be read for certain, such as "1,5".

    The number that directly follows the last "####", "\boxed{" or "answer is"; otherwise the last number of the text. Commas
    set thousands apart. A unit, a currency sign or a percent sign is taken off.
    """
    text = answer[-MOST_SEARCHED:]
    marks = list(_CONCLUSION.finditer(text))
    after = _NUMBER.match(text, marks[-1].end()) if marks else None
    if after is not None:
        return _value(after)
    found = None
    for found in _NUMBER.finditer(text):  # noqa: B007  (the last one is wanted)
        pass
    return _value(found) if found is not None else None


def _value(found: re.Match[str]) -> float | None:
    digits = found["digits"].rstrip(",.")
    if not _WELL_FORMED.fullmatch(digits):
        return None
    value = float(digits.replace(",", "") + (found["exponent"] or ""))
    if not isfinite(value):
        return None
    return -value if found["sign"] in ("-", "−") else value


def items_in(text: str) -> frozenset[str]:
    """The entities that a text lists, each normalised.

    Of a JSON list its members, of a JSON map `key: member`; otherwise lines, or what semicolons or else commas set apart.
    """
    try:
        found = json_value(text)
    except ValueError:
        found = None
    if isinstance(found, list):
        return frozenset(one for member in found if (one := _item(member)))
    if isinstance(found, dict):
        pairs = ((key, member) for key, value in found.items() for member in (value if isinstance(value, list) else [value]))
        return frozenset(f"{normalised(key)}: {_item(member)}" for key, member in pairs if member is not None)
    plain = unfenced(text)
    separator = next((one for one in ("\n", ";") if one in plain.strip()), ",")
    return frozenset(one for part in plain.split(separator) if (one := normalised(_BULLET.sub("", part, count=1))))


def _item(member: object) -> str:
    if isinstance(member, str):
        return normalised(member)
    return normalised(json.dumps(member, sort_keys=True, ensure_ascii=False)) if member is not None else ""
