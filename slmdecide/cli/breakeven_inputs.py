"""From the options of `slmdecide breakeven` to the case that is computed: data looked up, blanks filled and listed."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from slmdecide.errors import InputError
from slmdecide.money.serving import HOURS_PER_MONTH
from slmdecide.records.assessment import SCHEMA_VERSION, AssumptionMade, Band
from slmdecide.records.breakeven import DoesNotFit, HostingLine, Opponent, OpponentKind, SelfHosting, ThroughputUsed, Workload
from slmdecide.records.quantities import Quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slmdecide.core.breakeven import Case
    from slmdecide.records.catalog import Catalog, Gpu, Model, Precision, Price

DECLARED = "declared; no published figure was found, give your own"
DEFAULT_MODEL = "llama-3.1-8b"
SWEEP_POINTS = 13
_MOST_SWEEP_POINTS = 1000
_MOST_HOURS = 744.0
"""Hours of the longest month."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The options as they were typed; None = not given."""

    gpu: str
    tokens: str
    model: str | None = None
    hosting: Literal["owned", "rented"] = "owned"
    input_tokens: float | None = None
    output_tokens: float | None = None
    output_share: float | None = None
    cached_share: float | None = None
    volume_uncertainty: float | None = None
    gpus: int | None = None
    precision: Precision | None = None
    concurrency: float | None = None
    tokens_per_second: float | None = None
    counts: Literal["output", "all"] = "output"
    measured: Path | None = None
    hours_per_month: float | None = None
    utilization: float | None = None
    peak_to_mean: float | None = None
    gpu_price: float | None = None
    rent: float | None = None
    server_usd: float | None = None
    power_w: float | None = None
    pue: float | None = None
    electricity: float | None = None
    operations_hours: float | None = None
    rate: float | None = None
    setup_hours: float | None = None
    fine_tuning_usd: float | None = None
    retraining_usd: float | None = None
    amortisation_months: float | None = None
    today: str | None = None
    versus: tuple[str, ...] = ()
    as_of: str | None = None
    api_price_decline: float = 0.0
    sweep: str | None = None
    points: int = SWEEP_POINTS
    draws: int | None = None
    seed: int | None = None


@dataclass(slots=True)
class _Blanks:
    """Fills what was not given and remembers it."""

    made: list[AssumptionMade] = field(default_factory=list)

    def fill(self, given: float | None, option: str, default: float, reason: str) -> float:
        if given is not None:
            return given
        self.made.append(AssumptionMade(field=option, value=default, reason=reason))
        return default


def quantity(text: str, option: str, *, positive: bool = True) -> float:
    """A number as people write it (5e9, 3M). InputError if it is none, not finite, or not above 0."""
    from slmdecide.report.escape import quoted  # noqa: PLC0415

    try:
        value = Quantity("count").parse(text)
    except ValueError as error:
        raise InputError(f"{option}: found {quoted(text)}; {error}") from None
    if not isinstance(value, int | float) or not isfinite(value) or (positive and value <= 0):
        raise InputError(f"{option}: found {quoted(text)}; a number above 0 is expected")
    return float(value)


