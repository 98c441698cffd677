"""Which label of a closed set an answer in free text names; none rather than a guess."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from slmdecide.errors import InputError
from slmdecide.measure.answers import MOST_SEARCHED, json_value, normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_KEYS = ("label", "answer", "category", "class", "intent")
"""Fields of a JSON answer that hold the label."""
_ANNOUNCED = re.compile(r"\b(?:answer|label|category|class|intent)\b\W{0,3}(?:is|:|=)\s*(?P<rest>[^\n]+)")
_DENIED = re.compile(r"(?:\b(?:not|no|never|non)|n[’']t)(?:\s+(?:a|an|the|about))?\W*$")


_DENIAL_CHARACTERS = 30
"""Before a label within which it can be denied."""


def label_reader(labels: Sequence[str]) -> Callable[[str], str | None]:
    """A function from an answer to the label that it names, or None.

    In this order: the whole answer, or a field of it if it is JSON; what follows the last "label is", "answer:" or the like;
    the only label that stands in the text as words, unless it is denied ("not spam"). Case, spaces and quotes do not matter.
    """
    if not labels:
        raise InputError("no labels to read; list them in the profile as task.labels")
    by_word = {normalised(label): label for label in labels}
    if len(by_word) < len(set(labels)):
        twins = next((a, b) for a in labels for b in labels if a != b and normalised(a) == normalised(b))
        raise InputError(f"labels {twins[0]!r} and {twins[1]!r} differ in case, spaces or quotes only; an answer cannot tell them apart")
    longest_first = sorted((word for word in by_word if word), key=len, reverse=True)
    words = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")

    def read(answer: str) -> str | None:
        said = _field(answer)
        whole = by_word.get(normalised(said))
        if whole is not None:
            return whole
        text = said[-MOST_SEARCHED:].casefold()
        announced = list(_ANNOUNCED.finditer(text))
        if announced:
            found = by_word.get(normalised(announced[-1]["rest"]))
            if found is not None:
                return found
        mentions = list(words.finditer(" ".join(text.split())))
        named = {mention[0] for mention in mentions}
        if len(named) != 1 or any(_denied(mention) for mention in mentions):
            return None
        return by_word[named.pop()]

    return read


def _denied(mention: re.Match[str]) -> bool:
    """Whether "not", "no" or the like stands right before it."""
    start = mention.start()
    return _DENIED.search(mention.string[max(0, start - _DENIAL_CHARACTERS) : start]) is not None


def _field(answer: str) -> str:
    """The label's field of an answer that is JSON; otherwise the answer."""
    try:
        found = json_value(answer)
    except ValueError:
        return answer
    if isinstance(found, dict):
        found = next((found[key] for key in _KEYS if key in found), None)
    if isinstance(found, bool | int | float):
        return str(found).lower()
    return found if isinstance(found, str) else ""
