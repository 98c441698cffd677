"""How an answer is scored: the names that this package uses, and the words that mean one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Metric = Literal[
    "exact_label",
    "exact_match",
    "token_f1",
    "entity_f1",
    "json_schema",
    "json_fields",
    "numeric",
    "contains",
    "rouge_l",
    "judge",
]
"""How one answer is scored, 0 to 1."""
OverAnswers = Literal["accuracy", "macro_f1"]
"""What a probe says of a set of labels: the mean of exact_label, and the mean of the labels' F1."""
MeasuredBy = Literal[Metric, OverAnswers]
METRICS: tuple[str, ...] = get_args(Metric)

_BY_WORD: Mapping[str, Metric] = {
    "exact match": "exact_match",
    "em": "exact_match",
    "f1": "token_f1",
    "token f1": "token_f1",
    "squad f1": "token_f1",
    "entity f1": "entity_f1",
    "span f1": "entity_f1",
    "rouge": "rouge_l",
    "rouge l": "rouge_l",
    "rougel": "rouge_l",
    "json schema": "json_schema",
    "json fields": "json_fields",
    "field match": "json_fields",
    "numeric": "numeric",
    "contains": "contains",
}
"""Names in a profile's quality.metric, lower case, that mean one of ours."""
_OF_LABELS: Mapping[str, tuple[MeasuredBy, ...]] = {
    "accuracy": ("accuracy", "exact_label"),
    "exact label": ("exact_label", "accuracy"),
    "micro f1": ("accuracy", "exact_label"),
    "macro f1": ("macro_f1", "accuracy", "exact_label"),
    "exact match": ("exact_match", "exact_label", "accuracy"),
}
"""Words for scores of labels, and what is taken for each: over single labels micro-F1 is accuracy, and a probe tests accuracy where
macro-F1 is asked for, because that is no mean over examples."""


def plain(word: str) -> str:
    """A metric's name as people write it: lower case, with spaces."""
    return word.casefold().replace("_", " ").replace("-", " ").strip()


def of_labels(word: str) -> bool:
    """Whether the word is for a score of labels."""
    return plain(word) in _OF_LABELS


def standard(word: str) -> Metric | None:
    """The metric of one answer that a word means; None if it is none of ours."""
    return _BY_WORD.get(plain(word))


def taken_for(word: str) -> tuple[MeasuredBy, ...]:
    """The metrics that may be held against what is asked in a metric of this name; () if the name is none of ours: then any may."""
    labels = _OF_LABELS.get(plain(word))
    if labels is not None:
        return labels
    if word == "judge":
        return ("judge",)
    found = standard(word)
    return (found,) if found is not None else ()


def same(one: MeasuredBy, other: MeasuredBy) -> bool:
    """Whether two metrics measure the same: the mean of exact_label is accuracy."""
    return one == other or {one, other} == {"exact_label", "accuracy"}
