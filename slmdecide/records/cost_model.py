"""What an option's cost is computed from, as numbers alone: whoever holds them can bill another volume, price or utilization.

`money/what_if.py` does it, and the script of the HTML report does the same in a browser. Field names are keys of the JSON.
"""

from __future__ import annotations

from dataclasses import dataclass

from slmdecide.records.band import Band


@dataclass(frozen=True, kw_only=True, slots=True)
class CostInputs:
    """What all options of one task share."""

    requests_per_month: float
    uncertainty_share: float
    """How far the volume may be off, up or down."""
    peak_to_mean: float
    hours_on_per_month: float
    """For which GPUs are reserved; they cost the same idle and busy."""
    utilization: float
    """Share of a replica's measured capacity that is planned to be used, 0 to 1."""
    horizon_months: float
    """Over which what is paid once is spread."""
    labelled_examples: int
    obtainable_examples: int
    """That could be labelled beside those."""
    labels_to_specialize: int
    """Below which fine-tuning is not considered."""
    labels_enough: int
    """Up to which labels are bought."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServingCost:
    """One way to run a replica, and what one replica costs."""

    requests_per_second: Band
    """That one replica serves at full use; high is fast."""
    usd_per_month: Band
    """Rent of the reserved hours, or electricity."""
    purchase_usd: Band
    """Paid once; 0 for what is rented."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CostMember:
    """One model of an option: a cascade has two, every other option one."""

    share: Band
    """Of the requests that reach it, where costs are low, typical and high."""
    usd_per_request: float | None
    """Of the API; None for a model that is hosted."""
    servings: tuple[ServingCost, ...]
    """Of which the cheapest at the volume is taken; () for an API, and for a model on the user's device."""
    usd_per_month: Band
    """Operations and retraining, whatever the volume."""
    once_usd: Band
    """Set-up, fine-tuning and evaluation; labels apart."""
    usd_per_label: float | None
    """None for a model that needs no labels of yours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CostModel:
    """All that one option's cost is computed from, beside the inputs of its task."""

    members: tuple[CostMember, ...]
    once_usd: Band
    """Set-up of a cascade."""
    wrong_usd_per_request: float
    """Expected cost of answers that are wrong where the large model's would be right."""
