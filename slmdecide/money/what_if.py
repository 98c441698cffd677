"""What an option would cost at another volume, API price, utilization or number of labels.

The same bill as `core/costs.py` makes, from the numbers that a saved assessment holds, so that a file can be asked on another
day. `report/templates/what_if.js` mirrors this module line by line: a change here is a change there, and a test compares both.
"""

from __future__ import annotations

from math import fsum, log10
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.money.serving import peak_per_second, replicas
from slmdecide.records.assessment import Band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.cost_model import CostInputs, CostMember, CostModel, ServingCost

EDGES = (-1, 0, 1)
"""Where everything costs little, as expected, and much."""
_REACH = 100.0
"""Volumes are looked at from this many times less than the task's to as many times more."""
_PER_DECADE = 30
_HALVINGS = 50


class Settings(NamedTuple):
    """What is different from the assessment; the defaults change nothing."""

    volume_factor: float = 1.0
    """Times the requests of the assessment."""
    api_price_factor: float = 1.0
    """Times every API price."""
    utilization: float | None = None
    """In place of each task's own."""
    labelled_examples: int | None = None
    """In place of each task's own."""


AS_ASSESSED = Settings()


class Cost(NamedTuple):
    """What one option costs. USD."""

    monthly: Band
    once: float
    """At the typical edge."""
    total: Band
    """A month, with what is paid once spread over the horizon and with wrong answers."""


class Part(NamedTuple):
    """One option of one task; a pipeline, or several tasks, is a list of them."""

    model: CostModel
    inputs: CostInputs


def cost_at(part: Part, settings: Settings = AS_ASSESSED) -> Cost:
    """The cost of one option under the settings."""
    model, inputs = part
    monthly, once, total = [], [], []
    for edge in EDGES:
        requests = inputs.requests_per_month * settings.volume_factor * (1 + edge * inputs.uncertainty_share)
        bills = [_bill(one, inputs, settings, requests * _at(one.share, edge), edge) for one in model.members]
        monthly.append(sum(usd for usd, _ in bills))
        once.append(sum(usd for _, usd in bills) + _at(model.once_usd, edge))
        total.append(monthly[-1] + once[-1] / inputs.horizon_months + requests * model.wrong_usd_per_request)
    return Cost(
        Band(low=min(monthly), typical=monthly[1], high=max(monthly)),
        once[1],
        Band(low=total[0], typical=total[1], high=total[2]),
    )


def cost_together(parts: Sequence[Part], settings: Settings = AS_ASSESSED) -> Cost:
    """The cost of several options together."""
    every = [cost_at(one, settings) for one in parts]
    return Cost(_sum([one.monthly for one in every]), fsum(one.once for one in every), _sum([one.total for one in every]))


def too_few_labels(part: Part, settings: Settings = AS_ASSESSED) -> bool:
    """Whether the option is fine-tuned on labels of which there are not enough to consider it."""
    needs = any(one.usd_per_label is not None for one in part.model.members)
    return needs and _labelled(part.inputs, settings) + part.inputs.obtainable_examples < part.inputs.labels_to_specialize


def cheaper_from(parts: Sequence[Part], against: Sequence[Part], settings: Settings = AS_ASSESSED) -> float | None:
    """The least factor on the volume at which the parts cost, all in, at most what the others cost; None within reach at none.

    Found between two looked-at volumes by halving; where a bill jumps there it is the volume of the jump.
    """
    factors = volume_factors()
    for place, factor in enumerate(factors):
        if _is_cheaper(parts, against, settings, factor):
            return factor if place == 0 else _between(parts, against, settings, factors[place - 1], factor)
    return None


def volume_factors() -> list[float]:
    """The factors on the volume that are looked at, evenly over orders of magnitude."""
    half = round(log10(_REACH)) * _PER_DECADE
    return [10 ** (step / _PER_DECADE) for step in range(-half, half + 1)]


def _is_cheaper(parts: Sequence[Part], against: Sequence[Part], settings: Settings, factor: float) -> bool:
    at = settings._replace(volume_factor=settings.volume_factor * factor)
    return cost_together(parts, at).total.typical <= cost_together(against, at).total.typical


def _between(parts: Sequence[Part], against: Sequence[Part], settings: Settings, dearer: float, cheaper: float) -> float:
    for _ in range(_HALVINGS):
        middle = (dearer * cheaper) ** 0.5
        if _is_cheaper(parts, against, settings, middle):
            cheaper = middle
        else:
            dearer = middle
    return cheaper


def _bill(member: CostMember, inputs: CostInputs, settings: Settings, requests: float, edge: int) -> tuple[float, float]:
    """USD a month and once, of one model that gets so many requests a month."""
    monthly, once = _at(member.usd_per_month, edge), _at(member.once_usd, edge) + _labels(member, inputs, settings)
    if member.usd_per_request is not None:
        monthly += requests * member.usd_per_request * settings.api_price_factor
    if member.servings:
        usd, purchase = _hosted(member.servings, inputs, settings, requests, edge)
        monthly, once = monthly + usd, once + purchase
    return monthly, once


def _hosted(servings: Sequence[ServingCost], inputs: CostInputs, settings: Settings, requests: float, edge: int) -> tuple[float, float]:
    """USD a month and once, of the serving that costs least all in."""
    utilization = settings.utilization if settings.utilization is not None else inputs.utilization
    peak = peak_per_second(requests_per_month=requests, hours_on_per_month=inputs.hours_on_per_month, peak_to_mean=inputs.peak_to_mean)
    bills = []
    for one in servings:
        count = replicas(peak, _at(one.requests_per_second, -edge), utilization)
        bills.append((count * _at(one.usd_per_month, edge), count * _at(one.purchase_usd, edge)))
    return min(bills, key=lambda each: each[1] / inputs.horizon_months + each[0])


def _labels(member: CostMember, inputs: CostInputs, settings: Settings) -> float:
    """USD for the labels that are still to be bought, as far as they can be had."""
    if member.usd_per_label is None:
        return 0.0
    labelled = _labelled(inputs, settings)
    return max(0, min(inputs.labels_enough, labelled + inputs.obtainable_examples) - labelled) * member.usd_per_label


def _labelled(inputs: CostInputs, settings: Settings) -> int:
    return settings.labelled_examples if settings.labelled_examples is not None else inputs.labelled_examples


def _at(band: Band, edge: int) -> float:
    return (band.low, band.typical, band.high)[edge + 1]


def _sum(bands: Sequence[Band]) -> Band:
    return Band(low=fsum(one.low for one in bands), typical=fsum(one.typical for one in bands), high=fsum(one.high for one in bands))
