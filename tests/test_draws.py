"""The draws behind the bands of a break-even: where the true percentiles are known, or can be had from numpy's own generator."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdecide.core.replicate import host_of
from slmdecide.money import sampling
from slmdecide.money.breakeven import capacity_tokens_per_month, costs
from slmdecide.money.sampling import Spread, spread
from slmdecide.readers.files import DATA
from slmdecide.readers.table import read_table
from slmdecide.records.assessment import Band
from slmdecide.records.breakeven import Opponent, PublishedCell, SelfHosting, Workload

HOST = host_of(read_table(DATA / "evidence" / "break_even_2509_18101.csv", PublishedCell)[0])
GPU_USD = Band(low=8_000.0, typical=15_000.0, high=40_000.0)
API = Opponent(name="api", kind="named", input_usd_per_mtok=3.0, output_usd_per_mtok=15.0)
SHARE = 2 / 3
API_USD_PER_MTOK = 3 / 3 + 15 * SHARE
ONE_REPLICA = Workload(tokens_per_month=capacity_tokens_per_month(HOST, SHARE) / 2, output_share=SHARE)


def quantile(band: Band, share: float) -> float:
    """The value below which this share of a triangle with the band's ends and peak lies."""
    width, below = band.high - band.low, band.typical - band.low
    if share * width < below:
        return band.low + sqrt(share * width * below)
    return band.high - sqrt((1 - share) * width * (width - below))


def known(host: SelfHosting, work: Workload, seed: int = sampling.SEED) -> Spread:
    """The spread against an API that has a price."""
    found = spread(host, work, API, seed=seed)
    assert found is not None
    return found


@pytest.mark.parametrize("seed", [0, 1, 2, sampling.SEED, 2**64 - 1, -7])
def test_percentiles_are_those_of_the_band(seed: int) -> None:
    """Months rise in a straight line with the price of a GPU, so their percentiles follow from the triangle: within 0.1 %."""
    host = replace(HOST, gpu_usd=GPU_USD)
    saving = ONE_REPLICA.tokens_per_month / 1e6 * API_USD_PER_MTOK - costs(host).monthly(1)
    found = known(host, ONE_REPLICA, seed).months
    assert found is not None
    for share, ours in ((0.1, found.low), (0.5, found.typical), (0.9, found.high)):
        once = host.once_usd + host.gpus_per_replica * (quantile(GPU_USD, share) + host.server_usd_per_gpu)
        assert ours == pytest.approx(once / saving, rel=1e-3)


def test_the_share_that_never_pays_is_that_of_the_volumes_below_the_cost() -> None:
    """A volume 10 % above the one whose bill is the running cost, give or take 30 %: 2 of 9 draws lie below it."""
    host = replace(HOST, operations_usd_per_month=500.0)
    even = costs(host).monthly(1) / API_USD_PER_MTOK * 1e6
    work = Workload(tokens_per_month=even / 0.9, output_share=SHARE, uncertainty_share=0.3)
    assert known(host, work).never_share == pytest.approx((0.2 / 0.3) ** 2 / 2, abs=2e-4)


def test_bands_are_drawn_independently() -> None:
    """With three wide bands at once the percentiles are those of a million independent draws of numpy's generator: within 0.5 %."""
    rate = Band(low=HOST.tokens_per_second.typical * 0.5, typical=HOST.tokens_per_second.typical, high=HOST.tokens_per_second.typical * 1.6)
    host = replace(HOST, gpu_usd=GPU_USD, tokens_per_second=rate)
    work = replace(ONE_REPLICA, tokens_per_month=capacity_tokens_per_month(HOST, SHARE) * 5.3, uncertainty_share=0.4)
    chance = np.random.default_rng(1)
    volume = work.tokens_per_month * chance.triangular(0.6, 1.0, 1.4, 1_000_000)
    planned = capacity_tokens_per_month(HOST, SHARE) * host.utilization / host.peak_to_mean
    count = np.ceil(volume / (planned * chance.triangular(0.5, 1.0, 1.6, 1_000_000)))
    gpu = chance.triangular(GPU_USD.low, GPU_USD.typical, GPU_USD.high, 1_000_000)
    once = host.once_usd + count * host.gpus_per_replica * (gpu + host.server_usd_per_gpu)
    own = host.operations_usd_per_month + host.retraining_usd_per_month + count * costs(host).replica_monthly
    expected = np.percentile(once / (volume / 1e6 * API_USD_PER_MTOK - own), (10, 50, 90))
    found = known(host, work).months
    assert found is not None
    assert (found.low, found.typical, found.high) == pytest.approx(tuple(expected), rel=5e-3)


def test_each_seed_has_its_own_draws() -> None:
    """Two seeds that differ by one give other draws, whose percentiles are nearly the same."""
    host = replace(HOST, gpu_usd=GPU_USD)
    one, other = (known(host, ONE_REPLICA, seed).months for seed in (1, 2))
    assert one is not None
    assert other is not None
    assert one != other
    assert one.typical == pytest.approx(other.typical, rel=2e-3)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    ends=st.tuples(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6)),
    column=st.integers(0, 2),
    draws=st.integers(1, 300),
    seed=st.integers(0, 2**64 - 1),
)
def test_no_draw_leaves_its_band(ends: tuple[float, float, float], column: int, draws: int, seed: int) -> None:
    """Whatever the band, also one whose typical value lies at an end."""
    low, typical, high = sorted(ends)
    found = sampling._triangle(column, Band(low=low, typical=typical, high=high), draws, seed)
    assert len(found) == draws
    assert found.min() >= low - 1e-9 * high
    assert found.max() <= high * (1 + 1e-9)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=50))
def test_percentiles_are_numpys(values: list[float]) -> None:
    """The same straight lines between the values, without the masked arrays that np.percentile imports."""
    found = sampling._percentiles(np.array(values))
    assert found is not None
    expected = np.percentile(values, (10, 50, 90))
    assert (found.low, found.typical, found.high) == pytest.approx(tuple(expected), rel=1e-9, abs=1e-6)
