"""Into which kinds of prompts do the calls fall? By the log's own task key, else by system prompt and by what user prompts share.

Pure: a bounded, seeded sample in, kinds out, each with the checks that find its calls among all. Nothing depends on the order
of the rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slmdecide.traffic.masks import VARIABLE, both_ends, masked
from slmdecide.traffic.match import Check, check_of
from slmdecide.traffic.templates import beginnings, endings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from slmdecide.traffic.draw import Sampled

HEAD_CHARACTERS, TAIL_CHARACTERS = 320, 200
"""Of a masked prompt that are compared, from its beginning and its end."""
_MASKED_CHARACTERS, _SYSTEM_CHARACTERS = 2000, 4000
"""A longer prompt, or system prompt, is masked at both ends only."""
_LEAST_TEXTS, _MOST_TEXTS, _TEXTS = 500, 3000, 8000
"""Distinct prompts that templates are sought in: of a system prompt at least and at most, and of all, shared by their calls."""
_SYSTEMS = 400
"""System prompts that are looked at one by one; rarer ones are told apart by how they begin."""
_RARE_SYSTEMS = 3000
_MOST_VARIANTS = 50
"""Of a system prompt, in the characters that are masked in it; more are found by a pattern."""
_MOST_TEMPLATES = 40
"""Of one system prompt."""
_LEAST_CALLS, _LEAST_SHARE = 3, 0.0005
"""Of a system prompt that is a kind of its own."""
_EXACT_SHARE = 0.01
"""Prompts of a system prompt from which one that is the same but for what is masked is a template."""
_MOST_KEYS, _KEYS_PER_CALL = 200, 0.05
"""More task keys than this are names of something else, such as conversations."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a kind is looked for. One of them is set, or none for all that is left."""

    task_key: str | None = None
    system_keys: tuple[int | str, ...] = ()
    """System prompts, as the engine compares them."""
    system_checks: tuple[Check, ...] = ()
    """What a system prompt must pass that is not one of these."""
    model: str | None = None
    """Where no text was logged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One kind of prompt: what the calls of it have in common. None = anything."""

    place: Place
    system: str | None = None
    """Masked system prompt, or the words with which it begins."""
    head: str | None = None
    """Masked words with which the prompt begins."""
    tail: str | None = None
    whole: bool = False
    """Whether the masked prompt is `head`, or, if it is long, begins with it and ends with `tail`."""
    checks: tuple[Check, ...] = ()
    """Of the prompt."""

    @property
    def words(self) -> str:
        """All that is fixed in the prompt."""
        return " ".join(one for one in (self.system, self.head, self.tail) if one)


@dataclass(frozen=True, kw_only=True, slots=True)
class _System:
    place: Place
    text: str | None
    calls: tuple[Sampled, ...]


def key_of(cell: Cell | None) -> str:
    """What names a cell, whatever its number."""
    if cell is None:
        return ""
    return "\x01".join((cell.place.task_key or "", cell.system or "", cell.head or "", cell.tail or "", cell.place.model or ""))


def plan(calls: Sequence[Sampled]) -> tuple[Cell, ...]:
    """The kinds of prompts. Every call is of the first that it matches. `calls` in the order of their draws."""
    keys = _task_keys(calls)
    cells = [Cell(place=Place(task_key=key)) for key in keys]
    rest = [one for one in calls if one.task_key not in keys] if keys else calls
    with_text = [one for one in rest if one.system or one.prompt]
    for system in _systems(with_text):
        cells += _cells(system, len(with_text))
    models = Counter(one.model for one in rest if not (one.system or one.prompt))
    cells += [Cell(place=Place(model=model)) for model, _ in sorted(models.items(), key=lambda one: (-one[1], one[0]))[:_SYSTEMS]]
    return tuple(cells)


def _task_keys(calls: Sequence[Sampled]) -> Mapping[str, int]:
    """The task keys of the log with their calls, if they tell tasks apart."""
    counted = Counter(one.task_key for one in calls if one.task_key)
    if not 2 <= len(counted) <= min(_MOST_KEYS, max(2, _KEYS_PER_CALL * counted.total())):  # noqa: PLR2004  (one key tells nothing apart)
        return {}
    return dict(sorted(counted.items(), key=lambda one: (-one[1], one[0])))


