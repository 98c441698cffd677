"""How sure a break-even is: draws over the stated bands, and both bills over a range of volumes. Vectorised, seeded.

numpy is imported when a function runs: the rest of the package does without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from slmdecide.money.breakeven import MTOK, NO_DECLINE, api_usd_per_mtok, costs, planned_tokens_per_month
from slmdecide.records.assessment import Band

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from slmdecide.records.breakeven import Opponent, SelfHosting, Workload

    Floats = NDArray[np.float64]

DRAWS = 10_000
SEED = 20_250_918
"""The day after which the break-even paper is named; any other fixed number would do."""
_PERCENTILES = (10, 50, 90)


class Spread(NamedTuple):
    """What the draws give for one opponent."""

    months: Band | None
    """10th, 50th and 90th percentile over the draws that are paid back."""
    never_share: float
    tokens: Band | None
    """Percentiles of the break-even volume over the draws that have one."""


def spread(
    host: SelfHosting,
    work: Workload,
    opponent: Opponent,
    *,
    decline_per_year: float = 0.0,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Spread | None:
    """Percentiles of both break-evens over draws from the bands; None if the opponent is unpriced.

    Each band is a triangle with its typical value as the peak; the volume's is symmetric. Bands are drawn independently.
    """
    import numpy as np  # noqa: PLC0415

    usd_per_mtok = api_usd_per_mtok(opponent, work)
    if usd_per_mtok is None:
        return None
    chance = np.random.default_rng(seed)
    rate = _triangle(chance, host.tokens_per_second, draws)
    gpu_usd = _triangle(chance, host.gpu_usd, draws)
    rent = _triangle(chance, host.rent_usd_per_gpu_hour, draws)
    edge = work.uncertainty_share
    volume = work.tokens_per_month * (1 + edge * (chance.triangular(-1, 0, 1, draws) if edge else np.zeros(draws)))

    typical = costs(host)
    planned = planned_tokens_per_month(host, work.output_share) * rate / host.tokens_per_second.typical
    count = np.maximum(1, np.ceil(volume / planned * (1 - 1e-9)))
    if host.hosting == "owned_gpu":
        replica_once, replica_monthly = host.gpus_per_replica * (gpu_usd + host.server_usd_per_gpu), np.full(draws, typical.replica_monthly)
    else:
        replica_once, replica_monthly = np.zeros(draws), host.gpus_per_replica * rent * host.hours_on_per_month
    bill, own = volume / MTOK * usd_per_mtok, typical.fixed_monthly + count * replica_monthly
    every = _months(typical.fixed_once + count * replica_once, bill, own, decline_per_year)
    paid = np.isfinite(every)
    months = every[paid]

    each = replica_monthly + replica_once / host.amortisation_months
    fixed = typical.fixed_monthly + typical.fixed_once / host.amortisation_months
    margin = usd_per_mtok / MTOK * planned - each
    pays = margin > 0
    n = np.maximum(1, np.ceil(fixed / margin[pays] * (1 - 1e-9)))
    tokens = np.maximum((fixed + n * each[pays]) / (usd_per_mtok / MTOK), (n - 1) * planned[pays]) if usd_per_mtok > 0 else np.array([])
    return Spread(_percentiles(months), float(1 - paid.mean()), _percentiles(tokens))


def _months(once: Floats, bill: Floats, own: Floats, decline_per_year: float) -> Floats:
    """`money.breakeven.months_to_pay_back` of each draw; infinite where it never is."""
    import numpy as np  # noqa: PLC0415

    found = np.full(len(bill), np.inf)
    pays = bill > own
    if decline_per_year < NO_DECLINE:
        found[pays] = once[pays] / (bill - own)[pays]
        return found
    if decline_per_year >= 1:
        return found
    rate = -np.log1p(-decline_per_year) / 12
    once, bill, own = once[pays], bill[pays], own[pays]

    def saved(months: Floats) -> Floats:
        return np.asarray(-bill * np.expm1(-rate * months) / rate - own * months)

    low, high = np.zeros(len(bill)), np.log(bill / np.maximum(own, bill * 1e-12)) / rate
    reached = saved(high) >= once
    for _ in range(60):
        middle = (low + high) / 2
        short = saved(middle) < once
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    found[pays] = np.where(reached, high, np.inf)
    return found


def _triangle(chance: np.random.Generator, band: Band | None, draws: int) -> Floats:
    import numpy as np  # noqa: PLC0415

    if band is None:
        return np.zeros(draws)
    if band.low >= band.high:
        return np.full(draws, band.typical)
    return chance.triangular(band.low, min(max(band.typical, band.low), band.high), band.high, draws)


def _percentiles(values: Floats) -> Band | None:
    import numpy as np  # noqa: PLC0415

    if not len(values):
        return None
    low, typical, high = (float(one) for one in np.percentile(values, _PERCENTILES))
    return Band(low=low, typical=typical, high=high)


class Sweep(NamedTuple):
    """Both bills over a range of volumes. USD a month, one per volume; what is paid once is spread."""

    tokens_per_month: Any
    replicas: Any
    self_host_usd: Any
    opponents_usd: tuple[Any, ...]
    """One array per opponent; None for an unpriced one."""


def sweep(host: SelfHosting, work: Workload, opponents: Sequence[Opponent], tokens_per_month: Floats) -> Sweep:
    """Both bills at each volume."""
    import numpy as np  # noqa: PLC0415

    typical = costs(host)
    planned = planned_tokens_per_month(host, work.output_share)
    count = np.maximum(1.0, np.ceil(tokens_per_month / planned * (1 - 1e-9)))
    each = typical.replica_monthly + typical.replica_once / host.amortisation_months
    fixed = typical.fixed_monthly + typical.fixed_once / host.amortisation_months
    prices = [api_usd_per_mtok(one, work) for one in opponents]
    return Sweep(
        tokens_per_month,
        count,
        fixed + count * each,
        tuple(tokens_per_month * (price / MTOK) if price is not None else None for price in prices),
    )


def volumes(low: float, high: float, points: int) -> Floats:
    """Volumes from low to high, evenly spread over orders of magnitude."""
    import numpy as np  # noqa: PLC0415

    return np.geomspace(low, high, points)