def case_of(asked: Asked, catalog: Catalog) -> Case | DoesNotFit:
    """The case that the options describe, or that the GPU cannot hold the model. InputError for what makes no sense."""
    from slmdecide.cli.throughput import named_gpu, named_model  # noqa: PLC0415
    from slmdecide.core.breakeven import Case  # noqa: PLC0415
    from slmdecide.money.sampling import DRAWS, SEED  # noqa: PLC0415

    _check(asked)
    blanks = _Blanks()
    notes: list[str] = []
    if asked.model is None:
        reason = "no --model was given; the small open model of which most measurements are known"
        blanks.made.append(AssumptionMade(field="--model", value=DEFAULT_MODEL, reason=reason))
    model = named_model(asked.model if asked.model is not None else DEFAULT_MODEL, catalog)
    if model.weights == "closed":
        raise InputError(
            f"--model: {model.id} is closed; only open weights can be hosted", hint="`slmdecide models --weights open` lists them"
        )
    took = named_gpu(asked.gpu, model, catalog)
    if took.note is not None:
        notes.append(took.note)
    read = blanks.fill(asked.input_tokens, "--input-tokens", 1000.0, DECLARED)
    written = blanks.fill(asked.output_tokens, "--output-tokens", 250.0, DECLARED)
    share = asked.output_share if asked.output_share is not None else written / (read + written)
    work = Workload(
        tokens_per_month=quantity(asked.tokens, "--tokens"),
        output_share=share,
        cached_share=blanks.fill(asked.cached_share, "--cached-share", 0.0, "no prompt caching"),
        uncertainty_share=blanks.fill(asked.volume_uncertainty, "--volume-uncertainty", 0.2, DECLARED),
    )
    fitted = _gpus(asked, model, took.gpu, read, written, notes)
    if isinstance(fitted, DoesNotFit):
        return fitted
    used = _throughput(asked, model, took.gpu, fitted, catalog, read, written, notes)
    host, once, monthly = _host(asked, took.gpu, catalog, used, fitted, blanks)
    return Case(
        model=model.id,
        gpu=took.gpu.id,
        host=host,
        work=work,
        throughput=used,
        opponents=tuple(_opponents(asked, model, catalog, work)),
        api_price_decline_per_year=asked.api_price_decline,
        sweep_tokens=_sweep(asked.sweep),
        sweep_points=asked.points,
        draws=asked.draws if asked.draws is not None else DRAWS,
        seed=asked.seed if asked.seed is not None else SEED,
        once_lines=once,
        monthly_lines=monthly,
        assumptions=tuple(blanks.made),
        notes=tuple(notes),
        data={
            "prices_as_of": asked.as_of if asked.as_of is not None else catalog.prices_as_of,
            "sha256": catalog.sha256,
            "version": catalog.version,
        },
    )


_ABOVE_ZERO = (
    "input_tokens", "output_tokens", "concurrency", "tokens_per_second", "hours_per_month", "utilization", "peak_to_mean", "gpu_price",
    "rent", "power_w", "amortisation_months",
)  # fmt: skip
_AT_LEAST_ZERO = ("server_usd", "electricity", "operations_hours", "rate", "setup_hours", "fine_tuning_usd", "retraining_usd")
_SHARES = ("output_share", "cached_share", "volume_uncertainty", "utilization", "api_price_decline")


def _check(asked: Asked) -> None:
    """InputError for the first number that makes no sense."""
    checks: tuple[tuple[tuple[str, ...], Callable[[float], bool], str], ...] = (
        (_ABOVE_ZERO, lambda value: value > 0, "a number above 0"),
        (_AT_LEAST_ZERO, lambda value: value >= 0, "0 or more"),
        (_SHARES, lambda value: 0 <= value <= 1, "a share from 0 to 1"),
        (("pue", "peak_to_mean"), lambda value: value >= 1, "1 or more"),
    )
    for names, holds, expected in checks:
        for name in names:
            value = getattr(asked, name)
            if value is not None and not (isfinite(value) and holds(value)):
                raise InputError(f"--{name.replace('_', '-')}: found {value:g}; {expected} is expected")
    if asked.hours_per_month is not None and asked.hours_per_month > _MOST_HOURS:
        raise InputError(f"--hours-per-month: found {asked.hours_per_month:g}; a month has at most {_MOST_HOURS:g}")
    if asked.hosting == "owned" and asked.rent is not None:
        raise InputError("--rent: the GPUs are owned; give --hosting rented as well")
    if asked.hosting == "rented" and asked.gpu_price is not None:
        raise InputError("--gpu-price: the GPUs are rented; drop it or --hosting rented")
    if asked.output_share == 0:
        raise InputError("--output-share: found 0; something must be generated, so it is above 0")
    if asked.measured is not None and asked.tokens_per_second is not None:
        raise InputError("--measured: --tokens-per-second is given as well; give one of the two")
    if not 2 <= asked.points <= _MOST_SWEEP_POINTS:  # noqa: PLR2004  (a table has two ends)
        raise InputError(f"--points: found {asked.points}; 2 to {_MOST_SWEEP_POINTS} are expected")