def _systems(calls: Sequence[Sampled]) -> Iterator[_System]:
    """System prompts, the frequent ones each and the rare ones by their beginning; the last stands for all others."""
    by_key: defaultdict[int | str, list[Sampled]] = defaultdict(list)
    for one in calls:
        by_key[one.system_key].append(one)
    raw = sorted(by_key.values(), key=lambda ones: (-len(ones), ones[0].system))[: _SYSTEMS + _RARE_SYSTEMS]
    by_text: defaultdict[str, list[list[Sampled]]] = defaultdict(list)
    for ones in raw:
        by_text[masked(both_ends(ones[0].system, _SYSTEM_CHARACTERS))].append(ones)
    least = max(_LEAST_CALLS, _LEAST_SHARE * len(calls))
    ranked = sorted(by_text.items(), key=lambda one: (-sum(map(len, one[1])), one[0]))
    frequent = [(text, variants) for text, variants in ranked[:_SYSTEMS] if sum(map(len, variants)) >= least or text == ""]
    found = [_system(text, variants) for text, variants in frequent]
    # Those that are told by a plain comparison come first: it is far cheaper than a pattern.
    yield from sorted(found, key=lambda one: bool(one.place.system_checks))
    taken = {text for text, _ in frequent}
    rare = [(text, variants) for text, variants in ranked if text not in taken]
    left = dict(rare[:_RARE_SYSTEMS])
    for template in beginnings(left):
        words = " ".join(template.words)
        inside = {text: variants for text, variants in left.items() if text.startswith(words)}
        left = {text: variants for text, variants in left.items() if text not in inside}
        raws = [ones[0].system for variants in inside.values() for ones in variants]
        place = Place(system_checks=(check_of(words, "begin", raws),))
        yield _System(place=place, text=words, calls=_flat(inside.values()))
    if rare or len(by_key) > len(raw):
        seen = {ones[0].system_key for _, variants in frequent for ones in variants}
        others = tuple(one for one in calls if one.system_key not in seen) if len(by_key) > len(raw) else _flat(left.values())
        yield _System(place=Place(), text=None, calls=others)


def _system(text: str, variants: Sequence[Sequence[Sampled]]) -> _System:
    """One system prompt, with all that is masked in it."""
    keys = tuple(sorted({ones[0].system_key for ones in variants}, key=str))
    varies = VARIABLE.search(text) is not None or len(keys) > _MOST_VARIANTS
    checks = _checks(text, [ones[0].system for ones in variants]) if varies else ()
    return _System(place=Place(system_keys=keys[:_MOST_VARIANTS], system_checks=checks), text=text, calls=_flat([variants]))


def _flat(many: Iterable[Sequence[Sequence[Sampled]]]) -> tuple[Sampled, ...]:
    return tuple(sorted(one for variants in many for ones in variants for one in ones))


def _checks(text: str, raws: Sequence[str]) -> tuple[Check, ...]:
    """Checks that a text is this one but for what is masked; of a long one both ends are compared."""
    head, tail = text[:HEAD_CHARACTERS], text[-TAIL_CHARACTERS:]
    if len(text) <= HEAD_CHARACTERS:
        return (check_of(text, "whole", raws),)
    # A mask that was cut in two is no mask.
    return check_of(head.rsplit(" ", 1)[0], "begin", raws), check_of(tail.split(" ", 1)[-1], "end", raws)


def _cells(system: _System, total: int) -> list[Cell]:
    """The kinds of user prompts under one system prompt; the last is for those that have nothing in common."""
    share = int(_TEXTS * len(system.calls) / max(1, total))
    distinct = list(dict.fromkeys(one.prompt for one in system.calls))[: min(_MOST_TEXTS, max(_LEAST_TEXTS, share))]
    by_mask: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for prompt in distinct:
        mask = masked(both_ends(prompt, _MASKED_CHARACTERS))
        by_mask[mask[:HEAD_CHARACTERS], mask[-TAIL_CHARACTERS:]].append(prompt)
    least = max(_LEAST_CALLS, _EXACT_SHARE * len(distinct))
    often = sorted((pair for pair, prompts in by_mask.items() if len(prompts) >= least), key=lambda pair: (-len(by_mask[pair]), pair))
    base: dict[str, Any] = {"place": system.place, "system": system.text}
    cells = []
    for head, tail in often[:_MOST_TEMPLATES]:
        checks = _checks(head if len(head) < HEAD_CHARACTERS else f"{head} {tail}", by_mask[head, tail])
        cells.append(Cell(**base, head=head, tail=tail, whole=True, checks=checks))
    left = [(pair, prompts) for pair, prompts in by_mask.items() if len(prompts) < least]
    for one in beginnings(head for (head, _), _ in left)[:_MOST_TEMPLATES]:
        words = " ".join(one.words)
        inside = [(pair, prompts) for pair, prompts in left if pair[0].startswith(words)]
        left = [(pair, prompts) for pair, prompts in left if not pair[0].startswith(words)]
        begins = check_of(words, "begin", [prompt for _, prompts in inside for prompt in prompts])
        tails = _splitting([tail for (_, tail), _ in inside])
        for end in tails:
            raws = [prompt for (_, tail), prompts in inside if tail.endswith(end) for prompt in prompts]
            cells.append(Cell(**base, head=words, tail=end, checks=(begins, check_of(end, "end", raws))))
        if not tails:
            cells.append(Cell(**base, head=words, checks=(begins,)))
    for one in endings(tail for (_, tail), _ in left)[:_MOST_TEMPLATES]:
        words = " ".join(one.words)
        raws = [prompt for (_, tail), prompts in left if tail.endswith(words) for prompt in prompts]
        cells.append(Cell(**base, tail=words, checks=(check_of(words, "end", raws),)))
    return [*cells, Cell(**base)]


def _splitting(tails: Sequence[str]) -> list[str]:
    """Endings that tell two kinds of prompts apart which begin alike; none where they all end alike, or each as it likes."""
    found = endings(tails)
    explained = sum(one.texts for one in found)
    return [" ".join(one.words) for one in found] if len(found) > 1 and explained >= 0.9 * len(set(tails)) else []
