"""What the reference class could be instead: simpler and other ways to predict a comparison, each tuned without its source."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from reference_fit import AT, Data, log_loss, logistic, nested

from slmdecide.core.likeness import likeness
from slmdecide.core.reference import STEPS, kind_of_row, size_doublings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from reference_fit import Floats

    Mask = NDArray[np.bool_]
    Predict = Callable[[Mask, Mask], Floats]

    from slmdecide.core.reference import Kind
    from slmdecide.records.evidence import HeadToHead

LIGHTLY = {"mode": 10.0, "reasoning": 2.0, "old rival": 2.0}
"""Features with two or three values that nearly every source tells: so many times less penalized than those of few sources."""
_STRENGTHS = (1.0, 2.0, 4.0, 8.0)
_SHARPNESS = (0.5, 1.0, 2.0)
_SCALES = (4.0, 6.0, 9.0, 13.0)
_CLIPPED = 40.0
"""Points; a shortfall beyond counts as this."""
_TINY = 1e-12


class Columns(NamedTuple):
    """Named features, one value per comparison."""

    values: dict[str, Floats]

    def data(self, rows: Sequence[HeadToHead], tolerances: tuple[float, ...] | None = None) -> Data:
        """As numbers to fit on; what is lightly penalized is scaled up instead."""
        names = sorted({row.source for row in rows})
        scaled = {name: column * LIGHTLY.get(name, 1.0) ** 0.5 for name, column in self.values.items()}
        return Data(
            columns=tuple(scaled),
            x=np.array(list(scaled.values())).T,
            shortfall=np.array([row.shortfall_points for row in rows]),
            source=np.array([names.index(row.source) for row in rows]),
            names=tuple(names),
            **({"tolerances": tolerances} if tolerances is not None else {}),
        )

    def without(self, *starts: str) -> Columns:
        """All columns but those whose name starts so."""
        return Columns({name: column for name, column in self.values.items() if not name.startswith(starts)})

    def plus(self, more: dict[str, Floats]) -> Columns:
        """With further columns."""
        return Columns({**self.values, **more})


def numbers(values: Sequence[float]) -> Floats:
    """A column."""
    return np.array(values, dtype=np.float64)


def shipped_columns(rows: Sequence[HeadToHead]) -> Columns:
    """The features of the reference class."""
    kinds = [kind_of_row(row) for row in rows]
    found = {
        "mode": numbers([0.5 if kind.mode == "fine_tuned" else -0.5 for kind in kinds]),
        "reasoning": numbers([STEPS[kind.reasoning] for kind in kinds]),
        "knowledge": numbers([STEPS[kind.knowledge] for kind in kinds]),
        "prompted size": numbers([size_doublings(kind.size_b) for kind in kinds]),
        "input length": numbers([kind.length if kind.length is not None else 0.0 for kind in kinds]),
        "nearness metric": numbers([kind.nearness_metric for kind in kinds]),
        "old rival": numbers([kind.old_rival for kind in kinds]),
    }
    for nature in sorted({kind.nature for kind in kinds}):
        found[f"nature {nature}"] = numbers([kind.nature == nature for kind in kinds])
    for form in sorted({kind.output_form for kind in kinds}):
        found[f"output {form}"] = numbers([kind.output_form == form for kind in kinds])
    return Columns(found)


def further_columns(rows: Sequence[HeadToHead]) -> dict[str, dict[str, Floats]]:
    """Features that were tried and left out."""
    tuned = numbers([row.small_mode == "fine_tuned" for row in rows])
    side = 2 * tuned - 1
    size = np.log2(numbers([row.small_params_b if row.small_params_b is not None else 7.0 for row in rows]) / 7)
    labels = np.log2(np.clip(numbers([row.n_labels if row.n_labels is not None else 4 for row in rows]), 2, 64)) - 2
    trained = np.log10(np.clip(numbers([row.n_train_examples if row.n_train_examples is not None else 5_000 for row in rows]), 30, 1e6))
    natures = sorted({row.task_nature for row in rows})
    return {
        "year": {"year": numbers([(row.year if row.year is not None else 2024) - 2024 for row in rows])},
        "number of labels": {"labels": labels},
        "training examples": {"examples": (trained - np.log10(5_000)) * tuned},
        "size of a fine-tuned model": {"tuned size": size * tuned},
        "mode of the large model": {
            f"large {mode}": numbers([row.large_mode == mode for row in rows]) for mode in ("zero_shot", "few_shot", "cot")
        },
        "mode × reasoning": {"mode × reasoning": side * numbers([STEPS[row.reasoning_depth] for row in rows])},
        "mode × nature": {f"mode × {nature}": side * numbers([row.task_nature == nature for row in rows]) for nature in natures},
    }


def kinds_of(rows: Sequence[HeadToHead]) -> list[Kind]:
    """What each comparison is like."""
    return [kind_of_row(row) for row in rows]


def tuned_outside(data: Data, options: Sequence[Predict]) -> Floats:
    """Each source by the option that predicts the other sources best, one of them left out at a time.

    An option takes what may be seen and what is to be predicted (masks over the rows) and gives the probabilities.
    """
    found = np.empty(len(data.shortfall))
    for source in np.unique(data.source):
        own = data.source == source
        best = min(options, key=lambda option: _inner(data, option, own))
        found[own] = best(~own, own)
    return found


def _inner(data: Data, option: Predict, own: Mask) -> float:
    p = np.empty(len(data.shortfall))
    for source in np.unique(data.source[~own]):
        target = data.source == source
        p[target] = option(~own & ~target, target)
    return log_loss(p[~own], data.good[~own])


def one_rate(data: Data) -> Floats:
    """Every row gets the share of all other sources' rows."""
    return tuned_outside(data, [lambda seen, target: np.full(int(target.sum()), data.good[seen].mean())])


