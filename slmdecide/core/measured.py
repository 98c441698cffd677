"""What a measurement on the user's own examples says of an option; it goes before everything published.

A probe gives an estimate with anytime-valid bounds, each of which is wrong with at most half the stated error rate. The
likelihood is read off the normal distribution that has exactly that much beyond the nearer bound: where a bound touches what
is asked, the likelihood is what the bound promises. The bounds are wider than those of a fixed sample, so this errs to the
side of not knowing.
"""

from __future__ import annotations

from math import erf, sqrt
from typing import TYPE_CHECKING

from slmdecide.numbers import count, in_full, number, percent, score, significant
from slmdecide.records.assessment import QualityEstimate

if TYPE_CHECKING:
    from slmdecide.records.assessment import Mode
    from slmdecide.records.profile_measured import MeasuredCascade, MeasuredModel, Yardstick
    from slmdecide.records.task import Task

SOURCE = "measured_here"
NOT_MEASURED = "not_measured"
"""With a floor, of an option that nobody held against it."""
LARGER_SIBLING = "larger_sibling"
"""Of a prompted model of whose line a larger one was shown not to be good enough."""
CERTAIN = 0.999
"""No measurement makes surer than this; declared."""
_MOST_EXAMPLES = 1_000_000
_ROUNDING = 1e-9
"""Points; 0.07 × 100 is a little more than 7."""


def yardstick(task: Task) -> Yardstick:
    """What good enough means for the task: a floor if it has one, whatever tolerance stands beside it, else the large model."""
    return "floor" if task.floor is not None else "large_model"


def found_of(task: Task, model: str, mode: Mode) -> MeasuredModel | None:
    """What was measured of a model in this mode against the task's own yardstick; None if nothing was."""
    against = yardstick(task)
    return next((one for one in task.measured if (one.model, one.mode, one.against) == (model, mode, against)), None)


def asked_of(task: Task) -> float:
    """What an estimate must reach: the floor, or minus the tolerance, as a share."""
    return task.floor if task.floor is not None else -task.tolerance / 100


def p_good_enough(found: MeasuredModel, asked: float) -> float:
    """Probability that what was estimated reaches what is asked."""
    from statistics import NormalDist  # noqa: PLC0415  (10 ms, for who has measured)

    ahead = found.estimate - asked
    reach = found.estimate - found.low if ahead >= 0 else found.high - found.estimate
    if reach <= 0:
        return CERTAIN if ahead >= 0 else 1 - CERTAIN
    z = NormalDist().inv_cdf(1 - found.error_rate / 2)
    p = 0.5 * (1 + erf(z * ahead / reach / sqrt(2)))
    return min(max(p, 1 - CERTAIN), CERTAIN)


def settled(found: MeasuredModel, asked: float) -> bool | None:
    """Whether it was shown good enough, or not good enough; None if neither was."""
    return True if found.low >= asked else False if found.high < asked else None


def more_examples(found: MeasuredModel, asked: float) -> int | None:
    """About how many more examples, to two digits, would settle it if the estimate stays: bounds narrow with the root of their number.

    0 if it is settled; None if more than a million would be needed.
    """
    ahead = found.estimate - asked
    reach = found.estimate - found.low if ahead >= 0 else found.high - found.estimate
    if settled(found, asked) is not None:
        return 0
    needed = found.n * (reach / abs(ahead)) ** 2 if ahead else float("inf")
    return max(1, int(significant(needed - found.n, 2))) if needed < _MOST_EXAMPLES else None


def quality(task: Task, model: str, mode: Mode) -> QualityEstimate | None:
    """How likely the option is good enough by what was measured; None if nothing was.

    The interval is where more examples could lead: nowhere else once it is shown, anywhere between while it is open.
    """
    found = found_of(task, model, mode)
    if found is None:
        return None
    asked, half = asked_of(task), found.error_rate / 2
    p, known = p_good_enough(found, asked), settled(found, asked)
    return QualityEstimate(
        p_good_enough=p,
        low=0.0 if known is False else min(p, 1 - half) if known else half,
        high=1.0 if known else max(p, half) if known is False else 1 - half,
        source=SOURCE,
        n=found.n,
        n_sources=1,
        explanation=_explained(found, known, task),
        evidence=(),
    )


def floor_words(task: Task) -> str:
    """`the floor of 0.85 accuracy`."""
    return f"the floor of {task.floor:g} {task.metric}"


def not_measured(task: Task) -> QualityEstimate:
    """Of an option that nobody held against the task's floor: nothing is known, and the interval is all there is."""
    return QualityEstimate(
        p_good_enough=None,
        low=0.0,
        high=1.0,
        source=NOT_MEASURED,
        n=0,
        n_sources=0,
        explanation=f"not measured: published scores are of other test sets, so whether it reaches {floor_words(task)} is open",
        evidence=(),
    )


