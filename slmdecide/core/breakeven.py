"""The break-even report of one way to self-host, against each opponent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slmdecide.money.breakeven import (
    BreakEvenVolume,
    Costs,
    api_usd_per_mtok,
    break_even_volume,
    capacity_tokens_per_month,
    costs,
    months_to_pay_back,
    planned_tokens_per_month,
    replicas,
)
from slmdecide.money.sampling import DRAWS, SEED, Spread, spread, sweep, volumes
from slmdecide.numbers import number, percent, usd
from slmdecide.records.breakeven import (
    BreakEvenReport,
    HostingLine,
    OpponentReport,
    SelfHosting,
    SelfHostReport,
    SweepPoint,
    ThroughputUsed,
    Workload,
)
from slmdecide.records.report_parts import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.breakeven import Opponent
    from slmdecide.records.report_parts import AssumptionMade


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """All that a break-even is asked of."""

    model: str
    gpu: str
    host: SelfHosting
    work: Workload
    throughput: ThroughputUsed
    opponents: tuple[Opponent, ...]
    api_price_decline_per_year: float = 0.0
    """Share by which API prices are expected to fall each year, 0 to 1."""
    sweep_tokens: tuple[float, float] | None = None
    """Least and most tokens a month of a table over volumes."""
    sweep_points: int = 13
    draws: int = DRAWS
    seed: int = SEED
    once_lines: tuple[HostingLine, ...] = ()
    """What `host.once_usd` is made of."""
    monthly_lines: tuple[HostingLine, ...] = ()
    """What the host's work of people is made of."""
    assumptions: tuple[AssumptionMade, ...] = ()
    notes: tuple[str, ...] = ()
    data: dict[str, str]


def break_even(case: Case) -> BreakEvenReport:
    """When self-hosting pays, against each opponent, at the case's volume and from which volume on."""
    host, work = case.host, case.work
    found = costs(host)
    planned = planned_tokens_per_month(host, work.output_share)
    count = replicas(work.tokens_per_month, planned)
    return BreakEvenReport(
        schema_version=SCHEMA_VERSION,
        model=case.model,
        gpu=case.gpu,
        gpus_per_replica=host.gpus_per_replica,
        replicas=count,
        tokens_per_month=work.tokens_per_month,
        throughput=case.throughput,
        capacity_tokens_per_month=count * capacity_tokens_per_month(host, work.output_share),
        self_host=SelfHostReport(
            hosting=host.hosting,
            capex_usd=found.once(count),
            monthly_cost_usd=found.monthly(count),
            lines=_lines(case, count),
        ),
        opponents=tuple(_against(one, case, found, planned, count) for one in case.opponents),
        sweep=_sweep(case),
        assumptions=case.assumptions,
        notes=case.notes,
        data=case.data,
    )


def _lines(case: Case, count: int) -> tuple[HostingLine, ...]:
    host = case.host
    gpus = count * host.gpus_per_replica
    what = f"{number(gpus)} × {case.gpu}"
    lines: list[HostingLine] = []
    if host.hosting == "owned_gpu":
        each = host.gpu_usd.typical if host.gpu_usd is not None else 0.0
        lines.append(HostingLine(name="GPUs", usd=gpus * each, once=True, note=f"{what} at {usd(each)}"))
        if host.server_usd_per_gpu:
            note = f"{usd(host.server_usd_per_gpu)} a GPU: chassis, CPU, memory, network"
            lines.append(HostingLine(name="server share", usd=gpus * host.server_usd_per_gpu, once=True, note=note))
        power = f"{number(gpus * host.power_w)} W × PUE {number(host.pue)} × {number(host.hours_on_per_month)} h"
        note = f"{power} at {usd(host.electricity_usd_per_kwh)} a kWh"
        lines.append(HostingLine(name="electricity", usd=count * costs(host).replica_monthly, once=False, note=note))
    else:
        rent = host.rent_usd_per_gpu_hour.typical if host.rent_usd_per_gpu_hour is not None else 0.0
        note = f"{what}, {number(host.hours_on_per_month)} reserved h at {usd(rent)}"
        lines.append(HostingLine(name="GPU rental", usd=count * costs(host).replica_monthly, once=False, note=note))
    return (*lines, *case.monthly_lines, *case.once_lines)


