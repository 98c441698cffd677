"""What the limits of a profile did to a choice: options that they ruled out, and what no datum could be held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.core.measured import p95_ms
from slmdecide.core.naming import option_words
from slmdecide.core.vetoes import ends_within
from slmdecide.numbers import milliseconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.core.decide import Considered
    from slmdecide.core.options import Option
    from slmdecide.core.situation import Situation
    from slmdecide.records.assessment import Veto
    from slmdecide.records.task import Task


def unchecked(option: Option, at: Situation) -> list[str]:
    """Limits of the profile that no datum could be held against, and what today's model is to them."""
    task, found = at.task, []
    members = (option,) if option.small is None or option.large is None else (option.small, option.large)
    found += _untimed(members, task)
    if task.residency and any(one.hosting == "rented_gpu" for one in members):
        found.append(f"Residency: GPU rents are of all providers; rent from one that stays in {', '.join(task.residency)}.")
    today = [one for one in at.considered if one.option.model.id == task.today and one.option.hosting == "api" and one.vetoes]
    found += [f"Today: {option_words(one.option)} breaks the profile's own limits: {one.vetoes[0].reason}." for one in today[:1]]
    if option.family == "large" and option.model.weights == "open" and option.hosting != "api":
        found.append("Yardstick: no closed large model may be used, so the open ones that may are what good enough is measured against.")
    return found


def _untimed(members: Sequence[Option], task: Task) -> list[str]:
    """Limits of the latency that no datum could be held against, and those that a probe was."""
    found: list[str] = []
    limits: dict[str, list[str]] = {}
    for words, limit in (("95 % latency", task.p95_ms), ("TTFT", task.ttft_ms)):
        unknown = []
        for one in members if limit is not None else ():
            timed = p95_ms(task, one.model.id, one.mode) if one.hosting == "api" and words != "TTFT" else None
            if timed is not None:
                took = f"95 of 100 answers of {one.model.id} took up to {milliseconds(timed)} when it was measured"
                found.append(f"Latency: {took}; {milliseconds(limit)} are wanted.")
            elif not any(serving.idle_latency_ms is not None for serving in one.servings):
                unknown.append(one.model.id)
        if unknown:
            limits.setdefault(" and ".join(unknown), []).append(f"{words} of {milliseconds(limit)}")
    return [
        *found,
        *(
            f"Latency: how fast {models} answers is not in the data, so the {' and '.join(those)} is not checked: measure it."
            for models, those in limits.items()
        ),
    ]


def ends(option: Option, at: Situation) -> list[str]:
    """That an API which is chosen is retired within the horizon: a prompt can move, so it is no veto."""
    members = (option,) if option.small is None or option.large is None else (option.small, option.large)
    return [
        f"Retirement: {member.price.id} is retired on {member.price.deprecation_date}, within the horizon; plan the move."
        for member in members
        if member.price is not None and ends_within(member.price, at.prices_as_of, at.task.horizon_months)
    ]


def vetoed(at: Situation) -> list[str]:
    """One sentence per kind of veto, with the first option that it struck as the example."""
    struck: dict[str, list[tuple[Considered, Veto]]] = {}
    for one in at.considered:
        for veto in one.vetoes:
            if one.option.large is None or veto.id == "no_confidence_signal":
                struck.setdefault(veto.id, []).append((one, veto))
    found = sorted(struck.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [_struck(name, options) for name, options in found]


def _struck(name: str, options: Sequence[tuple[Considered, Veto]]) -> str:
    first, veto = options[0]
    many = f"{len(options)} options, such as" if len(options) > 1 else "1 option,"
    return f"Ruled out ({name.replace('_', ' ')}): {many} {option_words(first.option)}: {veto.reason}."
