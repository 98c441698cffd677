"""How many labelled examples would settle whether a model is good enough, and what measuring costs."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.core.options import request_usd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.core.decide import Considered
    from slmdecide.records.task import Task

Z_ONE_SIDED_95 = 1.6448536269514722
Z_POWER_80 = 0.8416212335729143
DISCORDANCE = 0.1744
"""Share of examples on which exactly one of the two models is right: median of three recorded pairs of arXiv 2501.09345
(zellinger-2025-discordance)."""
LEAST_MARGIN = 0.01
"""Share by which a tolerance below one point is widened: nobody labels the 100,000 examples that zero would take."""


class Measurement(NamedTuple):
    """What it takes to know."""

    examples: int
    usd: float | None
    """API calls of the models on every example; None if a price is not known. Labels are not in it."""
    labels_usd: float
    """Labelling those that are not there yet: examples that a model is tuned on do not count as a test set, measured ones do."""


def examples_needed(tolerance_points: float, discordance: float = DISCORDANCE) -> int:
    """Paired examples, rounded up to two digits, that show, at 95 % with power 80 %, that the small model is at most the tolerance behind.

    n = (z₀.₉₅ + z₀.₈)² × discordance ÷ margin²: the normal approximation for a difference of paired shares, whose variance
    is discordance ÷ n when the two models are equally good. Planning only; a measurement brings its own interval.
    """
    margin = max(tolerance_points / 100, LEAST_MARGIN)
    return _two_digits(discordance / margin**2)


def examples_for_floor(floor_: float, tolerance_points: float) -> int:
    """Examples, rounded up to two digits, that show, at 95 % with power 80 %, on which side of the floor a score is.

    n = (z₀.₉₅ + z₀.₈)² × s(1 − s) ÷ margin² for a score that is the tolerance away from the floor, with the s between the two
    that varies most: the normal approximation for a share of right answers. Planning only.
    """
    margin = max(tolerance_points / 100, LEAST_MARGIN)
    share = min(max(0.5, floor_ - margin), floor_ + margin)
    return _two_digits(share * (1 - share) / margin**2)


def _two_digits(variance_over_margin: float) -> int:
    needed = (Z_ONE_SIDED_95 + Z_POWER_80) ** 2 * variance_over_margin
    step = int(10 ** max(0, floor(log10(needed)) - 1))
    return ceil(needed / step) * step


def examples_for(task: Task) -> int:
    """Examples that would settle the task: of its floor if it has one, else of its tolerance."""
    return examples_for_floor(task.floor, task.tolerance) if task.floor is not None else examples_needed(task.tolerance)


def measurement(task: Task, contestants: Sequence[Considered]) -> Measurement:
    """The examples that would settle the task, and the price of running the contestants on them."""
    needed = examples_for(task)
    usd: float | None = 0.0
    for one in contestants:
        price = one.option.price
        if price is None:
            continue
        each = request_usd(price, task, task.input_tokens)
        usd = usd + each * needed if usd is not None and each is not None else None
    return Measurement(needed, usd, max(0, needed - examples_there(task)) * task.cost_per_label_usd)


def examples_there(task: Task) -> int:
    """Examples of a test set that are labelled already: the most that a model was measured on."""
    return max((one.n for one in task.measured), default=0)
