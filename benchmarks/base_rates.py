"""How well each simple base rate predicts sources that it has not seen.

Every published comparison is predicted from the comparisons of all other sources (leave one source out). Two scores: the
Brier score with each source weighing one, and accuracy at one half. Lower Brier is better; the first scheme is the plain
baseline that every row gets the same rate.

    python benchmarks/base_rates.py [tolerance in points]
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable

from slmdecide.core.quality import STRENGTH
from slmdecide.readers.head_to_head import load_head_to_head
from slmdecide.records.catalog import HeadToHead

Rows = list[HeadToHead]
Keys = tuple[Callable[[HeadToHead], object], ...]


def mode(row: HeadToHead) -> object:
    """Prompted or fine-tuned."""
    return row.small_mode


def depth(row: HeadToHead) -> object:
    """Mode and reasoning depth."""
    return row.small_mode, row.reasoning_depth


def nature(row: HeadToHead) -> object:
    """Mode and nature."""
    return row.small_mode, row.task_nature


def cell(row: HeadToHead) -> object:
    """Mode, nature and reasoning depth."""
    return row.small_mode, row.task_nature, row.reasoning_depth


def breadth(row: HeadToHead) -> object:
    """Mode and knowledge breadth."""
    return row.small_mode, row.knowledge_breadth


SCHEMES: dict[str, Keys] = {
    "one rate for all": (),
    "mode": (mode,),
    "mode > depth": (mode, depth),
    "mode > nature": (mode, nature),
    "mode > breadth": (mode, breadth),
    "mode > nature > nature and depth": (mode, nature, cell),
    "mode > depth > nature and depth (shipped)": (mode, depth, cell),
}


def rate(rows: Rows, row: HeadToHead, keys: Keys, strength: float, tolerance: float) -> float:
    """The rate for a row: each finer cell is drawn toward the coarser one; sources count once."""
    p = _cell(rows, 0.5, 1.0, tolerance)
    for key in keys:
        p = _cell([one for one in rows if key(one) == key(row)], p, strength, tolerance)
    return p


def _cell(rows: Rows, prior: float, strength: float, tolerance: float) -> float:
    by_source: dict[str, list[bool]] = defaultdict(list)
    for one in rows:
        by_source[one.source].append(one.shortfall_points <= tolerance)
    shares = [sum(good) / len(good) for good in by_source.values()]
    return (sum(shares) + strength * prior) / (len(shares) + strength)


def scores(rows: Rows, keys: Keys, strength: float, tolerance: float) -> tuple[float, float]:
    """Brier score with each source weighing one, and accuracy over rows."""
    by_source: dict[str, Rows] = defaultdict(list)
    for row in rows:
        by_source[row.source].append(row)
    briers, right = [], 0
    for source, held_out in by_source.items():
        seen = [row for row in rows if row.source != source]
        known: dict[object, float] = {}
        errors = []
        for row in held_out:
            at = cell(row), row.knowledge_breadth
            if at not in known:
                known[at] = rate(seen, row, keys, strength, tolerance)
            good = row.shortfall_points <= tolerance
            errors.append((known[at] - good) ** 2)
            right += (known[at] >= 0.5) == good
        briers.append(sum(errors) / len(errors))
    return sum(briers) / len(briers), right / len(rows)


def main() -> None:
    """Print the table."""
    tolerance = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    rows = list(load_head_to_head())
    print(f"{len(rows)} verified comparisons, {len({row.source for row in rows})} sources, good enough within {tolerance:g} points")
    print(f"shipped strength: {STRENGTH:g}")
    print(f"{'scheme':44} {'strength':>8} {'Brier':>7} {'accuracy':>9}")
    for name, keys in SCHEMES.items():
        for strength in (1.0, 2.0, 4.0, 8.0) if keys else (1.0,):
            brier, accuracy = scores(rows, keys, strength, tolerance)
            print(f"{name:44} {strength:8g} {brier:7.4f} {accuracy:9.1%}")


if __name__ == "__main__":
    main()
