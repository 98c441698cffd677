"""The next steps about measuring: which model, on how many examples, for how much; never one that is settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.core.costs import ready_made
from slmdecide.core.decide import GREY_ZONE
from slmdecide.core.measured import SOURCE as MEASURED_HERE
from slmdecide.core.measured import asked_of, floor_words, found_of, settled
from slmdecide.core.naming import option_words
from slmdecide.core.quality import LEVELS, OPEN_LARGE_CLAIM
from slmdecide.core.samples import examples_for, examples_there, measurement
from slmdecide.core.situation import able, not_held, still_open, to_measure
from slmdecide.core.steps_labels import specializing
from slmdecide.core.summary import measure_on, price_words
from slmdecide.numbers import count, percent, points, usd
from slmdecide.records.assessment import NextStep

if TYPE_CHECKING:
    from slmdecide.core.decide import Considered
    from slmdecide.core.situation import Situation
    from slmdecide.records.profile_measured import MeasuredModel
    from slmdecide.records.task import Task

PROBE = "slmdecide probe FILE --examples EXAMPLES"
LIKELY = 0.5
"""A small model with at least this likelihood is more likely to do than not."""


def measuring(at: Situation) -> list[NextStep]:
    """What to measure before the choice is relied on, or to come to one."""
    chosen, task = at.choice.chosen, at.task
    if chosen is None:
        return _to_come_to_one(at)
    if chosen.considered.quality.source == MEASURED_HERE:
        option = chosen.considered.option
        found = found_of(task, option.model.id, option.mode)
        is_open = found is not None and option.family != "cascade" and settled(found, asked_of(task)) is None
        if found is not None and is_open:
            return [_go_on(task, chosen.considered, found)]
        return _first(at) if option.family == "large" and task.floor is not None else []
    half_known = still_open(at)
    if half_known is not None and chosen.considered.option.family in ("large", "cascade"):
        return [_go_on(task, *half_known)]
    if chosen.considered.option.family != "large":
        return [*_test_set(task), *([] if ready_made(chosen.considered.option, task) else _first(at))]
    hopeful = any(not one.vetoes and (one.quality.high or 0.0) >= GREY_ZONE for one in at.considered if one.option.family == "small")
    return _likely_but_not_enough(at) or (_first(at) if hopeful else [])


def _to_come_to_one(at: Situation) -> list[NextStep]:
    """What is missing for a choice."""
    if any(able(one, at.task) for one in at.considered):
        return [_throughput(at)]
    half_known = still_open(at)
    if half_known is not None:
        return [_go_on(at.task, *half_known), *(_first(at) if at.task.floor is not None else [])]
    return [*_test_set(at.task), *(_first(at) or _first_tuned(at))]


def _throughput(at: Situation) -> NextStep:
    """What is missing where an option would do and has no cost."""
    one = next(one for one in at.considered if able(one, at.task))
    return NextStep(
        do=f"Measure the throughput of {one.option.model.id} at these lengths, and write it into the profile (hosting.throughput)",
        command=None,
        why="it would do, but what it costs is not known, so it cannot be chosen",
        evidence=("article-start-smallest",),
    )


def _go_on(task: Task, one: Considered, found: MeasuredModel) -> NextStep:
    return NextStep(
        do=f"Go on measuring {one.option.model.id}: {measure_on(task, one, found)}",
        command=f"{PROBE} --resume",
        why=f"it is {percent(one.quality.p_good_enough)} likely to do by what was measured, {task.risk} risk asks for "
        f"{percent(LEVELS[task.risk])}",
        evidence=("article-start-smallest",),
    )


def _test_set(task: Task) -> list[NextStep]:
    """Set aside as many examples as are missing; nothing where as many were measured on."""
    there = examples_there(task)
    needed = examples_for(task)
    missing = max(0, needed - there)
    price = f"labelling them costs about {usd(missing * task.cost_per_label_usd)}, which is not in the bill"
    apart = f"{max(task.tolerance, 1):g} points"
    why = f"so many show a difference of {apart} between two models that disagree as often as published pairs; fewer show a larger one"
    if task.floor is not None:
        why = f"so many show on which side of {floor_words(task)} a score is that lies {apart} away; fewer show it of one further away"
    what = f"about {count(needed)} labelled examples as a test set"
    if there:
        what = f"about {count(missing)} labelled examples more as a test set, beside the {count(there)} that were measured on"
    if not missing:
        return []
    return [
        NextStep(
            do=f"Set aside {what}, apart from those that a model is tuned on ({price})",
            command=None,
            why=why,
            evidence=("zellinger-2025-discordance",) if task.floor is None else ("article-start-smallest",),
        ),
    ]


def _likely_but_not_enough(at: Situation) -> list[NextStep]:
    """Measure the likeliest small option, where it is likely to do, but less so than the task's risk asks for."""
    task, level = at.task, LEVELS[at.task.risk]
    likely = [
        (-p, place, one)
        for place, one in enumerate(to_measure(at))
        if one.option.family != "large" and (p := one.quality.p_good_enough) is not None and LIKELY <= p < level
    ]
    if not likely:
        return []
    one = min(likely, key=lambda each: each[:2])[2]
    chosen = at.choice.chosen
    needed = measurement(task, [one, chosen.considered] if chosen is not None else [one])
    costs = f", about {usd(needed.usd)} of API calls" if needed.usd else ""
    half = max(task.tolerance, 1)
    return [
        NextStep(
            do=f"Measure {option_words(one.option)} first, on about {count(needed.examples)} labelled examples{costs}: "
            f"so many compare it with the large model to within {points(half)}",
            command=PROBE,
            why=f"it is {percent(one.quality.p_good_enough)} likely to do, {task.risk} risk asks for {percent(level)}, "
            "and a measurement of your own settles which",
            evidence=("article-start-smallest", "zellinger-2025-discordance"),
        ),
    ]


def _first(at: Situation) -> list[NextStep]:
    """Measure the first of the ladder: the smallest that can be tried as it is, or what is larger than those that were not enough."""
    ladder = to_measure(at)
    if not ladder:
        return []
    one, task = ladder[0], at.task
    option = one.option
    how = "as it is published" if option.mode == "fine_tuned" else "prompted, with a few examples and structured output"
    climbing = any(each.quality.source == MEASURED_HERE for each in at.considered)
    why = "the smallest model that may do comes first; scale up only when the measurement asks for it"
    if climbing:
        why = "the ladder goes on from what was measured: the smallest of those that may still do comes first"
    asked = ""
    if task.floor is not None:
        needed = measurement(task, [one])
        asked = f": does it reach {floor_words(task)}? About {count(needed.examples)} examples tell{price_words(needed)}"
    return [
        NextStep(
            do=f"Measure {option.model.id} first, {how}{asked}",
            command=f"slmdecide models {option.model.id}" if option.mode == "fine_tuned" else f"{PROBE} --model {option.model.id}",
            why=why,
            evidence=("article-start-smallest",),
        ),
    ]


def _first_tuned(at: Situation) -> list[NextStep]:
    """With a floor and nothing left that can be tried as it is: fine-tune the smallest that may be, and measure it."""
    tuned = [one for one in not_held(at) if one.option.mode == "fine_tuned"]
    return specializing(at.task, tuned[0].option, can_label=False) if tuned else []


def check_yardstick(option_name: str) -> NextStep:
    """Measure an open large model that is the yardstick for want of another."""
    return NextStep(
        do=f"Measure {option_name} on examples of your own, before it is relied on",
        command=PROBE,
        why="it is the yardstick because no closed large model may be used, not because it was compared with one on your task",
        evidence=(OPEN_LARGE_CLAIM,),
    )
