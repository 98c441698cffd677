"""The numbers behind an option's cost, for the JSON: `money/what_if.py` makes the same bill from them as `core/costs.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.core.costs import amounts_of, cascade_set_up, escalation_band, fast_enough, owned_cost, ready_made, rented_cost
from slmdecide.records.assessment import Band
from slmdecide.records.cost_model import CostInputs, CostMember, CostModel, ServingCost

if TYPE_CHECKING:
    from slmdecide.core.costs import Hosted
    from slmdecide.core.options import Option
    from slmdecide.core.servings import Serving
    from slmdecide.records.task import Task

_EDGES = (-1, 0, 1)
_ALL = Band(low=1.0, typical=1.0, high=1.0)


def cost_inputs(task: Task) -> CostInputs:
    """What all options of the task share."""
    return CostInputs(
        requests_per_month=task.requests_per_month,
        uncertainty_share=task.uncertainty_share,
        peak_to_mean=task.peak_to_mean,
        hours_on_per_month=task.hours_on_per_month,
        utilization=task.utilization,
        horizon_months=task.horizon_months,
        labelled_examples=task.labelled_examples,
        obtainable_examples=task.obtainable_examples,
        labels_to_specialize=task.labels_to_specialize,
        labels_enough=task.labels_enough,
    )


def cost_model(option: Option, task: Task, shortfall: float) -> CostModel | None:
    """What the option's cost is computed from; None if a price or a throughput is not known.

    `shortfall`: expected share of answers that are wrong where the large model's would be right.
    """
    if option.small is None or option.large is None:
        members, once = [_member(option, task, _ALL)], _band(0.0, 0.0, 0.0)
    else:
        members = [_member(option.small, task, _ALL), _member(option.large, task, escalation_band(task))]
        once = _band(*(cascade_set_up(task, edge) for edge in _EDGES))
    known = tuple(one for one in members if one is not None)
    if len(known) < len(members):
        return None
    return CostModel(members=known, once_usd=once, wrong_usd_per_request=task.cost_of_wrong_answer_usd * shortfall)


def _member(option: Option, task: Task, share: Band) -> CostMember | None:
    """One model; what does not depend on the volume is read off its bill for a single request."""
    bills = [amounts_of(option, task, 1.0, edge) for edge in _EDGES]
    known = [one for one in bills if one is not None]
    if len(known) < len(bills):
        return None
    tuned = option.mode == "fine_tuned" and not ready_made(option, task)
    return CostMember(
        share=share,
        usd_per_request=known[0].api if option.hosting == "api" else None,
        servings=tuple(_serving(one, option, task) for one in fast_enough(option.servings, task)),
        usd_per_month=_band(*(one.operations + one.retraining for one in known)),
        once_usd=_band(*(one.set_up + one.tuning for one in known)),
        usd_per_label=task.cost_per_label_usd if tuned else None,
    )


def _serving(serving: Serving, option: Option, task: Task) -> ServingCost:
    cost = rented_cost if option.hosting == "rented_gpu" else owned_cost
    low, typical, high = (cost(serving, task, 1, edge) for edge in _EDGES)
    return ServingCost(
        requests_per_second=serving.requests_per_second,
        usd_per_month=_band(*(_monthly(one) for one in (low, typical, high))),
        purchase_usd=_band(*(purchase for _, _, purchase, _ in (low, typical, high))),
    )


def _monthly(hosted: Hosted) -> float:
    _, rental, _, electricity = hosted
    return rental + electricity


def _band(low: float, typical: float, high: float) -> Band:
    return Band(low=low, typical=typical, high=high)
