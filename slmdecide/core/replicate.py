"""The break-even table of arXiv 2509.18101 computed again with the paper's own assumptions, and what it leaves out.

Its text and its tables differ: operating hours are said to be 160 a month, but every capacity in its Table III is tokens per
second × 176 h × 3600; its electricity column is 300 W an A100 and 500 W an RTX 5090, not the 400 W and 575 W of Table II.
The tables' figures are used here, because the published months follow from them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from slmdecide.money.breakeven import api_usd_per_mtok, capacity_tokens_per_month, costs, months_to_pay_back, replicas
from slmdecide.records.assessment import SCHEMA_VERSION, Band
from slmdecide.records.breakeven import LeftOut, Opponent, ReplicatedCell, Replication, SelfHosting, Workload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.breakeven import PublishedCell

PAPER = "2509.18101"
HOURS = 176.0
"""Hours a month that the paper's capacities imply (8 h on 22 days); its text says 160."""
OUTPUT_SHARE = 2 / 3
"""Equation 5: one third of the tokens is billed as input, two thirds as output."""
USD_PER_KWH = 0.15
"""Table III."""
TOLERANCE_MONTHS = 0.06
"""The table is rounded to 0.1 month: half of that, and its inputs' own rounding."""
UNFOUNDED = "Gemini 2.5 Pro"
"""Its prices are GPT-5's, so its column should equal GPT-5's; it is about 9 % shorter in every row."""
RESERVED_HOURS = 730.5
OPERATIONS_USD_PER_MONTH = 720.0
"""8 h a month at 90 USD, the defaults of a task profile."""
SERVER_USD_PER_GPU = 3000.0
PUE = 1.5
SMALL_VOLUME = 10e6
"""Tokens a month: the upper end of the paper's smallest tier."""


def host_of(cell: PublishedCell) -> SelfHosting:
    """The paper's hosting: GPUs and electricity only, all capacity used."""
    each = cell.hardware_usd / cell.gpus
    watts = cell.electricity_usd_per_month / (cell.gpus * HOURS * USD_PER_KWH) * 1000
    return SelfHosting(
        hosting="owned_gpu",
        tokens_per_second=Band(low=cell.tokens_per_second, typical=cell.tokens_per_second, high=cell.tokens_per_second),
        counts="all",
        gpus_per_replica=cell.gpus,
        hours_on_per_month=HOURS,
        utilization=1.0,
        peak_to_mean=1.0,
        gpu_usd=Band(low=each, typical=each, high=each),
        power_w=watts,
        electricity_usd_per_kwh=USD_PER_KWH,
    )


def months_of(cell: PublishedCell, host: SelfHosting, tokens_per_month: float) -> float | None:
    """Months until the cell's hardware is paid back at this hosting and volume; None if never."""
    opponent = Opponent(
        name=cell.api,
        kind="named",
        input_usd_per_mtok=cell.input_usd_per_mtok,
        output_usd_per_mtok=cell.output_usd_per_mtok,
    )
    price = api_usd_per_mtok(opponent, Workload(tokens_per_month=tokens_per_month, output_share=OUTPUT_SHARE))
    if price is None:
        return None
    found = costs(host)
    count = replicas(tokens_per_month, capacity_tokens_per_month(host, OUTPUT_SHARE))
    return months_to_pay_back(found.once(count), price * tokens_per_month / 1e6, found.monthly(count))


def full(host: SelfHosting) -> float:
    """The tokens of a month that the paper compares at: all that the hardware can make."""
    return capacity_tokens_per_month(host, OUTPUT_SHARE)


def replicate(cells: Sequence[PublishedCell]) -> Replication:
    """Every published cell beside ours, and the months with what the paper leaves out."""
    found = []
    for cell in cells:
        host = host_of(cell)
        months = months_of(cell, host, full(host))
        found.append(
            ReplicatedCell(
                model=cell.model,
                api=cell.api,
                published_months=cell.published_months,
                computed_months=months,
                difference=months - cell.published_months if months is not None else None,
                reproducible=cell.api != UNFOUNDED,
            ),
        )
    return Replication(
        schema_version=SCHEMA_VERSION,
        paper=PAPER,
        assumptions=(
            f"{HOURS:g} h a month, which the paper's capacities imply (its text says 160)",
            "electricity as in the first version's table: 300 W an A100 and 500 W an RTX 5090, USD 0.15 a kWh, no overhead of the site",
            "one third of the tokens is billed as input, two thirds as output",
            "the whole capacity is used in every month",
            "GPUs at USD 15,000 an A100 and USD 2,000 an RTX 5090; no server, no network, no people",
        ),
        cells=tuple(found),
        reproduced=sum(1 for one in found if one.reproducible and one.difference is not None and abs(one.difference) <= TOLERANCE_MONTHS),
        tolerance_months=TOLERANCE_MONTHS,
        left_out=tuple(_left_out(cells)),
        notes=(
            f"The {UNFOUNDED} column does not follow from the paper's own prices, which are those of GPT-5; use none of it.",
            "The text says 54 scenarios; the table has nine models and five APIs, 45 cells.",
            "Where the tokens per second come from, and at which batch, is not stated.",
        ),
    )


def _left_out(cells: Sequence[PublishedCell]) -> list[LeftOut]:
    first: dict[str, PublishedCell] = {}
    for cell in cells:
        first.setdefault(cell.model, cell)
    api = next(iter(first.values())).api
    changed: list[tuple[str, str, dict[str, float | None]]] = [
        (
            "partial load",
            f"months against {api} at {SMALL_VOLUME / 1e6:g} million tokens a month, the upper end of the paper's smallest tier",
            {name: months_of(cell, host_of(cell), SMALL_VOLUME) for name, cell in first.items()},
        ),
        (
            "reserved hours",
            f"months against {api} with power for all {RESERVED_HOURS:g} h of a month and a PUE of {PUE:g}, at the same volume",
            {
                name: months_of(cell, replace(host_of(cell), hours_on_per_month=RESERVED_HOURS, pue=PUE), full(host_of(cell)))
                for name, cell in first.items()
            },
        ),
        (
            "servers and operations",
            f"months against {api} with USD {SERVER_USD_PER_GPU:,.0f} of server a GPU and USD {OPERATIONS_USD_PER_MONTH:g} of work a month",
            {
                name: months_of(
                    cell,
                    replace(host_of(cell), server_usd_per_gpu=SERVER_USD_PER_GPU, operations_usd_per_month=OPERATIONS_USD_PER_MONTH),
                    full(host_of(cell)),
                )
                for name, cell in first.items()
            },
        ),
        (
            "KV memory",
            (
                "weights alone fill the card in Table III: EXAONE 4.0 32B takes 32 GB in FP8 on a 32 GB RTX 5090, which leaves nothing "
                "for the KV cache; no months are computed for what does not run"
            ),
            {},
        ),
    ]
    return [LeftOut(name=name, statement=statement, months=months) for name, statement, months in changed]