def _sweep(text: str | None) -> tuple[float, float] | None:
    from slmdecide.report.escape import quoted  # noqa: PLC0415

    if text is None:
        return None
    name, equals, span = text.partition("=")
    low, colon, high = span.partition(":")
    if name != "tokens" or not equals or not colon:
        raise InputError(f"--sweep: found {quoted(text)}; write tokens=LOW:HIGH, such as tokens=1e6:1e12")
    ends = quantity(low, "--sweep"), quantity(high, "--sweep")
    if ends[0] >= ends[1]:
        raise InputError(f"--sweep: {low} is not below {high}; write the smaller end first")
    return ends


def _precision(asked: Asked, model: Model) -> Precision:
    otherwise: Precision = "fp16" if model.kind == "encoder" else "bf16"
    return asked.precision if asked.precision is not None else model.native_precision or otherwise


def _gpus(asked: Asked, model: Model, gpu: Gpu, read: float, written: float, notes: list[str]) -> int | DoesNotFit:
    """GPUs of one replica: as asked, or as few as hold the model. A rate that the user knows overrules memory arithmetic."""
    from slmdecide.money.memory import memory_fit  # noqa: PLC0415

    requests = ceil(asked.concurrency) if asked.concurrency is not None else 1
    fit = memory_fit(model, gpu, _precision(asked, model), context_tokens=ceil(read + written), concurrency=requests, gpus=asked.gpus)
    if fit is None:
        return asked.gpus if asked.gpus is not None else 1
    if fit.gpus is not None:
        return fit.gpus
    reason = fit.why_not if fit.why_not is not None else "it takes more memory than there is"
    if asked.tokens_per_second is not None or asked.measured is not None:
        notes.append(f"By its numbers it does not fit: {reason}.")
        return asked.gpus if asked.gpus is not None else fit.most_gpus
    return DoesNotFit(
        schema_version=SCHEMA_VERSION,
        model=model.id,
        gpu=gpu.id,
        fits=False,
        weights_gib=fit.weights_gib,
        kv_gib=fit.kv_gib,
        usable_gib=fit.usable_gib,
        most_gpus=fit.most_gpus,
        why_not=reason,
    )


def _throughput(
    asked: Asked,
    model: Model,
    gpu: Gpu,
    gpus: int,
    catalog: Catalog,
    read: float,
    written: float,
    notes: list[str],
) -> ThroughputUsed:
    """The rate of one replica, best provenance first."""
    from slmdecide.money.estimate import Question, Refusal  # noqa: PLC0415
    from slmdecide.money.roofline import Workload as Requests  # noqa: PLC0415
    from slmdecide.money.throughput import throughput as throughput_of  # noqa: PLC0415
    from slmdecide.readers.roofline import load_roofline  # noqa: PLC0415

    if asked.tokens_per_second is not None:
        rate = asked.tokens_per_second
        return ThroughputUsed(tokens_per_second=rate, low=rate, high=rate, provenance="declared", source="--tokens-per-second")
    if asked.measured is not None:
        return _measured_here(asked.measured, notes)
    question = Question(
        model=model,
        gpu=gpu,
        gpus=gpus,
        precision=_precision(asked, model),
        workload=Requests(input_tokens=read, output_tokens=written, concurrency=asked.concurrency),
    )
    measured = catalog.throughput.get(model.id)
    found = throughput_of(question, measured.rows if measured is not None else (), load_roofline())
    if isinstance(found, Refusal):
        raise InputError(f"no throughput of {model.id} on {gpus} × {gpu.id}: {found.reason}", hint=f"--tokens-per-second: {found.wanted}")
    return ThroughputUsed(
        tokens_per_second=found.tokens_per_second,
        low=found.low,
        high=found.high,
        provenance=found.provenance,
        source=found.source,
    )


