"""What it costs to keep replicas of a model running, on rented or owned GPUs."""

from __future__ import annotations

import math

SECONDS_PER_HOUR = 3600.0
HOURS_PER_MONTH = 30.4375 * 24
"""Hours of a mean month (365.25 days ÷ 12)."""


def peak_per_second(*, requests_per_month: float, hours_on_per_month: float, peak_to_mean: float) -> float:
    """Requests a second at the peak: the month's requests arrive within the hours for which the GPUs are on."""
    return requests_per_month / (hours_on_per_month * SECONDS_PER_HOUR) * peak_to_mean


def replicas(peak: float, capacity: float, utilization: float) -> int:
    """Whole replicas for the peak load: max(1, ceil(peak ÷ (capacity × utilization))).

    Peak and capacity of one replica in requests a second. Source: design of the product, section 5.
    """
    return max(1, math.ceil(peak / (capacity * utilization) - 1e-9))


def electricity_usd_per_month(*, power_w: float, pue: float, hours: float, usd_per_kwh: float) -> float:
    """USD a month of power: W ÷ 1000 × PUE × hours × USD per kWh."""
    return power_w / 1000 * pue * hours * usd_per_kwh


def break_even_months(*, capex_usd: float, api_usd_per_month: float, own_usd_per_month: float) -> float | None:
    """Months until owned hardware is paid back: capex ÷ (API bill − monthly cost); None if it never is.

    Source: arXiv 2509.18101, equation 7, with every monthly cost in place of electricity alone.
    """
    saving = api_usd_per_month - own_usd_per_month
    return capex_usd / saving if saving > 0 else None
