"""Which kinds of prompts are one task? Those that say nearly the same and are answered alike.

A name or a version in a system prompt makes many kinds of one task; MinHash (datasketch) finds the pairs that share most of
their word pairs, the exact share is then computed, and what comes back must be alike too: two tasks may share a long
preamble.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from slmdecide.traffic.plan import Cell

_ALIKE = 0.7
"""Share of the word pairs of both that two prompts have in common (Jaccard)."""
_CANDIDATE = 0.6
"""Lower, since MinHash estimates."""
_FEW = 200
"""So many kinds are compared each with each: that takes less time than to import what finds pairs among many."""
_PERMUTATIONS = 128
_SEED = 1
_SHARE_APART = 0.25
"""Of JSON answers or function calls."""
_LENGTHS_APART = 3.0
_LABELS_SHARED = 0.5
_FREQUENT = 0.5
"""Share of the calls of the most frequent cell of a group from which another may stand for the group."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """How one kind of prompt is answered."""

    calls: int
    answer_characters: float
    json_share: float
    tool_share: float
    labels: frozenset[str]
    """Its most frequent short answers, if they cover most."""


def merged(cells: Sequence[Cell], answers: Mapping[int, Answers]) -> tuple[int, ...]:
    """The group of each cell: the number of the cell in it that stands for all. In the order of the cells."""
    pairs = _word_pairs(cells)
    parent = list(range(len(cells)))

    def root(one: int) -> int:
        while parent[one] != one:
            one = parent[one]
        return one

    for a, b in _near(pairs):
        if cells[a].place.model is not None or cells[a].place.task_key is not None or not _alike(pairs[a], pairs[b]):
            continue
        if a in answers and b in answers and _answered_alike(answers[a], answers[b]):
            first, second = sorted((root(a), root(b)))
            parent[second] = first
    members: defaultdict[int, list[int]] = defaultdict(list)
    for one in range(len(cells)):
        members[root(one)].append(one)
    standing = {which: _standing(ones, cells, answers) for which, ones in members.items()}
    return tuple(standing[root(one)] for one in range(len(cells)))


def _standing(ones: Sequence[int], cells: Sequence[Cell], answers: Mapping[int, Answers]) -> int:
    """The cell that stands for these: of the frequent ones the first by its words, which another sample would give too."""
    calls = {one: answers[one].calls if one in answers else 0 for one in ones}
    least = _FREQUENT * max(calls.values())
    return min((one for one in ones if calls[one] >= least), key=lambda one: (cells[one].words, one))


def _word_pairs(cells: Iterable[Cell]) -> list[frozenset[tuple[str, str]]]:
    found = []
    for cell in cells:
        words = ["", *cell.words.lower().split(), ""]
        found.append(frozenset(pairwise(words)))
    return found


def _near(pairs: Sequence[frozenset[tuple[str, str]]]) -> list[tuple[int, int]]:
    """Pairs of prompts that may be alike: all of a few, and of many those that MinHash finds."""
    if len(pairs) <= _FEW:
        return list(combinations(range(len(pairs)), 2))
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415  (imports scipy)

    index = MinHashLSH(threshold=_CANDIDATE, num_perm=_PERMUTATIONS)
    found = []
    for number, one in enumerate(pairs):
        sketch = MinHash(num_perm=_PERMUTATIONS, seed=_SEED)
        for pair in sorted(one):
            sketch.update("\x01".join(pair).encode())
        found += [(other, number) for other in sorted(index.query(sketch))]
        index.insert(number, sketch)
    return sorted(found)


def _alike(one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]) -> bool:
    return len(one & other) >= _ALIKE * len(one | other)


def _answered_alike(one: Answers, other: Answers) -> bool:
    shares = abs(one.json_share - other.json_share) <= _SHARE_APART and abs(one.tool_share - other.tool_share) <= _SHARE_APART
    short, long = sorted((one.answer_characters + 1, other.answer_characters + 1))
    if not shares or long > _LENGTHS_APART * short:
        return False
    if bool(one.labels) != bool(other.labels):
        return False
    return len(one.labels & other.labels) >= _LABELS_SHARED * min(len(one.labels), len(other.labels))
