"""When self-hosting pays: months until it is paid back, and the volume from which it is cheaper.

All of it on whole replicas and reserved hours. Units: USD, tokens per month, months.
"""

from __future__ import annotations

from math import ceil, expm1, inf, log, log1p
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.money.serving import SECONDS_PER_HOUR, electricity_usd_per_month

if TYPE_CHECKING:
    from slmdecide.records.breakeven import Opponent, SelfHosting, Workload

MTOK = 1e6
NO_DECLINE = 1e-9
"""A yearly fall below this changes nothing that can be seen."""
_EPSILON = 1e-9
"""Relative slack before one more replica is counted: a load of exactly one replica's capacity needs one."""


class Costs(NamedTuple):
    """What one replica, and what all of them together, cost. USD."""

    replica_once: float
    replica_monthly: float
    fixed_once: float
    fixed_monthly: float

    def once(self, replicas: float) -> float:
        """USD paid once for so many replicas."""
        return self.fixed_once + replicas * self.replica_once

    def monthly(self, replicas: float) -> float:
        """Recurring USD a month for so many replicas."""
        return self.fixed_monthly + replicas * self.replica_monthly

    def all_in(self, replicas: float, amortisation_months: float) -> float:
        """USD a month with what is paid once spread over the amortisation."""
        return self.monthly(replicas) + self.once(replicas) / amortisation_months


def costs(host: SelfHosting) -> Costs:
    """The costs of hosting at the typical values."""
    if host.hosting == "owned_gpu":
        gpu_usd = host.gpu_usd.typical if host.gpu_usd is not None else 0.0
        replica_once = host.gpus_per_replica * (gpu_usd + host.server_usd_per_gpu)
        replica_monthly = electricity_usd_per_month(
            power_w=host.gpus_per_replica * host.power_w,
            pue=host.pue,
            hours=host.hours_on_per_month,
            usd_per_kwh=host.electricity_usd_per_kwh,
        )
    else:
        rent = host.rent_usd_per_gpu_hour.typical if host.rent_usd_per_gpu_hour is not None else 0.0
        replica_once = 0.0
        replica_monthly = host.gpus_per_replica * rent * host.hours_on_per_month
    return Costs(replica_once, replica_monthly, host.once_usd, host.operations_usd_per_month + host.retraining_usd_per_month)


def capacity_tokens_per_month(host: SelfHosting, output_share: float) -> float:
    """Tokens (prompt and answer) that one replica can take in its reserved hours at full use.

    Source: arXiv 2509.18101, equation 4, where the rate counts all tokens.
    """
    rate = host.tokens_per_second.typical
    if host.counts == "output":
        rate /= output_share
    return rate * host.hours_on_per_month * SECONDS_PER_HOUR


def planned_tokens_per_month(host: SelfHosting, output_share: float) -> float:
    """Tokens a month that one replica is planned to take: its capacity × utilization ÷ peak-to-mean."""
    return capacity_tokens_per_month(host, output_share) * host.utilization / host.peak_to_mean


def replicas(tokens_per_month: float, planned: float) -> int:
    """Whole replicas for the volume, at least one."""
    return max(1, ceil(tokens_per_month / planned * (1 - _EPSILON)))


def api_usd_per_mtok(opponent: Opponent, work: Workload) -> float | None:
    """The opponent's USD per million tokens of this workload; None if it is unpriced.

    Source: arXiv 2509.18101, equation 5, with the workload's own mix and cached share.
    """
    p_in, p_out = opponent.input_usd_per_mtok, opponent.output_usd_per_mtok
    if p_in is None or p_out is None:
        return None
    cached = opponent.cached_usd_per_mtok if opponent.cached_usd_per_mtok is not None else p_in
    mixed = (1 - work.cached_share) * p_in + work.cached_share * cached
    return (1 - work.output_share) * mixed + work.output_share * p_out


def months_to_pay_back(once: float, api_monthly: float, own_monthly: float, decline_per_year: float = 0.0) -> float | None:
    """Months until what is paid once is paid back by the saving; None if it never is.

    once ÷ (API bill − own monthly cost). With API prices falling by a share d a year, the bill of month t is
    A·(1 − d)^(t/12), and the smallest t is taken at which the savings added up reach `once`: none if they peak below it.
    Source: arXiv 2509.18101, equation 7; the decline is ours.
    """
    if decline_per_year < NO_DECLINE:
        saving = api_monthly - own_monthly
        return once / saving if saving > 0 else None
    if api_monthly <= own_monthly or decline_per_year >= 1:
        return None
    rate = -log1p(-decline_per_year) / 12

    def saved(months: float) -> float:
        return -api_monthly * expm1(-rate * months) / rate - own_monthly * months

    peak = log(api_monthly / own_monthly) / rate if own_monthly > 0 else inf
    if peak == inf:
        most = api_monthly / rate
        if most <= once:
            return None
        return -log1p(-once * rate / api_monthly) / rate
    if saved(peak) < once:
        return None
    low, high = 0.0, peak
    for _ in range(200):
        middle = (low + high) / 2
        if saved(middle) < once:
            low = middle
        else:
            high = middle
    return high


class BreakEvenVolume(NamedTuple):
    """The volume from which self-hosting costs at most what the API costs."""

    tokens_per_month: float
    replicas: int
    jumps: bool
    """Whether both bills are not equal there, because the step to this many replicas lies where the API is dearer already."""


def break_even_volume(found: Costs, planned: float, usd_per_mtok: float, amortisation_months: float) -> BreakEvenVolume | None:
    """The least tokens a month at which self-hosting, all in, is at most the API's bill; None if there is none.

    On the real step function: with n replicas the bill is F + n·c for volumes in ((n − 1)·K, n·K], the API's is a·V.
    n is the smallest with F + n·c ≤ a·n·K; the volume is (F + n·c) ÷ a, or the step itself where that lies before it.
    """
    fixed = found.fixed_monthly + found.fixed_once / amortisation_months
    each = found.replica_monthly + found.replica_once / amortisation_months
    per_token = usd_per_mtok / MTOK
    margin = per_token * planned - each
    if per_token <= 0 or margin <= 0:
        return None
    n = max(1, ceil(fixed / margin * (1 - _EPSILON)))
    volume = (fixed + n * each) / per_token
    step = (n - 1) * planned
    return BreakEvenVolume(max(volume, step), n, jumps=volume < step)
