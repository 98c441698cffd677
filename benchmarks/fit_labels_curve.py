"""Fits the labels curve on the published learning curves and says how far off it is on data sets that it has not seen.

    python benchmarks/fit_labels_curve.py            prints the constants, the errors and the band
    python benchmarks/fit_labels_curve.py --check    exit code 1 if `slmdecide/core/labels.py` holds other constants

Points lost with n labels and k classes: loss × n^−decay × (k ÷ 2)^classes. A plateau is never observed, so the curve is
fitted to differences: the score with the most labels of a data set minus the score with fewer. Every data set weighs
the same; errors count absolutely, smooth near zero, so that one failed training pulls no harder than a doubtful one.
Each data set is predicted by a fit on the others (leave one data set out). Baselines: nothing is missing from 500 labels
on, as the rule of thumb has it; the same curve without classes; two other forms.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from scipy.optimize import least_squares  # noqa: E402

from slmdecide.core import labels as shipped  # noqa: E402
from slmdecide.readers.labels_curve import load_labels_curves  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from slmdecide.records.labels import LabelsCurve

    Floats = NDArray[np.float64]

SMOOTH_POINTS = 3.0
"""Errors below this count by their square, above it linearly."""
RULE_OF_THUMB = 500
TAILS = (0.1, 0.9)
"""Quantiles between which the band lies."""


class Form(NamedTuple):
    """One shape of the curve: points lost by labels, classes and parameters."""

    name: str
    start: tuple[float, ...]
    lost: Callable[[Floats, float, Floats], Floats]


def power(labels: Floats, classes: float, p: Floats) -> Floats:
    """Shipped: loss × n^−decay × (k ÷ 2)^classes."""
    return np.exp(p[0]) * labels ** -np.exp(p[1]) * (classes / 2) ** p[2]


def one_power(labels: Floats, classes: float, p: Floats) -> Floats:  # noqa: ARG001  (the shape of a form)
    """The same for any number of classes."""
    return np.exp(p[0]) * labels ** -np.exp(p[1])


def exponential(labels: Floats, classes: float, p: Floats) -> Floats:
    """A loss that halves after every so many labels."""
    return np.exp(p[0]) * np.exp(-labels / (np.exp(p[1]) * (classes / 2) ** p[2]))


def logistic(labels: Floats, classes: float, p: Floats) -> Floats:
    """A loss that falls from a bound, logistic in the logarithm of the labels."""
    return np.exp(p[0]) / (1 + (labels / (np.exp(p[1]) * (classes / 2) ** p[2])) ** np.exp(p[3]))


POWER = Form("power law, classes (shipped)", (6.0, -0.5, 0.2), power)
FORMS = (
    POWER,
    Form("power law, one for all classes", (6.0, -0.5), one_power),
    Form("exponential, classes", (4.0, 5.5, 0.2), exponential),
    Form("logistic in the log, classes", (4.0, 5.0, 0.2, 0.1), logistic),
)


class Points(NamedTuple):
    """A curve as arrays. Shape: one value per number of labels but the largest, rising."""

    curve: LabelsCurve
    labels: Floats
    most: float
    behind: Floats
    """Points of macro F1 behind the score with the most labels."""

    def predicted(self, form: Form, parameters: Floats) -> Floats:
        """What the form says for `behind`."""
        lost = form.lost(np.append(self.labels, self.most), self.curve.classes, parameters)
        return lost[:-1] - lost[-1]


def as_points(curve: LabelsCurve) -> Points:
    """The curve relative to its last point."""
    labels = np.array([float(one.labels) for one in curve.points])
    scores = 100 * np.array([one.macro_f1 for one in curve.points])
    return Points(curve, labels[:-1], labels[-1], scores[-1] - scores[:-1])


def fit(form: Form, data: Sequence[Points]) -> Floats:
    """The parameters that fit best."""

    def residuals(parameters: Floats) -> Floats:
        return np.concatenate([(one.behind - one.predicted(form, parameters)) / np.sqrt(len(one.labels)) for one in data])

    return least_squares(residuals, form.start, loss="soft_l1", f_scale=SMOOTH_POINTS).x


def held_out(form: Form, data: Sequence[Points]) -> list[Floats]:
    """The prediction for each data set by a fit on the others."""
    return [one.predicted(form, fit(form, [other for other in data if other is not one])) for one in data]


def mean_error(data: Sequence[Points], predictions: Sequence[Floats], *, least: float = 0) -> float:
    """Mean absolute error in points, each data set weighing one; of counts of at least `least` labels."""
    errors = [
        float(np.mean(np.abs(one.behind - predicted)[one.labels >= least]))
        for one, predicted in zip(data, predictions, strict=True)
        if np.any(one.labels >= least)
    ]
    return sum(errors) / len(errors)


def quotients(data: Sequence[Points], predictions: Sequence[Floats]) -> Floats:
    """Observed ÷ predicted, where the labels are at most half of the most: nearer to it both are all but nothing."""
    return np.concatenate(
        [(one.behind / predicted)[one.labels * 2 <= one.most] for one, predicted in zip(data, predictions, strict=True)],
    )


def band(data: Sequence[Points]) -> tuple[float, float]:
    """Low and high quotient."""
    low, high = np.quantile(quotients(data, held_out(POWER, data)), TAILS)
    return float(low), float(high)


def coverage(data: Sequence[Points]) -> float:
    """Share of points inside the band, fit and band both without their data set."""
    inside: list[bool] = []
    for one in data:
        others = [other for other in data if other is not one]
        low, high = band(others)
        found = quotients([one], [one.predicted(POWER, fit(POWER, others))])
        inside += [bool(low <= each <= high) for each in found]
    return sum(inside) / len(inside)


def constants(parameters: Floats) -> tuple[float, float, float]:
    """Loss, decay and classes, as the module holds them."""
    return float(f"{np.exp(parameters[0]):.3g}"), round(float(np.exp(parameters[1])), 3), round(float(parameters[2]), 3)


def _print_errors(data: Sequence[Points]) -> None:
    print(f"\n{'mean absolute error in points, each data set held out':56} {'all':>6} {'from 500':>9}")
    for form in FORMS:
        found = held_out(form, data)
        print(f"{form.name:56} {mean_error(data, found):6.2f} {mean_error(data, found, least=RULE_OF_THUMB):9.2f}")
    nothing = [np.zeros_like(one.behind) for one in data]
    print(f"{'baseline: nothing is missing from 500 labels on':56} {'–':>6} {mean_error(data, nothing, least=RULE_OF_THUMB):9.2f}")
    sources = sorted({one.curve.source for one in data})
    for source in sources:
        inside = [one for one in data if one.curve.source == source]
        parameters = fit(POWER, [one for one in data if one.curve.source != source])
        error = mean_error(inside, [one.predicted(POWER, parameters) for one in inside])
        print(f"{f'{source} by a fit on the other source':56} {error:6.2f}")


def _print_starts(curves: Sequence[LabelsCurve]) -> None:
    """What tuning on inference first is worth, at the counts that all data sets have."""
    tuned = {one.dataset: one for one in curves if one.points[0].tuned_before_on is not None}
    plain = {one.dataset: one for one in curves if one.points[0].tuned_before_on is None}
    print("\ntuned on inference first, mean macro-F1 points more than the plain encoder")
    for labels in (100, 500, 1000):
        gains = [_score(tuned[name], labels) - _score(plain[name], labels) for name in tuned]
        print(f"{labels:6,} labels {sum(gains) / len(gains):+6.1f}   ({len(gains)} data sets)")


def _score(curve: LabelsCurve, labels: int) -> float:
    return next(100 * one.macro_f1 for one in curve.points if one.labels == labels)


def _print_answers(found: tuple[float, float, float]) -> None:
    print(f"\nloss {found[0]:g}, decay {found[1]:g}, classes {found[2]:g}")
    print(f"{'classes':>8} {'start':>6} {'enough':>7}   short at 50, 100, 200, 500, 1,000, 2,000 labels")
    for classes in (2, 3, 5, 8, 12, 22):
        short = [shipped.shortfall(labels, classes).typical for labels in (50, 100, 200, 500, 1000, 2000)]
        print(f"{classes:8} {shipped.to_start(classes):6,} {shipped.enough(classes):7,}   {' '.join(f'{one:5.1f}' for one in short)}")


def main() -> int:
    """Print what was found; 1 if the shipped constants are not the fit's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fail if the shipped constants are not the fit's")
    check: bool = parser.parse_args().check
    curves = load_labels_curves()
    data = [as_points(one) for one in curves if one.points[0].tuned_before_on is None]
    print(
        f"{len(data)} data sets from {len({one.curve.source for one in data})} sources, {sum(len(one.labels) + 1 for one in data)} points"
    )
    found = constants(fit(POWER, data))
    low, high = band(data)
    _print_errors(data)
    print(f"\nband: observed is {low:.2f} to {high:.2f} times what was predicted; {coverage(data):.0%} inside a band made without them")
    print(f"furthest behind: {max(float(np.max(one.behind)) for one in data):.0f} points")
    _print_starts(curves)
    _print_answers(found)
    here = (shipped.LOSS, shipped.DECAY, shipped.CLASSES, *shipped.BAND)
    there = (*found, round(low, 1), round(high, 1))
    if here != there:
        print(f"\nslmdecide/core/labels.py holds {here}, the fit gives {there}")
    return int(check and here != there)


if __name__ == "__main__":
    sys.exit(main())
