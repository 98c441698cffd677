"""How often the advice was right: the reference class on comparisons that it has not seen, beside simpler rules."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from slmdecide.core.reference import kind_of_row, p_good_enough
from slmdecide.core.score import assess_criteria, features_of_comparison, score
from slmdecide.core.scoring import CERTAIN, calibration, cells_of, intervals, log_loss_gain, scores
from slmdecide.records.backtest import Backtest, Baseline, Group, SkippedKind, SkippedRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from slmdecide.core.reference import Kind
    from slmdecide.core.scoring import Cells
    from slmdecide.records.catalog import Criterion, Nature
    from slmdecide.records.evidence import HeadToHead
    from slmdecide.records.reference import Coefficients, ReferenceClass

LISTED = 100
"""Skipped rows that are listed one by one; all are counted."""
_SURE, _NEVER = 1 - CERTAIN, CERTAIN
"""What a rule without doubt says; the words of the report name both."""

LIMITS = (
    "Makers publish comparisons that they win, and many rivals are of 2023: this flatters tuned models (head-to-head-publication-bias).",
    "Prompted small models are mostly of 2023 and 2024: this is hard on today's (head-to-head-base-rate-prompted).",
    "A few sources hold many rows; intervals draw whole sources, and with few of them they are wide.",
    "Routing, reranking, open chat, multi-hop questions and fine-tuned mathematics, code and summarization are thin.",
    "No row tests a cascade.",
)


class Rules(NamedTuple):
    """What the criteria score is made from."""

    criteria: tuple[Criterion, ...]
    natures: Mapping[str, Nature]


class Skips(NamedTuple):
    """Rows of a file that could not be scored."""

    listed: tuple[SkippedRow, ...]
    by_problem: Mapping[str, int]


class _Said(NamedTuple):
    """Rows, what happened, and what each rule said."""

    rows: Sequence[HeadToHead]
    good: NDArray[np.bool_]
    source: NDArray[np.int64]
    """A number for each source."""
    by_rule: dict[str, NDArray[np.float64]]


OURS = "reference_class"
_WORDS = {
    "always_large": "a large model every time",
    "always_small": "a small model every time",
    "fine_tuned_and_narrow": "a small model where it is fine-tuned and knowledge is narrow",
    "fine_tuned_and_not_deep": "a small model where it is fine-tuned and reasoning is not high",
    "criteria_score": "the criteria table alone, on what a row tells; a score of -1 to +1 is read as a likelihood of 0 to 1",
    "base_rate": "the share of comparisons good enough, whatever the task; leaving a source out moves it away, so its AUC can be below 0.5",
}


def held_out(rows: Sequence[HeadToHead], reference: ReferenceClass, rules: Rules, tolerance: float) -> Backtest:
    """Each shipped row by coefficients that have not seen its source."""
    by_source = {one.source: one.coefficients for one in reference.held_out}
    good = [row.shortfall_points <= tolerance for row in rows]
    n, of_source = Counter(row.source for row in rows), Counter(row.source for row, one in zip(rows, good, strict=True) if one)
    total = sum(good)

    def base_rate(row: HeadToHead) -> float:
        others = len(rows) - n[row.source]
        return (total - of_source[row.source]) / others if others else 0.5

    said = _said(rows, good, reference, rules, tolerance, lambda row: by_source[row.source], base_rate)
    return _report(said, reference, tolerance, data=None, skips=Skips((), {}), shipped=())


def on_file(
    rows: Sequence[HeadToHead],
    shipped: Sequence[HeadToHead],
    reference: ReferenceClass,
    rules: Rules,
    tolerance: float,
    *,
    data: str,
    skips: Skips,
) -> Backtest:
    """The rows of a file by the shipped coefficients; nothing is fitted again. There must be one."""
    rate = sum(row.shortfall_points <= tolerance for row in shipped) / len(shipped)
    good = [row.shortfall_points <= tolerance for row in rows]
    said = _said(rows, good, reference, rules, tolerance, lambda _: reference.coefficients, lambda _: rate)
    return _report(said, reference, tolerance, data=data, skips=skips, shipped=shipped)


def _said(
    rows: Sequence[HeadToHead],
    good: list[bool],
    reference: ReferenceClass,
    rules: Rules,
    tolerance: float,
    coefficients: Callable[[HeadToHead], Coefficients],
    base_rate: Callable[[HeadToHead], float],
) -> _Said:
    known: dict[tuple[Kind, int | None, Coefficients], tuple[float, ...]] = {}
    by_criteria = _criteria_rule(rules)
    said, rates = [], []
    for row in rows:
        by, kind, examples = coefficients(row), kind_of_row(row), row.n_train_examples
        told = known.get((kind, examples, by))
        if told is None:
            p = p_good_enough(kind, tolerance, reference.tolerances, by)
            told = known[kind, examples, by] = (p, *_simple(kind), by_criteria(kind.likened, examples))
        said.append(told)
        rates.append(base_rate(row))
    _, source = np.unique([row.source for row in rows], return_inverse=True)
    columns = (*np.array(said).T, np.array(rates))
    return _Said(rows, np.array(good), source, dict(zip((OURS, *_WORDS), columns, strict=True)))


def _simple(kind: Kind) -> tuple[float, float, float, float]:
    """What the rules without doubt say, in the order of their words."""
    tuned = kind.mode == "fine_tuned"
    return (
        _NEVER,
        _SURE,
        _SURE if tuned and kind.knowledge == "narrow" else _NEVER,
        _SURE if tuned and kind.reasoning != "high" else _NEVER,
    )


def _criteria_rule(rules: Rules) -> Callable[[Kind, int | None], float]:
    """What the criteria score says of a comparison, as a probability."""
    natures = {one.evidence_nature: one for one in rules.natures.values()}

    @lru_cache(maxsize=4096)
    def rule(kind: Kind, n_train_examples: int | None) -> float:
        values = features_of_comparison(
            natures[kind.nature], mode=kind.mode, reasoning=kind.reasoning, knowledge=kind.knowledge, n_train_examples=n_train_examples
        )
        return (score(assess_criteria(rules.criteria, values, {})) + 1) / 2

    return rule


def _report(
    said: _Said, reference: ReferenceClass, tolerance: float, *, data: str | None, skips: Skips, shipped: Sequence[HeadToHead]
) -> Backtest:
    every = np.arange(len(said.rows))
    ours = _cells(said, OURS, every)
    compared, sources = {row.cell[:-1] for row in shipped}, {row.source for row in shipped}
    return Backtest(
        data=data,
        how="held_out" if data is None else "shipped",
        tolerance=tolerance,
        scores=scores(ours),
        intervals=intervals(ours),
        calibration=calibration(ours),
        baselines=tuple(_baseline(name, words, ours, _cells(said, name, every)) for name, words in _WORDS.items()),
        by_nature=_groups(said, [row.task_nature for row in said.rows]),
        by_mode=_groups(said, [row.small_mode for row in said.rows]),
        overlap=sum(1 for row in said.rows if row.cell[:-1] in compared),
        known_sources=sum(1 for row in said.rows if row.source in sources),
        repeated=len(said.rows) - len({row.cell for row in said.rows}) if data is not None else 0,
        skipped=skips.listed,
        skipped_rows=sum(skips.by_problem.values()),
        skipped_by_problem=tuple(
            SkippedKind(problem=problem, rows=rows) for problem, rows in sorted(skips.by_problem.items(), key=lambda one: (-one[1], one[0]))
        ),
        fitted_rows=reference.rows,
        fitted_sources=reference.sources,
        limits=LIMITS,
    )


def _cells(said: _Said, rule: str, places: NDArray[np.int64]) -> Cells:
    return cells_of(said.by_rule[rule][places], said.good[places], said.source[places])


def _baseline(name: str, words: str, ours: Cells, theirs: Cells) -> Baseline:
    gain, interval = log_loss_gain(ours, theirs)
    return Baseline(name=name, words=words, scores=scores(theirs), log_loss_gain=gain, log_loss_gain_interval=interval)


def _groups(said: _Said, names: Sequence[str]) -> tuple[Group, ...]:
    """The rows by name, the largest group first."""
    places: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        places.setdefault(name, []).append(i)
    found = []
    for name, own in sorted(places.items(), key=lambda one: (-len(one[1]), one[0])):
        cells = _cells(said, OURS, np.array(own))
        found.append(Group(name=name, scores=scores(cells), intervals=intervals(cells)))
    return tuple(found)