def _against(opponent: Opponent, case: Case, found: Costs, planned: float, count: int) -> OpponentReport:
    host, work = case.host, case.work
    price = api_usd_per_mtok(opponent, work)
    if price is None:
        reason = opponent.why_missing if opponent.why_missing is not None else f"unpriced: no price of {opponent.name} is known"
        return _report(opponent, why_never=reason)
    bill = price * work.tokens_per_month / 1e6
    own = found.monthly(count)
    months = months_to_pay_back(found.once(count), bill, own, case.api_price_decline_per_year)
    volume = break_even_volume(found, planned, price, host.amortisation_months)
    sure = spread(host, work, opponent, decline_per_year=case.api_price_decline_per_year, draws=case.draws, seed=case.seed)
    return _report(
        opponent,
        bill=bill,
        saving=bill - own,
        months=months,
        volume=volume,
        sure=sure,
        why_never=_why_never(months, volume, case, bill, own, price, planned, found),
    )


def _report(
    opponent: Opponent,
    *,
    bill: float | None = None,
    saving: float | None = None,
    months: float | None = None,
    volume: BreakEvenVolume | None = None,
    sure: Spread | None = None,
    why_never: str | None,
) -> OpponentReport:
    return OpponentReport(
        name=opponent.name,
        kind=opponent.kind,
        input_usd_per_mtok=opponent.input_usd_per_mtok,
        output_usd_per_mtok=opponent.output_usd_per_mtok,
        monthly_cost_usd=bill,
        saving_usd_per_month=saving,
        break_even_months=months,
        break_even_months_band=sure.months if sure is not None else None,
        never_share=sure.never_share if sure is not None else None,
        break_even_tokens_per_month=volume.tokens_per_month if volume is not None else None,
        break_even_tokens_band=sure.tokens if sure is not None else None,
        jumps_at_replica=volume.replicas if volume is not None and volume.jumps else None,
        why_never=why_never,
        source=opponent.source,
    )


def _why_never(
    months: float | None,
    volume: BreakEvenVolume | None,
    case: Case,
    bill: float,
    own: float,
    price: float,
    planned: float,
    found: Costs,
) -> str | None:
    """Why there is no month, or no volume, at which it pays; None if there are both."""
    reasons = []
    if months is None:
        if bill <= own:
            reasons.append(
                f"at this volume the API's bill is {usd(bill)} a month, and running it oneself costs {usd(own)} without the hardware"
            )
        else:
            fall = percent(case.api_price_decline_per_year)
            reasons.append(f"with API prices falling by {fall} a year the savings never add up to what is paid once")
    if volume is None:
        each = found.replica_monthly + found.replica_once / case.host.amortisation_months
        full = usd(each / planned * 1e6)
        both = f"{full} per million tokens, work of people apart, the API {usd(price)}"
        reasons.append(f"all in it is cheaper at no volume: a replica as full as planned costs {both}")
    return "; ".join(reasons) or None


def _sweep(case: Case) -> tuple[SweepPoint, ...]:
    if case.sweep_tokens is None:
        return ()
    found = sweep(case.host, case.work, case.opponents, volumes(*case.sweep_tokens, case.sweep_points))
    columns: Sequence[Sequence[float] | None] = [one.tolist() if one is not None else None for one in found.opponents_usd]
    return tuple(
        SweepPoint(
            tokens_per_month=tokens,
            replicas=int(count),
            self_host_usd=own,
            opponents_usd=tuple(column[i] if column is not None else None for column in columns),
        )
        for i, (tokens, count, own) in enumerate(
            zip(found.tokens_per_month.tolist(), found.replicas.tolist(), found.self_host_usd.tolist(), strict=True),
        )
    )
