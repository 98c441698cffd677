"""Which of the recorded models are combined, and in which order they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from slmdecide.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from slmdecide.records.recorded import Answers, Recorded

MOST_MODELS = 4
_SHOWN_MODELS = 20


def members_of(recorded: Recorded, small: str | None, large: str | None, order: Sequence[str]) -> tuple[Answers, ...]:
    """Two to four models, in the order in which they are asked: as named, as the file calls them, or by rising cost.

    InputError where that does not settle it.
    """
    if order:
        return _ordered(recorded, order)
    if recorded.small is not None and recorded.large is not None:
        return _by_role(recorded, small, large)
    named = [_named(recorded, one, option) for one, option in ((small, "--small"), (large, "--large")) if one is not None]
    if small is not None and large is not None:
        if named[0] is named[1]:
            raise InputError(f"--small and --large both name {_shown(small)}; a cascade has two models")
        return tuple(named)
    if len(recorded.answers) < 2:  # noqa: PLR2004  (a cascade has two sides)
        raise InputError(f"{recorded.source}: holds answers of {_listed(recorded)} only; a cascade needs those of two models")
    if named and len(recorded.answers) == 2:  # noqa: PLR2004
        other = next(one for one in recorded.answers if one is not named[0])
        return (named[0], other) if small is not None else (other, named[0])
    if named or len(recorded.answers) > MOST_MODELS:
        raise InputError(
            f"{recorded.source}: holds answers of {len(recorded.answers)} models; name two with --small and --large, or up to"
            f" {MOST_MODELS} with --order",
            hint=f"models: {_listed(recorded)}",
        )
    return _by_cost(recorded)


def _ordered(recorded: Recorded, order: Sequence[str]) -> tuple[Answers, ...]:
    if not 2 <= len(order) <= MOST_MODELS:  # noqa: PLR2004  (a cascade has two models or more)
        raise InputError(f"--order: names {len(order)} model{'s' if len(order) != 1 else ''}; 2 to {MOST_MODELS} are chained")
    twice = next((one for one in order if order.count(one) > 1), None)
    if twice is not None:
        raise InputError(f"--order: names {_shown(twice)} twice; each model is asked once")
    return tuple(_named(recorded, one, "--order") for one in order)


def _by_role(recorded: Recorded, small: str | None, large: str | None) -> tuple[Answers, ...]:
    """The models that the file calls small and large; a name that is no model of the file is what they are to be called."""
    found = []
    for role, wanted, option in ((recorded.small, small, "--small"), (recorded.large, large, "--large")):
        known = any(one.model == wanted for one in recorded.answers)
        one = _named(recorded, wanted if known and wanted is not None else role or "", option)
        found.append(one if known or wanted is None else replace(one, model=wanted))
    if found[0].model == found[1].model:
        raise InputError(f"--small and --large both name {_shown(found[0].model)}; a cascade has two models")
    return tuple(found)


def _named(recorded: Recorded, name: str, option: str) -> Answers:
    found = next((one for one in recorded.answers if one.model == name), None)
    if found is None:
        names = [one.model for one in recorded.answers]
        raise InputError(
            f"{option}: {recorded.source} has no answers of {_shown(name)}{did_you_mean(name, names)}", hint=f"models: {_listed(recorded)}"
        )
    return found


def _by_cost(recorded: Recorded) -> tuple[Answers, ...]:
    unpriced = [one.model for one in recorded.answers if one.cost_usd is None]
    if unpriced:
        raise InputError(
            f"{recorded.source}: which model is the small one cannot be told, for the cost of {_shown(unpriced[0])} is not recorded;"
            " name them with --small and --large, or --order",
            hint=f"models: {_listed(recorded)}",
        )
    return tuple(sorted(recorded.answers, key=lambda one: (_mean_cost(one), one.model)))


def _mean_cost(one: Answers) -> float:
    return 0.0 if one.cost_usd is None else round(float(np.nanmean(one.cost_usd)), 15)


def _listed(recorded: Recorded) -> str:
    names = [one.model for one in recorded.answers]
    more = f" and {len(names) - _SHOWN_MODELS} more" if len(names) > _SHOWN_MODELS else ""
    return ", ".join(names[:_SHOWN_MODELS]) + more


def _shown(name: str) -> str:
    return f"'{name[:80]}'"