def _measured_here(path: Path, notes: list[str]) -> ThroughputUsed:
    from slmdecide.readers.benchmark_files import read_benchmark  # noqa: PLC0415

    found = read_benchmark(path)
    notes.append(f"{found.tool}: {found.note}")
    rate = found.output_tokens_per_second
    return ThroughputUsed(tokens_per_second=rate, low=rate, high=rate, provenance="measured_here", source=found.source)


def _host(
    asked: Asked,
    gpu: Gpu,
    catalog: Catalog,
    used: ThroughputUsed,
    gpus: int,
    blanks: _Blanks,
) -> tuple[SelfHosting, tuple[HostingLine, ...], tuple[HostingLine, ...]]:
    """The hosting with its lines of work: those paid once, those paid every month."""
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
    return (
        host,
        tuple(HostingLine(name=name, usd=usd, once=True, note=note) for name, usd, note in once if usd),
        tuple(HostingLine(name=name, usd=usd, once=False, note=note) for name, usd, note in monthly if usd),
    )


def _purchase(asked: Asked, gpu: Gpu, blanks: _Blanks) -> Band:
    if asked.gpu_price is not None:
        return Band(low=asked.gpu_price, typical=asked.gpu_price, high=asked.gpu_price)
    typical = gpu.purchase_usd
    if typical is None:
        raise InputError(f"--gpu-price: no purchase price of {gpu.id} is in the data", hint="give --gpu-price USD, or --hosting rented")
    blanks.made.append(AssumptionMade(field="--gpu-price", value=typical, reason=f"{gpu.purchase_source}, {gpu.purchase_as_of}"))
    low = gpu.purchase_low_usd if gpu.purchase_low_usd is not None else typical
    high = gpu.purchase_high_usd if gpu.purchase_high_usd is not None else typical
    return Band(low=low, typical=typical, high=high)


def _power(asked: Asked, gpu: Gpu, blanks: _Blanks) -> float:
    if asked.power_w is not None:
        return asked.power_w
    if gpu.power_w is None:
        raise InputError(f"--power-w: the power of {gpu.id} is not in the data", hint="give --power-w WATTS")
    return blanks.fill(None, "--power-w", gpu.power_w, f"board power; {gpu.spec_source}")


def _rent(asked: Asked, gpu: Gpu, catalog: Catalog, blanks: _Blanks) -> Band:
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


def _opponents(asked: Asked, model: Model, catalog: Catalog, work: Workload) -> Sequence[Opponent]:
    """The three opponents that are always there, then those that were named."""
    offers = _offers_on(asked.as_of, catalog)
    same = _cheapest(model, offers, work)
    found = [_opponent(model, same, "same_model_hosted", f"no API in the data sells {model.id}")]
    large = [catalog.models[name] for name in catalog.default_candidates if catalog.models[name].size_class == "large"]
    priced = [(cheapest, one) for one in large if one.weights == "closed" and (cheapest := _cheapest(one, offers, work)) is not None]
    if priced:
        cheapest, best = min(priced, key=lambda each: (each[0][0], each[1].id))
        found.append(_opponent(best, cheapest, "cheapest_good_enough", ""))
    else:
        found.append(
            _missing("cheapest good enough", "cheapest_good_enough", "no closed large model of the short list has a price on that day")
        )
    if asked.today is not None:
        found.append(_named(asked.today, catalog, offers, work, "in_use_today", "--today"))
    else:
        found.append(_missing("the model in use today", "in_use_today", "not given; --today MODEL names it"))
    found += [_versus(word, catalog, offers, work) for word in asked.versus]
    return found


