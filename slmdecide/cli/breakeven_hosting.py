"""How `slmdecide breakeven` hosts a model: GPUs of one's own or rented, with power and work; what was not given is filled in and listed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.errors import InputError
from slmdecide.money.serving import HOURS_PER_MONTH
from slmdecide.records.band import Band
from slmdecide.records.breakeven import HostingLine, SelfHosting
from slmdecide.records.report_parts import AssumptionMade

if TYPE_CHECKING:
    from slmdecide.cli.breakeven_asked import Asked
    from slmdecide.records.breakeven import ThroughputUsed
    from slmdecide.records.catalog import Catalog, Gpu

DECLARED = "declared; no published figure was found, give your own"


@dataclass(slots=True)
class Blanks:
    """Fills what was not given and remembers it."""

    made: list[AssumptionMade] = field(default_factory=list)

    def fill(self, given: float | None, option: str, default: float, reason: str) -> float:
        """What was given, else the default, which is remembered."""
        if given is not None:
            return given
        self.made.append(AssumptionMade(field=option, value=default, reason=reason))
        return default


class Hosted(NamedTuple):
    """One way to host, and what its work of people is made of."""

    host: SelfHosting
    once: tuple[HostingLine, ...]
    """Paid once."""
    monthly: tuple[HostingLine, ...]


def hosting_of(asked: Asked, gpu: Gpu, catalog: Catalog, used: ThroughputUsed, gpus: int, blanks: Blanks) -> Hosted:
    """The hosting with its lines of work."""
    rate = blanks.fill(
        asked.rate, "--rate", 90.0, "USD an hour: median US developer wage of May 2024 with employer costs, bls-2024-developer-wage"
    )
    hours = blanks.fill(asked.operations_hours, "--operations-hours", 8.0, DECLARED)
    setup = blanks.fill(asked.setup_hours, "--setup-hours", 24.0, DECLARED)
    tuning = blanks.fill(asked.fine_tuning_usd, "--fine-tuning-usd", 0.0, "the model is used as it is")
    retraining = blanks.fill(asked.retraining_usd, "--retraining-usd", 0.0, "the model is used as it is")
    owned = asked.hosting == "owned"
    bought, watts = (_purchase(asked, gpu, blanks), _power(asked, gpu, blanks)) if owned else (None, 0.0)
    host = SelfHosting(
        hosting="owned_gpu" if owned else "rented_gpu",
        tokens_per_second=Band(low=used.low, typical=used.tokens_per_second, high=used.high),
        counts=asked.counts,
        gpus_per_replica=gpus,
        hours_on_per_month=blanks.fill(asked.hours_per_month, "--hours-per-month", HOURS_PER_MONTH, "GPUs are reserved around the clock"),
        utilization=blanks.fill(asked.utilization, "--utilization", 0.6, DECLARED),
        peak_to_mean=blanks.fill(asked.peak_to_mean, "--peak-to-mean", 3.0, DECLARED),
        gpu_usd=bought,
        server_usd_per_gpu=blanks.fill(asked.server_usd, "--server-usd", 3000.0, DECLARED) if owned else 0.0,
        power_w=watts,
        pue=blanks.fill(asked.pue, "--pue", 1.5, DECLARED) if owned else 1.0,
        electricity_usd_per_kwh=blanks.fill(asked.electricity, "--electricity", 0.15, "as in arXiv 2509.18101, Table III")
        if owned
        else 0.0,
        rent_usd_per_gpu_hour=None if owned else _rent(asked, gpu, catalog, blanks),
        operations_usd_per_month=hours * rate,
        once_usd=setup * rate + tuning,
        retraining_usd_per_month=retraining,
        amortisation_months=blanks.fill(asked.amortisation_months, "--amortisation-months", 36.0, "three years of use; declared"),
    )
    once = (("set-up", setup * rate, f"{setup:g} h at {rate:g} USD"), ("fine-tuning", tuning, "--fine-tuning-usd"))
    monthly = (("operations", hours * rate, f"{hours:g} h a month at {rate:g} USD"), ("retraining", retraining, "--retraining-usd"))
    return Hosted(
        host,
        tuple(HostingLine(name=name, usd=usd, once=True, note=note) for name, usd, note in once if usd),
        tuple(HostingLine(name=name, usd=usd, once=False, note=note) for name, usd, note in monthly if usd),
    )


def _purchase(asked: Asked, gpu: Gpu, blanks: Blanks) -> Band:
    if asked.gpu_price is not None:
        return Band(low=asked.gpu_price, typical=asked.gpu_price, high=asked.gpu_price)
    typical = gpu.purchase_usd
    if typical is None:
        raise InputError(f"--gpu-price: no purchase price of {gpu.id} is in the data", hint="give --gpu-price USD, or --hosting rented")
    blanks.made.append(AssumptionMade(field="--gpu-price", value=typical, reason=f"{gpu.purchase_source}, {gpu.purchase_as_of}"))
    low = gpu.purchase_low_usd if gpu.purchase_low_usd is not None else typical
    high = gpu.purchase_high_usd if gpu.purchase_high_usd is not None else typical
    return Band(low=low, typical=typical, high=high)


def _power(asked: Asked, gpu: Gpu, blanks: Blanks) -> float:
    if asked.power_w is not None:
        return asked.power_w
    if gpu.power_w is None:
        raise InputError(f"--power-w: the power of {gpu.id} is not in the data", hint="give --power-w WATTS")
    return blanks.fill(None, "--power-w", gpu.power_w, f"board power; {gpu.spec_source}")


def _rent(asked: Asked, gpu: Gpu, catalog: Catalog, blanks: Blanks) -> Band:
    if asked.rent is not None:
        return Band(low=asked.rent, typical=asked.rent, high=asked.rent)
    rent = catalog.rent(gpu.id)
    if rent is None:
        raise InputError(
            f"--rent: nobody in the data rents out {gpu.id} on demand", hint="give --rent USD an hour and GPU, or --hosting owned"
        )
    offers = len({one.provider for one in catalog.rentals.get(gpu.id, ())})
    reason = f"USD an hour and GPU: median of {offers} providers, {rent.low:g} to {rent.high:g}"
    blanks.made.append(AssumptionMade(field="--rent", value=rent.typical, reason=reason))
    return rent
