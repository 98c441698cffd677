"""Which beginnings and ends do prompts share that nobody would write twice by chance? Pure: texts in, templates out.

A template is a run of words that a program put there: at a place where the texts part, each branch goes on word for word
for some words more. People's own words share beginnings too ("how do I …"), but these fan out at every word.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Words = tuple[str, ...]

_CHAIN = 0.95
"""Share of the texts that go on with the same word, from which that word belongs to the template."""
_LEAST_WORDS = 4
"""That a branch goes on word for word."""
_LEAST_SHARE = 0.01
"""Of all texts: a rarer template is left to the rest."""
_LEAST_TEXTS = 3
_EXPLAINED = 0.7
"""Share of the texts with a word that its templates must explain."""
_MOST_WORDS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Words that begin texts, and how many texts they begin."""

    words: tuple[str, ...]
    texts: int


def beginnings(texts: Iterable[str]) -> tuple[Found, ...]:
    """Templates with which the texts begin, the longest first; none where they have nothing in common.

    A text counts once, however often it occurs: what is repeated as a whole is no template.
    """
    split = sorted({tuple(text.split(" ")[:_MOST_WORDS]) for text in texts})
    found = _below(split, 0, max(_LEAST_TEXTS, _LEAST_SHARE * len(split)))
    return tuple(sorted(found, key=lambda one: (-len(one.words), one.words)))


def endings(texts: Iterable[str]) -> tuple[Found, ...]:
    """Templates with which the texts end, words in reading order, the longest first."""
    turned = beginnings(" ".join(reversed(text.split(" "))) for text in texts)
    return tuple(Found(words=tuple(reversed(one.words)), texts=one.texts) for one in turned)


def _below(texts: Sequence[Words], depth: int, least: float) -> list[Found]:
    """Templates of texts that agree in their first `depth` words."""
    inside, end = _chain(texts, depth)
    kept: list[Found] = []
    for branch in _branches(inside, end, least):
        sure = [one for one in _below(branch, end + 1, least) if len(one.words) >= end + _LEAST_WORDS or one.words[-1].endswith(":")]
        if sum(one.texts for one in sure) >= _EXPLAINED * len(branch):
            kept += sure
    if end == 0 or sum(one.texts for one in kept) >= _EXPLAINED * len(texts):
        return kept
    return [Found(words=inside[0][:end], texts=len(texts))]


def _chain(texts: Sequence[Words], depth: int) -> tuple[Sequence[Words], int]:
    """How far nearly all texts go on word for word, and those that do."""
    while depth < _MOST_WORDS:
        counts = Counter(text[depth] for text in texts if len(text) > depth)
        word, most = max(counts.items(), key=lambda one: (one[1], one[0]), default=("", 0))
        if most < _LEAST_TEXTS or most < _CHAIN * len(texts):
            break
        texts = [text for text in texts if len(text) > depth and text[depth] == word]
        depth += 1
    return texts, depth


def _branches(texts: Sequence[Words], depth: int, least: float) -> list[list[Words]]:
    """The texts by their next word, for words that are frequent enough."""
    found: defaultdict[str, list[Words]] = defaultdict(list)
    for text in texts:
        if len(text) > depth:
            found[text[depth]].append(text)
    return [found[word] for word in sorted(found) if len(found[word]) >= least]
