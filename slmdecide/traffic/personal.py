"""A plain mask for personal data in examples: what has the form of an address, a number or a key. Names stay: say so."""

from __future__ import annotations

import re

PLAIN = "a plain mask (e-mail and web addresses, phone, card and account numbers, keys; names of people are not found)"
"""What the report says of it."""
_MASKS = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "<email>"),
    (re.compile(r"(?:https?://|www\.)\S+"), "<url>"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), "<account>"),
    (re.compile(r"\b(?:\d[ -]?){13,19}\b"), "<card>"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"), "<ip>"),
    (re.compile(r"(?<![\w.])\+?\(?\d[\d ()/.-]{6,}\d(?!\w)"), "<phone>"),
    (re.compile(r"\b(?:sk|pk|ghp|xox[a-z]|AKIA|eyJ)[-_A-Za-z0-9.]{12,}"), "<key>"),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<id>"),
)


def plainly_masked(text: str) -> str:
    """The text with each such thing replaced by its kind."""
    for pattern, kind in _MASKS:
        text = pattern.sub(kind, text)
    return text
