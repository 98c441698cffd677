"""Which short answers of a group are its labels? Counted on all calls; what is written in several ways is one label."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from slmdecide.traffic.features import label_of
from slmdecide.traffic.rows import rows_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

_MOST_ANSWERS = 5000
"""Different short answers of one group that leave the engine, the most frequent first; a larger set is not closed, and of it only
those leave that recur letter by letter."""
_LEAST_REPEATED = 2
"""A short answer that occurs once is no label."""
_COVERED = 0.995
"""Labels are kept, the most frequent first, until so many of the recurring answers have one: the rest are slips."""
_SLIP_SHARE = 0.02
"""A label that is rarer than this share of what an even split would give it is a slip too."""


def labels_of(calls: ir.Table) -> dict[int, Counter[str]]:
    """Short answers that recur, with their calls, by group."""
    import ibis  # noqa: PLC0415  (heavy)

    short = calls.filter(calls.answered & calls.short.notnull())
    counted = short.group_by(["group", "short"]).agg(n=short.count())
    sizes = counted.group_by("group").agg(answers=counted.count())
    sized = counted.join(sizes, "group")
    kept = sized.filter((sized.answers <= _MOST_ANSWERS) | (sized.n > 1))
    window = ibis.window(group_by=kept.group, order_by=[ibis.desc(kept.n), kept.short])
    placed = kept.mutate(place=ibis.row_number().over(window))
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for row in rows_of(placed.filter(placed.place < _MOST_ANSWERS).select("group", "short", "n")):
        label = label_of(row["short"])
        if label is not None:
            found[row["group"]][label] += row["n"]
    return {
        group: without_slips(Counter({label: n for label, n in labels.items() if n >= _LEAST_REPEATED})) for group, labels in found.items()
    }


def without_slips(labels: Counter[str]) -> Counter[str]:
    """The labels that are meant: a misspelt or invented one is rare."""
    total = labels.total()
    kept: Counter[str] = Counter()
    covered = 0
    for label, n in sorted(labels.items(), key=lambda one: (-one[1], one[0])):
        if covered >= _COVERED * total and n < _SLIP_SHARE * total / max(1, len(kept)):
            break
        kept[label] = n
        covered += n
    return kept
