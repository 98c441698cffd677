"""What is made of the sampled texts of `slmdecide traffic`: measures always, and the texts themselves where they may be shown."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from slmdecide.records.traffic_report import GroupTexts, ShownCall
from slmdecide.traffic.examples import in_drawn_order
from slmdecide.traffic.samples import sample_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slmdecide.cli.traffic_report import Found, Made
    from slmdecide.traffic.engine import Example
    from slmdecide.traffic.samples import Sample

_SHOWN_CALLS, _SHOWN_LABELS, _SHOWN_CHARACTERS = 2, 50, 300
"""Of a group, where texts may be shown."""


def samples_of(examples: Iterable[Example]) -> dict[str, Sample]:
    """What the texts of each group say, by its key."""
    prompts: defaultdict[str, list[str]] = defaultdict(list)
    answers: defaultdict[str, list[str]] = defaultdict(list)
    for one in in_drawn_order(examples):
        if one.prompt:
            prompts[one.key].append(one.prompt)
        if one.answer:
            answers[one.key].append(one.answer)
    return {key: sample_of(prompts[key], answers[key]) for key in sorted(prompts.keys() | answers.keys())}


def with_texts(found: Found, examples: Iterable[Example]) -> Found:
    """The report with texts of each group: for a user who asked to see them."""
    by_key: defaultdict[str, list[ShownCall]] = defaultdict(list)
    for one in in_drawn_order(examples):
        if len(by_key[one.key]) < _SHOWN_CALLS:
            answer = one.answer or one.tools or ""
            by_key[one.key].append(ShownCall(prompt=_cut(one.prompt or ""), answer=_cut(answer)))
    made = tuple(one._replace(group=replace(one.group, texts=_texts(one, by_key[one.facts.key]))) for one in found.made)
    return replace(found, made=made, report=replace(found.report, groups=tuple(one.group for one in made), texts_shown=True))


def _texts(made: Made, calls: Sequence[ShownCall]) -> GroupTexts:
    facts = made.facts
    ends = " … ".join(dict.fromkeys(one for one in (facts.head, facts.tail) if one))
    return GroupTexts(
        system=_cut(facts.system) if facts.system else None,
        template=_cut(ends) if ends else None,
        labels=made.labels[:_SHOWN_LABELS],
        calls=tuple(calls),
    )


def _cut(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _SHOWN_CHARACTERS else f"{plain[: _SHOWN_CHARACTERS - 1]}…"
