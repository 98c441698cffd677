"""Break-even: published figures, and the laws of whole replicas and reserved hours."""

from __future__ import annotations

from dataclasses import replace
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdecide.core.replicate import TOLERANCE_MONTHS, host_of, months_of, replicate
from slmdecide.money.breakeven import (
    api_usd_per_mtok,
    break_even_volume,
    capacity_tokens_per_month,
    costs,
    months_to_pay_back,
    planned_tokens_per_month,
    replicas,
)
from slmdecide.money.sampling import spread, sweep, volumes
from slmdecide.readers.files import DATA
from slmdecide.readers.table import read_table
from slmdecide.records.assessment import Band
from slmdecide.records.breakeven import Opponent, PublishedCell, SelfHosting, Workload

CELLS = read_table(DATA / "evidence" / "break_even_2509_18101.csv", PublishedCell)
MANY = settings(max_examples=300, deadline=None, derandomize=True)


def flat(value: float) -> Band:
    """A band without width."""
    return Band(low=value, typical=value, high=value)


def opponent(p_in: float, p_out: float) -> Opponent:
    """An API at these prices."""
    return Opponent(name="x", kind="named", input_usd_per_mtok=p_in, output_usd_per_mtok=p_out)


amounts = st.floats(0.01, 1e4)
hosts = st.builds(
    SelfHosting,
    hosting=st.sampled_from(["owned_gpu", "rented_gpu"]),
    tokens_per_second=st.floats(1, 1e5).map(flat),
    counts=st.sampled_from(["output", "all"]),
    gpus_per_replica=st.integers(1, 16),
    hours_on_per_month=st.floats(1, 730.5),
    utilization=st.floats(0.05, 1),
    peak_to_mean=st.floats(1, 20),
    gpu_usd=st.floats(100, 5e4).map(flat),
    server_usd_per_gpu=st.floats(0, 5000),
    power_w=st.floats(10, 1200),
    pue=st.floats(1, 2),
    electricity_usd_per_kwh=st.floats(0, 1),
    rent_usd_per_gpu_hour=st.floats(0.05, 20).map(flat),
    operations_usd_per_month=st.floats(0, 5000),
    once_usd=st.floats(0, 1e4),
    amortisation_months=st.floats(1, 60),
)
works = st.builds(Workload, tokens_per_month=st.floats(1, 1e13), output_share=st.floats(0.01, 1), cached_share=st.floats(0, 1))


def all_in(host: SelfHosting, tokens: float, output_share: float) -> float:
    """USD a month of self-hosting with what is paid once spread."""
    found = costs(host)
    return found.all_in(replicas(tokens, planned_tokens_per_month(host, output_share)), host.amortisation_months)


# Published figures


def test_the_36_reproducible_cells_are_reproduced() -> None:
    """Table IV of arXiv 2509.18101: all columns but Gemini's, within the table's rounding (0.06 months)."""
    found = replicate(CELLS)
    assert len(found.cells) == 45
    assert found.reproduced == 36
    off = [one for one in found.cells if one.difference is None or abs(one.difference) > TOLERANCE_MONTHS]
    assert {one.api for one in off} <= {"Gemini 2.5 Pro"}
    assert not any(one.reproducible for one in off)


def test_the_gemini_column_is_about_nine_percent_short() -> None:
    """Its prices are GPT-5's, so ours equal GPT-5's column and the published ones are shorter in every row."""
    ours = {(one.model, one.api): one for one in replicate(CELLS).cells}
    for model in {one.model for one in CELLS}:
        gemini, gpt = ours[model, "Gemini 2.5 Pro"], ours[model, "GPT-5"]
        assert gemini.computed_months == gpt.computed_months
        assert gemini.computed_months is not None
        assert 0.06 < 1 - gemini.published_months / gemini.computed_months < 0.10


@pytest.mark.parametrize(("api", "months"), [("GPT-5", 34.7), ("Claude-4 Opus", 3.7), ("Claude-4 Sonnet", 20.7)])
def test_exaone_at_ten_million_tokens(api: str, months: float) -> None:
    """evidence/claims.yaml, pan-2025-sme-10m: at 10 M tokens a month the paper's smallest tier takes far longer."""
    (cell,) = [one for one in CELLS if one.model == "EXAONE 4.0 32B" and one.api == api]
    assert months_of(cell, host_of(cell), 10e6) == pytest.approx(months, abs=0.05)


def test_capacity_is_the_papers() -> None:
    """Kimi-K2: 800 tokens per second for 176 h are 506.9 M tokens (Table III)."""
    assert capacity_tokens_per_month(host_of(CELLS[0]), 2 / 3) == pytest.approx(506.9e6, rel=1e-4)


def test_falling_prices_by_hand() -> None:
    """API at 100 USD, falling by half a year, own cost 0: savings peak at 100 × 12 ÷ ln 2 = 1,731 USD."""
    assert months_to_pay_back(1000, 100, 0, 0.5) == pytest.approx(-12 / 0.6931472 * log(1 - 1000 * 0.6931472 / 1200))
    assert months_to_pay_back(1732, 100, 0, 0.5) is None
    assert months_to_pay_back(1731, 100, 0, 0.5) is not None
    assert months_to_pay_back(10, 100, 0, 1.0) is None


# Laws