def _offers_on(day: str | None, catalog: Catalog) -> Callable[[Model], Sequence[Price]]:
    """Prices of a model's offers that are still served: of the snapshot, or of a day."""
    from slmdecide.money.price_compare import retired  # noqa: PLC0415

    if day is None:
        return lambda model: [
            price
            for name in model.prices
            if name in catalog.prices
            for price in [catalog.prices[name]]
            if not retired(price, catalog.prices_as_of)
        ]
    from slmdecide.readers.price_lookup import find, load_history, quotes_on  # noqa: PLC0415

    history = load_history()

    def on(model: Model) -> list[Price]:
        found = find(model.id, [model], {name: catalog.prices[name] for name in (*model.prices, *model.fine_tuned_prices)}, history)
        # A source that does not say since when a price holds would give today's models prices of years before they were there.
        dated = [quote for quote in quotes_on(found, day, history) if not quote.fine_tuned]
        return [quote.price for quote in dated if quote.since is not None or quote.price.as_of == catalog.prices_as_of]

    return on


def _cheapest(model: Model, offers: Callable[[Model], Sequence[Price]], work: Workload) -> tuple[float, Price] | None:
    """The offer that costs least for the workload, with its USD per million tokens; None if none is priced."""
    from slmdecide.money.breakeven import api_usd_per_mtok  # noqa: PLC0415

    priced = []
    for position, price in enumerate(offers(model)):
        usd = api_usd_per_mtok(_from_price(model.id, price, "named"), work)
        if usd is not None:
            priced.append((usd, position, price))
    if not priced:
        return None
    usd, _, price = min(priced, key=lambda each: each[:2])
    return usd, price


def _from_price(name: str, price: Price, kind: OpponentKind) -> Opponent:
    return Opponent(
        name=name,
        kind=kind,
        input_usd_per_mtok=price.input_usd_per_mtok,
        output_usd_per_mtok=price.output_usd_per_mtok,
        cached_usd_per_mtok=price.cache_read_usd_per_mtok,
        source=f"{price.source}, {price.as_of}",
    )


def _opponent(model: Model, found: tuple[float, Price] | None, kind: OpponentKind, why_missing: str) -> Opponent:
    if found is None:
        return _missing(model.id, kind, why_missing)
    price = found[1]
    return _from_price(f"{model.id} at {price.provider}", price, kind)


def _missing(name: str, kind: OpponentKind, why: str) -> Opponent:
    return Opponent(name=name, kind=kind, input_usd_per_mtok=None, output_usd_per_mtok=None, why_missing=why)


def _named(
    word: str, catalog: Catalog, offers: Callable[[Model], Sequence[Price]], work: Workload, kind: OpponentKind, option: str
) -> Opponent:
    from slmdecide.cli.throughput import named_model  # noqa: PLC0415

    if word not in catalog.models and word not in catalog.aliases and word in catalog.prices:
        return _from_price(word, catalog.prices[word], kind)
    try:
        model = named_model(word, catalog)
    except InputError as error:
        raise InputError(error.message.replace("--model", option, 1), hint=error.hint) from None
    return _opponent(model, _cheapest(model, offers, work), kind, f"unpriced: no price of {model.id} is known on that day")


def _versus(word: str, catalog: Catalog, offers: Callable[[Model], Sequence[Price]], work: Workload) -> Opponent:
    """`MODEL`, or `NAME=IN/OUT` in USD per million tokens."""
    from slmdecide.report.escape import quoted  # noqa: PLC0415

    name, equals, prices = word.partition("=")
    if not equals:
        return _named(word, catalog, offers, work, "named", "--vs")
    p_in, slash, p_out = prices.partition("/")
    if not slash or not name.strip():
        raise InputError(f"--vs: found {quoted(word)}; write MODEL, or NAME=IN/OUT in USD per million tokens, such as gpt-5=1.25/10")
    usd_in, usd_out = quantity(p_in, "--vs", positive=False), quantity(p_out, "--vs", positive=False)
    if usd_in < 0 or usd_out < 0 or usd_in + usd_out == 0:
        raise InputError(f"--vs: found {quoted(word)}; prices are 0 or more and not both 0: what is free is no opponent")
    return Opponent(name=name.strip()[:80], kind="named", input_usd_per_mtok=usd_in, output_usd_per_mtok=usd_out, source="--vs")