def under_sibling(own: QualityEstimate, task: Task, sibling: str) -> QualityEstimate:
    """Of a prompted model no likelier than a larger one of its line, which was shown not to be good enough."""
    above = quality(task, sibling, "prompted")
    if above is None or above.p_good_enough is None:
        return own
    alone = own.p_good_enough if own.p_good_enough is not None else 1.0
    return QualityEstimate(
        p_good_enough=min(alone, above.p_good_enough),
        low=0.0,
        high=above.high,
        source=LARGER_SIBLING,
        n=above.n,
        n_sources=1,
        explanation=f"{sibling}, a larger model of its line, was {above.explanation}; a smaller one is no likelier",
        evidence=(),
    )


def _explained(found: MeasuredModel, known: bool | None, task: Task) -> str:
    where = f"measured on {examples_words(found.n)} of yours{by_and_when(found)} ({found.source})"
    verdict = {True: "it is shown to be good enough", False: "it is shown not to be good enough", None: "neither way is shown yet"}[known]
    sure = f"at {percent(1 - found.error_rate)} whenever one looks"
    if task.floor is not None:
        told = f"a score of {score(found.estimate)} ({score(found.low)} to {score(found.high)} {sure}) against the floor of {task.floor:g}"
        return f"{where}: {told}; {verdict}"
    points = f"{_points(found.estimate)} points against the large model ({_points(found.low)} to {_points(found.high)} {sure})"
    return f"{where}: {points}, where −{number(task.tolerance)} is allowed; {verdict}"


def by_and_when(found: MeasuredModel) -> str:
    """` by exact label on 2026-11-28`, as far as it is known."""
    by = f" by {found.metric.replace('_', ' ')}" if found.metric is not None else ""
    return by + (f" on {found.measured_on}" if found.measured_on is not None else "")


def examples_words(n: int) -> str:
    """`1 example`, `2 examples`."""
    return f"{count(n)} example{'' if n == 1 else 's'}"


def _points(share: float) -> str:
    """A difference as points of 100, with its sign."""
    value = 100 * share
    return f"{'−' if value < -0.05 else '+' if value > 0.05 else ''}{abs(value):.1f}"  # noqa: PLR2004  (half the last digit)


def shortfall(task: Task, model: str, mode: Mode) -> float | None:
    """Expected share of answers by which the model is behind the large one; None if it was not measured against one."""
    found = found_of(task, model, mode)
    return max(0.0, -found.estimate) if found is not None and found.against == "large_model" else None


def p95_ms(task: Task, model: str, mode: Mode) -> float | None:
    """95th percentile of the latency of a provider's API, the least that was measured, in ms; None if nobody timed it."""
    timed = [one.p95_ms for one in task.measured if (one.model, one.mode) == (model, mode) and one.p95_ms is not None]
    return min(timed, default=None)


def is_cascade_of(found: MeasuredCascade, small: str, mode: Mode, large: str) -> bool:
    """Whether the replayed cascade has these two members."""
    return (found.small, found.small_mode, found.large) == (small, mode, large)


def reaches_floor(task: Task, model: str, points: float) -> float | None:
    """Probability that a prompted model is so many points above the floor; None without a floor, or if the model was not measured."""
    found = found_of(task, model, "prompted") if task.floor is not None else None
    return p_good_enough(found, asked_of(task) + points / 100) if found is not None else None


def cascade_quality(found: MeasuredCascade, task: Task, large: QualityEstimate) -> QualityEstimate | None:
    """How likely the replayed cascade is good enough; None if it promises nothing at the task's tolerance.

    It promises to stay near its large member, so it is as likely as the promise holds and the large member itself will do: with a
    floor, by as many points above it as the cascade may fall behind, however many these are. With a floor and a large member that
    nobody held against it, None too.
    """
    if found.threshold is None or found.delta is None or found.tolerance is None:
        return None
    above = reaches_floor(task, found.large, found.tolerance)
    if above is None if task.floor is not None else found.tolerance > task.tolerance + _ROUNDING:
        return None
    alone = above if above is not None else large.p_good_enough if large.p_good_enough is not None else 0.0
    seen = f"on {examples_words(found.n).replace(' ', ' recorded ')} " if found.n is not None else ""
    where = f"replayed {seen}({found.source or 'the profile'})"
    promise = f"at the threshold {in_full(found.threshold)} it stays within {number(found.tolerance)} points of the large model"
    itself = f"; {found.large} itself is {percent(alone)} likely to be good enough for that" if alone < CERTAIN else ""
    return QualityEstimate(
        p_good_enough=(1 - found.delta) * alone,
        low=(1 - found.delta) * min(alone, large.low if large.low is not None else alone),
        high=max(alone, large.high if large.high is not None else alone),
        source=SOURCE,
        n=found.n if found.n is not None else 0,
        n_sources=1,
        explanation=f"{where}: {promise}, a promise that is broken at most {percent(found.delta)} of times{itself}",
        evidence=(),
    )
