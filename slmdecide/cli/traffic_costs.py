"""What an option of a group costs at the ends of its volume, and what the assessments of all groups assume alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.money.what_if import Part, Settings, cost_at
from slmdecide.records.band import Band
from slmdecide.traffic.portfolio import Costs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slmdecide.records.assessment import AssessedOption, Assessment, AssumptionMade

_TOLD = (
    "quality.tolerance",
    "quality.risk",
    "quality.cost_of_wrong_answer_usd",
    "privacy.data_class",
    "privacy.may_leave",
    "data.cost_per_label_usd",
    "team.rate_usd_per_hour",
    "decision.horizon_months",
    "decision.min_saving_usd_per_month",
)
"""Assumptions that a reader of call logs may know better; an assessment of a profile shows all of them."""


def costs_in(assessment: Assessment) -> Callable[[AssessedOption], Costs | None]:
    """How to ask what an option of this assessment costs."""

    def costs(option: AssessedOption) -> Costs | None:
        band, inputs = option.total_usd_per_month, assessment.cost_inputs
        if band is None:
            return None
        if option.cost_model is None or inputs is None:
            return Costs(band, band.typical, band)
        # The low end of a cost is at the least volume and the high end at the greatest: for the others the volume is moved.
        part, share = Part(option.cost_model, inputs), inputs.uncertainty_share
        dear_with_few = cost_at(part, Settings(volume_factor=(1 - share) / (1 + share))).total.high
        cheap_with_many = cost_at(part, Settings(volume_factor=(1 + share) / (1 - share))).total.low
        as_given = cost_at(part).total
        return Costs(
            least=_band(as_given.low, dear_with_few),
            typical=band.typical,
            most=_band(cheap_with_many, as_given.high),
        )

    return costs


def _band(low: float, high: float) -> Band:
    return Band(low=min(low, high), typical=(low + high) / 2, high=max(low, high))


def shared_assumptions(assessments: Sequence[Assessment]) -> tuple[AssumptionMade, ...]:
    """What all of them assume alike, of what a reader may know better; in the order in which it is told."""
    if not assessments:
        return ()
    first, *others = ({one.field: one for one in each.assumptions} for each in assessments)
    alike = {key: one for key, one in first.items() if all(its.get(key) == one for its in others)}
    return tuple(alike[key] for key in _TOLD if key in alike)
