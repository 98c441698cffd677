"""What shows in the sampled texts of one group: shares of forms, documents, the keys of JSON, and how it is answered. Pure."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slmdecide.traffic.features import documents_in, form_of, is_json, label_of
from slmdecide.traffic.labels import without_slips
from slmdecide.traffic.merge import Answers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slmdecide.traffic.draw import Sampled

LOOKED_AT = 400
"""Calls of a group whose texts are looked at: a share is then right within 5 points, 19 times of 20."""
_STABLE = 0.6
"""Share of the JSON answers that must have a key."""
_SEVERAL = 2
"""Documents."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """Shares are of the sampled calls that were answered, those of documents of all sampled calls."""

    json_share: float = 0.0
    json_keys: tuple[str, ...] = ()
    code_share: float = 0.0
    sql_share: float = 0.0
    documents_mean: float = 0.0
    documents_share: float = 0.0


def look(calls: Sequence[Sampled]) -> Look:
    """What shows in the first of these calls; in the order of their draws."""
    seen = calls[:LOOKED_AT]
    forms = [form_of(one.answer) for one in seen if _answered(one)]
    documents = [documents_in(one.prompt) for one in seen]
    n = max(1, len(forms))
    return Look(
        json_share=sum(one.is_json for one in forms) / n,
        json_keys=_stable_keys(one.json for one in forms if one.json is not None),
        code_share=sum(one.is_code for one in forms) / n,
        sql_share=sum(one.is_sql for one in forms) / n,
        documents_mean=sum(documents) / max(1, len(seen)),
        documents_share=sum(n >= _SEVERAL for n in documents) / max(1, len(seen)),
    )


def answers(calls: Sequence[Sampled]) -> Answers | None:
    """How these calls are answered; None if none is."""
    ok = [one for one in calls if _answered(one)]
    if not ok:
        return None
    seen = ok[:LOOKED_AT]
    labels = Counter(found for one in ok if (found := label_of(one.answer)) is not None)
    kept = without_slips(Counter({label: n for label, n in labels.items() if n > 1}))
    return Answers(
        calls=len(ok),
        answer_characters=sum(len(one.answer) for one in ok) / len(ok),
        json_share=sum(is_json(one.answer) for one in seen) / len(seen),
        tool_share=sum(one.tool_calls > 0 for one in ok) / len(ok),
        labels=frozenset(kept) if kept.total() >= len(ok) / 2 else frozenset(),
    )


def _answered(call: Sampled) -> bool:
    return call.tool_calls > 0 or bool(call.answer.strip(" "))


def _stable_keys(found: Iterable[str]) -> tuple[str, ...]:
    """Keys that most of the JSON objects have."""
    counts: Counter[str] = Counter()
    n = 0
    for text in found:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            n += 1
            counts.update(value.keys())
    return tuple(sorted(key for key, times in counts.items() if times >= _STABLE * n))
