"""What a set of examples is like, which of them can be measured with, and in which order."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.errors import did_you_mean
from slmdecide.numbers import count, percent
from slmdecide.records.probe import ExampleCheck, Flaw

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slmdecide.records.probe import Example, FlawKind

_LISTED = 20
_SUSPICIOUS_SHARE = 0.1
"""From this share of leaked answers on they are reported: some inputs name their label by nature ("I want a refund")."""
_SHORTEST_LABEL = 3
"""A shorter label ("no", "A") stands in many texts by chance."""
_LABEL_CHARACTERS = 40
_DIGEST_BYTES = 8


class Checked(NamedTuple):
    """The report on the examples, and those that are left to measure with."""

    check: ExampleCheck
    usable: tuple[Example, ...]
    """In file order."""


def check_examples(examples: Sequence[Example], *, closed: bool, labels: Sequence[str] = (), n_labels: int | None = None) -> Checked:
    """The examples without copies, conflicts and empty ones, and a report on everything that is odd.

    `closed`: whether the answers are labels of a closed set; `labels` are its names and `n_labels` their number, where known.
    """
    empty_input = [one for one in examples if not one.input.strip()]
    empty_expected = [one for one in examples if one.input.strip() and not one.expected.strip()]
    by_input: defaultdict[str, list[Example]] = defaultdict(list)
    for one in examples:
        if one.input.strip() and one.expected.strip():
            by_input[one.input.strip()].append(one)
    conflicting: list[list[Example]] = []
    copies: list[Example] = []
    usable: list[Example] = []
    for same in by_input.values():
        if len({one.expected.strip() for one in same}) > 1:
            conflicting.append(same)
            continue
        usable.append(same[0])
        copies += same[1:]
    usable.sort(key=lambda one: one.line or 0)
    conflicts = [one for same in conflicting for one in same]
    allowed = set(labels)
    unknown = [one for one in usable if one.expected.strip() not in allowed] if closed and labels else []
    found = Counter(one.expected.strip() for one in usable) if closed else Counter()
    leaked = _leaked(usable, list(labels) or list(found)) if closed else []
    flaws = [
        _flaw("empty_input", empty_input, "without an input; not used"),
        _flaw("empty_expected", empty_expected, "without an expected answer; not used"),
        _flaw("duplicate", copies, "that copy an earlier one; not used"),
        _conflict(conflicting),
        _unknown(unknown, labels),
        _leak(leaked, len(usable)),
        *(_label_flaws(found, labels, n_labels) if closed else []),
    ]
    check = ExampleCheck(
        n=len(examples),
        n_usable=len(usable),
        duplicates=len(copies),
        conflicts=len(conflicts),
        empty=len(empty_input) + len(empty_expected),
        unknown_labels=len(unknown),
        leaked=len(leaked),
        labels=tuple(found.most_common()),
        flaws=tuple(flaw for flaw in flaws if flaw is not None),
    )
    return Checked(check, tuple(usable))


def stands_in(label: str, text: str) -> bool:
    """Whether the label stands in the text word for word, in whatever case."""
    folded = label.strip().casefold()
    if len(folded) < _SHORTEST_LABEL or folded not in text.casefold():
        return False
    return re.search(rf"(?<!\w){re.escape(folded)}(?!\w)", text.casefold()) is not None


def in_order(examples: Iterable[Example], *, seed: int, stratified: bool) -> tuple[Example, ...]:
    """The examples in a seeded order that depends on ids and labels alone, not on their order in the file.

    Each example draws a number from a hash of seed and id. Plain: they are sorted by it, which is a random order. Stratified:
    the j-th of a label's n examples (by its number u) comes at (j + u) / n, so that every start of the list holds each label in
    its proportion, within one example, while each example is as likely to come early as late. A label that occurs once comes
    anywhere. Draws of this kind scatter less than independent ones, for which the test of `sequence` is exact;
    `benchmarks/probe_sequence.py` shows that it keeps its error rate under them, for labels of accuracy 0 and 1 too.
    """
    drawn = sorted((_uniform(seed, one.id), one.id, one) for one in examples)
    if not stratified:
        return tuple(one for _, _, one in drawn)
    strata: defaultdict[str, list[tuple[float, str, Example]]] = defaultdict(list)
    for entry in drawn:
        strata[entry[2].expected.strip()].append(entry)
    placed = [
        ((place + _uniform(seed, f"place {name}")) / len(members), name, one)
        for members in strata.values()
        for place, (_, name, one) in enumerate(members)
    ]
    return tuple(one for _, _, one in sorted(placed, key=lambda entry: entry[:2]))


def _uniform(seed: int, name: str) -> float:
    """A number from 0 to 1 that stands for a draw."""
    digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=_DIGEST_BYTES).digest()
    return int.from_bytes(digest) / float(2 ** (8 * _DIGEST_BYTES))


# What is odd


def _leaked(examples: Sequence[Example], labels: Sequence[str]) -> list[Example]:
    """Examples whose label stands in their input, while at most half of the other labels do: those list all labels as choices."""
    found = []
    for one in examples:
        if stands_in(one.expected, one.input):
            others = [label for label in labels if label.strip() != one.expected.strip()]
            if 2 * sum(stands_in(label, one.input) for label in others) <= len(others):
                found.append(one)
    return found


def _flaw(kind: FlawKind, examples: Sequence[Example], what: str) -> Flaw | None:
    if not examples:
        return None
    return Flaw(
        kind=kind,
        serious=False,
        n=len(examples),
        example_ids=_ids(examples),
        message=f"{_counted(len(examples))} {what}: {_where(examples)}",
    )


def _conflict(conflicting: Sequence[Sequence[Example]]) -> Flaw | None:
    examples = [one for same in conflicting for one in same]
    if not examples:
        return None
    first = conflicting[0]
    answers = ", ".join(dict.fromkeys(_quoted(one.expected.strip()) for one in first))
    message = (
        f"{_counted(len(examples))} with an input that occurs with different answers; not used: {_where(examples)}; "
        f"the first input has {answers}"
    )
    return Flaw(kind="conflicting_duplicate", serious=False, n=len(examples), example_ids=_ids(examples), message=message)


def _unknown(examples: Sequence[Example], labels: Sequence[str]) -> Flaw | None:
    if not examples:
        return None
    words = Counter(one.expected.strip() for one in examples)
    word = words.most_common(1)[0][0]
    allowed = ", ".join(map(_quoted, labels[:_LISTED])) + (", …" if len(labels) > _LISTED else "")
    message = (
        f"{_counted(len(examples))} with a label that the profile does not list, such as {_quoted(word)}"
        f"{did_you_mean(word, labels)}: {_where(examples)}; labels are {allowed}"
    )
    return Flaw(kind="unknown_label", serious=True, n=len(examples), example_ids=_ids(examples), message=message)


def _leak(examples: Sequence[Example], n: int) -> Flaw | None:
    if not examples or len(examples) < _SUSPICIOUS_SHARE * n:
        return None
    message = (
        f"in {percent(len(examples) / n)} of the examples the expected label stands word for word in the input: {_where(examples)}; "
        "if the answer was put there, the score says nothing"
    )
    return Flaw(kind="leaked_answer", serious=False, n=len(examples), example_ids=_ids(examples), message=message)


def _label_flaws(found: Counter[str], labels: Sequence[str], n_labels: int | None) -> list[Flaw]:
    """What is odd about the labels as a set."""
    flaws = []
    unused = [label for label in labels if label not in found]
    if unused:
        message = f"{_counted(len(unused), 'label')} of the profile without an example: {', '.join(map(_quoted, unused[:_LISTED]))}"
        flaws.append(Flaw(kind="unused_label", serious=False, n=len(unused), example_ids=(), message=message))
    expected = len(labels) or n_labels
    if not labels and expected is not None and len(found) != expected:
        message = f"{_counted(len(found), 'label')} in the examples, the profile says {count(expected)}"
        flaws.append(Flaw(kind="label_count", serious=len(found) > expected, n=len(found), example_ids=(), message=message))
    elif len(found) == 1:
        message = f"every example has the label {_quoted(next(iter(found)))}; a model that always says so is always right"
        flaws.append(Flaw(kind="label_count", serious=True, n=1, example_ids=(), message=message))
    spellings: defaultdict[str, list[str]] = defaultdict(list)
    for label in found:
        spellings[" ".join(label.casefold().split())].append(label)
    twins = [same for same in spellings.values() if len(same) > 1]
    if twins:
        message = f"labels that differ in case or spaces only: {'; '.join(' and '.join(map(_quoted, same)) for same in twins[:_LISTED])}"
        flaws.append(Flaw(kind="spelling", serious=False, n=sum(map(len, twins)), example_ids=(), message=message))
    return flaws


def _ids(examples: Sequence[Example]) -> tuple[str, ...]:
    return tuple(one.id for one in examples[:_LISTED])


def _where(examples: Sequence[Example]) -> str:
    """`lines 3, 8, 12, …`, or ids where there are no lines."""
    shown = examples[:5]
    more = ", …" if len(examples) > len(shown) else ""
    if all(one.line is not None for one in shown):
        return f"line{'s' if len(examples) > 1 else ''} {', '.join(str(one.line) for one in shown)}{more}"
    return ", ".join(_named(one.id) for one in shown) + more


def _named(name: str) -> str:
    return name if name.isprintable() and len(name) <= _LABEL_CHARACTERS else _quoted(name)


def _counted(n: int, what: str = "example") -> str:
    return f"{count(n)} {what}{'s' if n != 1 else ''}"


def _quoted(word: str) -> str:
    """The label on one line, not endless."""
    return f"{word[:_LABEL_CHARACTERS]!r}…" if len(word) > _LABEL_CHARACTERS else repr(word)
