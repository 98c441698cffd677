"""How sure a break-even is: draws over the stated bands, and both bills over a range of volumes. Vectorised, seeded.

numpy is imported when a function runs: the rest of the package does without it. Of numpy only what `import numpy` loads is
used: numpy.random and the masked arrays behind np.percentile take another sixth of its time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from slmdecide.money.breakeven import MTOK, NO_DECLINE, api_usd_per_mtok, costs, planned_tokens_per_month
from slmdecide.records.band import Band

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from slmdecide.records.breakeven import Opponent, SelfHosting, Workload

    Floats = NDArray[np.float64]

DRAWS = 10_000
SEED = 20_250_918
"""The day after which the break-even paper is named; any other fixed number would do."""
_PERCENTILES = (0.1, 0.5, 0.9)
_GOLDEN = (1 + 5**0.5) / 2
_PLASTIC = 1.324717957244746
"""The root of x³ = x + 1."""
_RATE, _HARDWARE, _VOLUME = range(3)
_STEPS = (1 / _PLASTIC, 1 / _PLASTIC**2, _GOLDEN)
"""Of rate, hardware and volume: no whole numbers tie their multiples together, so the three fill their cube (Weyl, 1916), and
the first two together, and the third alone, are those that do it fastest (Roberts, 2018)."""
_WORD = 2**64


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

    Each band is a triangle with its typical value as the peak; the volume's is symmetric. Bands are drawn independently,
    and evenly: see `_uniform`.
    """
    import numpy as np  # noqa: PLC0415

    usd_per_mtok = api_usd_per_mtok(opponent, work)
    if usd_per_mtok is None:
        return None
    owned, edge = host.hosting == "owned_gpu", work.uncertainty_share
    rate = _triangle(_RATE, host.tokens_per_second, draws, seed)
    price = _triangle(_HARDWARE, host.gpu_usd if owned else host.rent_usd_per_gpu_hour, draws, seed)
    volume = work.tokens_per_month * _triangle(_VOLUME, Band(low=1 - edge, typical=1.0, high=1 + edge), draws, seed)

    typical = costs(host)
    planned = planned_tokens_per_month(host, work.output_share) * rate / host.tokens_per_second.typical
    count = np.maximum(1, np.ceil(volume / planned * (1 - 1e-9)))
    if owned:
        replica_once, replica_monthly = host.gpus_per_replica * (price + host.server_usd_per_gpu), np.full(draws, typical.replica_monthly)
    else:
        replica_once, replica_monthly = np.zeros(draws), host.gpus_per_replica * price * host.hours_on_per_month
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


def _uniform(column: int, draws: int, seed: int) -> Floats:
    """Numbers from 0 to 1, spread evenly: the multiples of the column's step without their whole part, from a start that the seed gives.

    Percentiles come out about 5 times nearer to the true ones than from as many pseudo-random numbers (`benchmarks/draws.py`).
    """
    import numpy as np  # noqa: PLC0415

    return np.asarray((_start(column, seed) + np.arange(1, draws + 1) * _STEPS[column]) % 1.0)


def _start(column: int, seed: int) -> float:
    """A number from 0 to 1, one bit of the seed away from quite another: SplitMix64 (Steele, Lea and Flood, 2014)."""
    mixed = (seed + (column + 1) * 0x9E3779B97F4A7C15) % _WORD
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 % _WORD
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB % _WORD
    return (mixed ^ mixed >> 31) / _WORD


def _triangle(column: int, band: Band | None, draws: int, seed: int) -> Floats:
    """Draws from the band: the inverse of the triangle's distribution, of evenly spread numbers."""
    import numpy as np  # noqa: PLC0415

    if band is None:
        return np.zeros(draws)
    if band.low >= band.high:
        return np.full(draws, band.typical)
    width, below = band.high - band.low, min(max(band.typical, band.low), band.high) - band.low
    chance = _uniform(column, draws, seed)
    rising = band.low + np.sqrt(chance * (width * below))
    falling = band.high - np.sqrt((1 - chance) * (width * (width - below)))
    return np.where(chance * width < below, rising, falling)


def _percentiles(values: Floats) -> Band | None:
    """The 10th, 50th and 90th, straight lines between the values, as np.percentile has them."""
    import numpy as np  # noqa: PLC0415

    if not len(values):
        return None
    last = len(values) - 1
    low, typical, high = np.interp([last * one for one in _PERCENTILES], np.arange(len(values)), np.sort(values)).tolist()
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