def table(rows: Sequence[HeadToHead], data: Data) -> Floats:
    """The rate of the mode, drawn toward that at the reasoning depth, drawn toward that of the nature at that depth."""
    kinds = kinds_of(rows)
    words = [(kind.mode, kind.reasoning, kind.nature) for kind in kinds]
    keys: list[list[tuple[str, ...]]] = [[word[:depth] for depth in range(4)] for word in words]

    def option(strength: float) -> Predict:
        def predict(seen: Mask, target: Mask) -> Floats:
            shares: dict[object, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
            for i in np.flatnonzero(seen):
                for key in keys[i]:
                    shares[key][int(data.source[i])].append(float(data.good[i]))
            found = []
            for i in np.flatnonzero(target):
                p = 0.5
                for depth, key in enumerate(keys[i]):
                    cell = [sum(good) / len(good) for good in shares[key].values()]
                    weight = strength if depth > 1 else 1.0
                    p = (sum(cell) + weight * p) / (len(cell) + weight)
                found.append(p)
            return np.array(found)

        return predict

    return tuned_outside(data, [option(strength) for strength in _STRENGTHS])


def alike(rows: Sequence[HeadToHead]) -> Floats:
    """The likeness of every pair of comparisons; 0 for two modes."""
    kinds = kinds_of(rows)
    return np.array([[likeness(one, other) if one.mode == other.mode else 0.0 for other in kinds] for one in kinds])


def cases(rows: Sequence[HeadToHead], data: Data, prior: Floats | None = None) -> Floats:
    """The shares of the sources, weighted by likeness, drawn toward the rate of the mode, or toward `prior`."""
    pairs = alike(rows)
    modes = np.array([row.small_mode == "fine_tuned" for row in rows])

    def option(sharpness: float, strength: float) -> Predict:
        weight = pairs**sharpness * (pairs > 0)
        columns = [data.source == source for source in range(len(data.names))]
        likest = np.array([weight[:, own].max(axis=1) for own in columns]).T
        good = np.array([(weight[:, own] @ data.good[own]) / np.maximum(weight[:, own].sum(axis=1), _TINY) for own in columns]).T * likest

        def predict(seen: Mask, target: Mask) -> Floats:
            kept, places = np.unique(data.source[seen]), np.flatnonzero(target)
            toward = prior[places] if prior is not None else np.array([data.good[seen & (modes == modes[i])].mean() for i in places])
            ours = np.ix_(places, kept)
            found: Floats = (good[ours].sum(axis=1) + strength * toward) / (likest[ours].sum(axis=1) + strength)
            return found

        return predict

    strengths = _STRENGTHS if prior is None else (4.0, 8.0, 16.0, 32.0)
    return tuned_outside(data, [option(sharpness, strength) for sharpness, strength in product(_SHARPNESS, strengths)])


def location(data: Data) -> Floats:
    """A regression of the shortfall itself; the probability follows from a logistic distribution around it."""
    target_value = np.clip(data.shortfall, -_CLIPPED, _CLIPPED)

    def option(penalty: float, scale: float) -> Predict:
        def predict(seen: Mask, target: Mask) -> Floats:
            x, y = data.x[seen], target_value[seen]
            solved = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ (y - y.mean()))
            return logistic((AT - y.mean() - data.x[target] @ solved) / scale)

        return predict

    return tuned_outside(data, [option(penalty, scale) for penalty, scale in product((2.0, 4.0, 8.0, 16.0), _SCALES)])


def averaged(*several: Floats) -> Floats:
    """The mean on the scale of log-odds."""
    return logistic(np.mean([np.log(p / (1 - p)) for p in (np.clip(one, 0.01, 0.99) for one in several)], axis=0))


def forward(rows: Sequence[HeadToHead], columns: Columns) -> Floats:
    """The features themselves chosen without the source that is predicted, from a growing list."""
    order = ("old rival", "nearness metric", "prompted size", "input length", "knowledge", "output ", "nature ")
    sets = [columns.without(*order[: len(order) - depth]) for depth in range(len(order) + 1)]
    every = [one.data(rows) for one in sets]
    return nested(every[-1], every[:-1]).p