@MANY
@given(hosts, works, st.floats(1, 1e6))
def test_cost_never_falls_when_volume_rises(host: SelfHosting, work: Workload, times: float) -> None:
    """More tokens never cost less."""
    assert all_in(host, work.tokens_per_month * times, work.output_share) >= all_in(host, work.tokens_per_month, work.output_share)


@MANY
@given(hosts, works)
def test_replicas_are_whole_and_enough(host: SelfHosting, work: Workload) -> None:
    """So many replicas take the volume as planned, one fewer would not."""
    planned = planned_tokens_per_month(host, work.output_share)
    count = replicas(work.tokens_per_month, planned)
    assert isinstance(count, int)
    assert count * planned >= work.tokens_per_month * (1 - 1e-6)
    assert count == 1 or (count - 1) * planned < work.tokens_per_month


@MANY
@given(hosts, works)
def test_an_idle_month_costs_what_a_busy_one_costs(host: SelfHosting, work: Workload) -> None:
    """One token costs what a full replica costs."""
    planned = planned_tokens_per_month(host, work.output_share)
    assert all_in(host, 1e-9, work.output_share) == all_in(host, planned, work.output_share)


@MANY
@given(hosts, works, amounts, amounts)
def test_at_the_break_even_volume_both_bills_agree_or_the_step_is_named(
    host: SelfHosting,
    work: Workload,
    p_in: float,
    p_out: float,
) -> None:
    """Equal to 0.1 %, or self-hosting is cheaper because a step jumps over the point; just below it is dearer."""
    price = api_usd_per_mtok(opponent(p_in, p_out), work)
    assert price is not None
    planned = planned_tokens_per_month(host, work.output_share)
    found = break_even_volume(costs(host), planned, price, host.amortisation_months)
    if found is None:
        for full in (1, 10, 1000):
            own = all_in(host, full * planned, work.output_share)
            assert own >= price * full * planned / 1e6 * (1 - 1e-9)
        return
    volume = found.tokens_per_month
    api = price * volume / 1e6
    own = costs(host).all_in(found.replicas, host.amortisation_months)
    if found.jumps:
        assert own <= api * 1.001
    else:
        assert own == pytest.approx(api, rel=1e-3)
    before = volume * (1 - 1e-6)
    assert all_in(host, before, work.output_share) >= price * before / 1e6 * (1 - 1e-5)


@MANY
@given(hosts, works, amounts, st.floats(0, 0.99))
def test_falling_prices_never_pay_sooner(host: SelfHosting, work: Workload, price: float, fall: float) -> None:
    """A decline makes the payback later or impossible, and none equals the plain formula."""
    found = costs(host)
    bill = price * work.tokens_per_month / 1e6
    steady = months_to_pay_back(found.once(1), bill, found.monthly(1))
    falling = months_to_pay_back(found.once(1), bill, found.monthly(1), fall)
    if falling is not None:
        assert steady is not None
        assert falling >= steady * (1 - 1e-6)


@MANY
@given(hosts, works, amounts, amounts)
def test_the_vectorised_sweep_is_the_plain_calculation(host: SelfHosting, work: Workload, p_in: float, p_out: float) -> None:
    """Every point of a sweep is what the scalar functions give."""
    against = opponent(p_in, p_out)
    found = sweep(host, work, [against], volumes(1.0, 1e15, 7))
    price = api_usd_per_mtok(against, work)
    assert price is not None
    for tokens, own, api in zip(found.tokens_per_month, found.self_host_usd, found.opponents_usd[0], strict=True):
        assert own == pytest.approx(all_in(host, float(tokens), work.output_share))
        assert api == pytest.approx(price * tokens / 1e6)


def test_draws_without_width_are_the_plain_figures() -> None:
    """With flat bands every draw is the same, and the seed makes no difference."""
    host = host_of(CELLS[0])
    work = Workload(tokens_per_month=capacity_tokens_per_month(host, 2 / 3), output_share=2 / 3)
    one, other = (spread(host, work, opponent(1.25, 10), seed=seed) for seed in (1, 2))
    assert one == other
    assert one is not None
    assert one.months is not None
    assert one.months.low == one.months.high == pytest.approx(69.3, abs=0.06)
    assert one.never_share == 0


def test_draws_widen_with_their_bands_and_repeat_with_their_seed() -> None:
    """The same seed gives the same percentiles; wider bands give wider ones around the typical value."""
    work = Workload(tokens_per_month=5e8, output_share=2 / 3, uncertainty_share=0.2)
    narrow = host_of(CELLS[0])
    wide = replace(narrow, gpu_usd=Band(low=8000, typical=15000, high=25000), tokens_per_second=Band(low=600, typical=800, high=1000))
    api = opponent(3, 15)
    assert spread(wide, work, api) == spread(wide, work, api)
    few, many = spread(narrow, work, api), spread(wide, work, api)
    assert few is not None
    assert many is not None
    assert few.months is not None
    assert many.months is not None
    assert many.months.high - many.months.low > few.months.high - few.months.low > 0


def test_huge_volumes_neither_overflow_nor_slow() -> None:
    """1e15 tokens a month are a number like others."""
    host = host_of(CELLS[0])
    assert replicas(1e15, planned_tokens_per_month(host, 0.5)) > 1e6
    assert all_in(host, 1e15, 0.5) < float("inf")
