"""From the options of `slmdecide breakeven` to the case that is computed: the model, its GPUs and their throughput looked up."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from slmdecide.cli.breakeven_asked import check, quantity, swept
from slmdecide.cli.breakeven_hosting import DECLARED, Blanks, hosting_of
from slmdecide.cli.breakeven_opponents import opponents
from slmdecide.errors import InputError
from slmdecide.records.breakeven import DoesNotFit, ThroughputUsed, Workload
from slmdecide.records.report_parts import SCHEMA_VERSION, AssumptionMade

if TYPE_CHECKING:
    from pathlib import Path

    from slmdecide.cli.breakeven_asked import Asked
    from slmdecide.core.breakeven import Case
    from slmdecide.records.catalog import Catalog, Gpu, Model
    from slmdecide.records.precision import Precision

DEFAULT_MODEL = "llama-3.1-8b"


def case_of(asked: Asked, catalog: Catalog) -> Case | DoesNotFit:
    """The case that the options describe, or that the GPU cannot hold the model. InputError for what makes no sense."""
    from slmdecide.cli.throughput import named_gpu, named_model  # noqa: PLC0415
    from slmdecide.core.breakeven import Case  # noqa: PLC0415

    check(asked)
    blanks = Blanks()
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
    hosting = hosting_of(asked, took.gpu, catalog, used, fitted, blanks)
    return Case(
        model=model.id,
        gpu=took.gpu.id,
        host=hosting.host,
        work=work,
        throughput=used,
        opponents=tuple(opponents(asked, model, catalog, work)),
        api_price_decline_per_year=asked.api_price_decline,
        sweep_tokens=swept(asked.sweep),
        sweep_points=asked.points,
        once_lines=hosting.once,
        monthly_lines=hosting.monthly,
        assumptions=tuple(blanks.made),
        notes=tuple(notes),
        data={
            "prices_as_of": asked.as_of if asked.as_of is not None else catalog.prices_as_of,
            "sha256": catalog.sha256,
            "version": catalog.version,
        },
    )


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
    found = throughput_of(question, measured.rows if measured is not None else (), catalog.roofline)
    if isinstance(found, Refusal):
        raise InputError(f"no throughput of {model.id} on {gpus} × {gpu.id}: {found.reason}", hint=f"--tokens-per-second: {found.wanted}")
    if gpu.from_recall and found.provenance == "calibrated":
        notes.append(f"the specifications of {gpu.id}, which the throughput is predicted from, are from recall, not checked")
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
