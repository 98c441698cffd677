"""What do the texts of a group say that counts do not? Languages and repeated answers, on a bounded sample of it. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from slmdecide.traffic.features import form_of
from slmdecide.traffic.labels import without_slips
from slmdecide.traffic.spoken import Spoken, languages_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SAMPLED = 100
"""Calls of a group whose texts are looked at: a share is then right within 10 points, 19 times of 20."""
_LABEL_CHARACTERS = 60
_NEARLY_ALL = 0.8
"""Share of the answers that must be such JSON, and have one of the labels."""
_PER_LABEL = 3
"""Answers per label at least, or the set may not be closed."""
_BESIDE = frozenset(
    ("reason", "reasoning", "rationale", "explanation", "why", "because", "justification", "comment", "thoughts", "thinking", "evidence")
)
"""Fields in which a model explains its label."""
_SURE = re.compile(r"conf|score|prob|certain|likel")
"""In the name of a field of numbers that say how sure it is."""


class JsonLabels(NamedTuple):
    """A field of JSON answers that says one of few words, while all others say how sure the model is, or explain it."""

    field: str
    labels: Mapping[str, int]
    """With their answers, the most frequent first, in lower case."""
    share: float
    """Of all answers."""


class Sample(NamedTuple):
    """What was found in the sampled texts of one group."""

    prompts: Spoken
    answers: Spoken
    repeated_answers: float | None
    """Sampled answers that another one equals word for word; in all calls it is at least so many. None without answers."""
    json_labels: JsonLabels | None = None


def sample_of(prompts: Sequence[str], answers: Sequence[str]) -> Sample:
    """What the texts of a group say; each side of a call that has one. Labels are sought in all of them, the rest is told of the first."""
    some = answers[:SAMPLED]
    counts = Counter(one.strip() for one in some)
    repeated = sum(n for n in counts.values() if n > 1) / len(some) if some else None
    return Sample(languages_of(prompts[:SAMPLED]), languages_of(some), repeated, json_labels_of(answers))


def json_labels_of(answers: Sequence[str]) -> JsonLabels | None:
    """The field that holds a label, if the answers are JSON with one; several such fields are extraction and no label."""
    if not _mostly_objects(answers[:SAMPLED]):
        return None
    found = [one for answer in answers if (one := _object(answer)) is not None]
    if len(found) < _NEARLY_ALL * len(answers):
        return None
    values: defaultdict[str, list[Any]] = defaultdict(list)
    for one in found:
        for key, value in one.items():
            values[key].append(value)
    telling = {key: its for key, its in values.items() if not _beside(key, its)}
    if len(values) == 1 or len(telling) != 1:
        # One field alone is a label with JSON around it, which the engine finds.
        return None
    field, its = next(iter(telling.items()))
    counts = Counter(value.strip().lower() for value in its if isinstance(value, str) and 0 < len(value.strip()) <= _LABEL_CHARACTERS)
    labels = without_slips(Counter({label: n for label, n in counts.items() if n > 1}))
    closed = len(labels) > 1 and labels.total() >= max(_NEARLY_ALL * len(answers), _PER_LABEL * len(labels))
    return JsonLabels(field, dict(labels.most_common()), labels.total() / len(answers)) if closed else None


def _mostly_objects(answers: Sequence[str]) -> bool:
    """Whether it is worth it to look at more answers."""
    return bool(answers) and sum(_object(one) is not None for one in answers) >= len(answers) / 2


def _object(answer: str) -> dict[str, Any] | None:
    text = form_of(answer).json
    try:
        found = json.loads(text) if text is not None else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _beside(key: str, values: Sequence[Any]) -> bool:
    """Whether a field only says how sure the model is, or why it says so."""
    if key.lower() in _BESIDE:
        return True
    numbers = [one for one in values if isinstance(one, int | float)]
    if len(numbers) < len(values):
        return False
    return _SURE.search(key.lower()) is not None or all(0 <= one <= 1 for one in numbers)
