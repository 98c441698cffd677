"""`slmdecide breakeven`: when self-hosting pays, against whom, and how sure that is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from slmdecide.cli.completion import gpu_names, model_names
from slmdecide.errors import InputError
from slmdecide.records.precision import Precision

if TYPE_CHECKING:
    from slmdecide.records.breakeven import BreakEvenReport, DoesNotFit
    from slmdecide.report.blocks import View

Format = Literal["text", "markdown", "json", "csv"]
_PAPERS = ("2509.18101",)


def breakeven(
    *,
    gpu: Annotated[
        str | None,
        typer.Option(metavar="GPU", help="The GPU, or a name such as a100.", show_default=False, autocompletion=gpu_names),
    ] = None,
    tokens: Annotated[
        str | None, typer.Option(metavar="N", help="Tokens a month, prompt and answer together, such as 5e9.", show_default=False)
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="The model to host.  [default: llama-3.1-8b]", show_default=False, autocompletion=model_names),
    ] = None,
    hosting: Annotated[Literal["owned", "rented"], typer.Option(help="GPUs of your own, or rented ones.")] = "owned",
    input_tokens: Annotated[float | None, typer.Option(help="Prompt of one request.  [default: 1000]", show_default=False)] = None,
    output_tokens: Annotated[float | None, typer.Option(help="Answer of one request.  [default: 250]", show_default=False)] = None,
    output_share: Annotated[
        float | None, typer.Option(help="Share of the tokens that is generated; by default from the two lengths.", show_default=False)
    ] = None,
    cached_share: Annotated[
        float | None, typer.Option(help="Share of the prompt that the API caches.  [default: 0]", show_default=False)
    ] = None,
    volume_uncertainty: Annotated[
        float | None, typer.Option(help="How far the volume may be off.  [default: 0.2]", show_default=False)
    ] = None,
    gpus: Annotated[int | None, typer.Option(min=1, help="GPUs of one replica; by default as few as hold it.", show_default=False)] = None,
    precision: Annotated[Precision | None, typer.Option(help="How the weights are stored.", show_default=False)] = None,
    concurrency: Annotated[
        float | None, typer.Option(help="Requests at once; by default as many as memory and engine take.", show_default=False)
    ] = None,
    tokens_per_second: Annotated[
        float | None, typer.Option(help="Throughput of one replica that you know, in place of the data.", show_default=False)
    ] = None,
    counts: Annotated[Literal["output", "all"], typer.Option(help="Which tokens that rate counts.")] = "output",
    measured: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A result of GuideLLM, AIPerf, genai-perf or `vllm bench serve` (JSON).", show_default=False),
    ] = None,
    hours_per_month: Annotated[float | None, typer.Option(help="Reserved hours.  [default: 730.5]", show_default=False)] = None,
    utilization: Annotated[
        float | None, typer.Option(help="Share of the capacity planned to be used.  [default: 0.6]", show_default=False)
    ] = None,
    peak_to_mean: Annotated[float | None, typer.Option(help="Busiest minute over the mean.  [default: 3]", show_default=False)] = None,
    gpu_price: Annotated[float | None, typer.Option(help="USD of one GPU, in place of the data.", show_default=False)] = None,
    rent: Annotated[float | None, typer.Option(help="USD an hour and GPU, in place of the data.", show_default=False)] = None,
    server_usd: Annotated[
        float | None, typer.Option(help="Server share of one owned GPU, USD.  [default: 3000]", show_default=False)
    ] = None,
    power_w: Annotated[float | None, typer.Option(help="Power of one GPU, W, in place of the data.", show_default=False)] = None,
    pue: Annotated[float | None, typer.Option(help="Power usage effectiveness.  [default: 1.5]", show_default=False)] = None,
    electricity: Annotated[float | None, typer.Option(help="USD a kWh.  [default: 0.15]", show_default=False)] = None,
    operations_hours: Annotated[float | None, typer.Option(help="Hours of work a month.  [default: 8]", show_default=False)] = None,
    rate: Annotated[float | None, typer.Option(help="USD an hour of work.  [default: 90]", show_default=False)] = None,
    setup_hours: Annotated[float | None, typer.Option(help="Hours of set-up, once.  [default: 24]", show_default=False)] = None,
    fine_tuning_usd: Annotated[float | None, typer.Option(help="Fine-tuning, once, USD.  [default: 0]", show_default=False)] = None,
    retraining_usd: Annotated[float | None, typer.Option(help="Retraining a month, USD.  [default: 0]", show_default=False)] = None,
    amortisation_months: Annotated[
        float | None, typer.Option(help="Months over which what is paid once is spread.  [default: 36]", show_default=False)
    ] = None,
    today: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="The model in use today, as an opponent.", show_default=False, autocompletion=model_names),
    ] = None,
    vs: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL|NAME=IN/OUT",
            help="A further opponent; prices in USD per million tokens.",
            show_default=False,
            autocompletion=model_names,
        ),
    ] = None,
    as_of: Annotated[str | None, typer.Option(metavar="DATE", help="API prices of this day.", show_default=False)] = None,
    api_price_decline: Annotated[float, typer.Option(help="Share by which API prices fall each year.")] = 0.0,
    sweep: Annotated[
        str | None, typer.Option(metavar="tokens=LOW:HIGH", help="A table over volumes, such as tokens=1e6:1e12.", show_default=False)
    ] = None,
    points: Annotated[int, typer.Option(help="Volumes of that table.")] = 13,
    replicate: Annotated[
        str | None, typer.Option(metavar="PAPER", help="Compute a paper's table again: 2509.18101.", show_default=False)
    ] = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of stdout.", show_default=False)] = None,
) -> None:
    """Say when self-hosting pays: months, volume, against whom, and how sure that is.

    Three opponents are always shown: the same model hosted by its cheapest provider, the cheapest API of a large model, and
    the model in use today (--today).
    """
    from slmdecide.cli.output import deliver  # noqa: PLC0415  (--help needs none of this)

    if replicate is not None:
        deliver(_replicated(replicate, output_format), output)
        return
    if gpu is None or tokens is None:
        missing = "--gpu" if gpu is None else "--tokens"
        raise InputError(f"breakeven: {missing} is missing", hint="slmdecide breakeven --gpu a100 --tokens 5e9")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads for products of matrices; there are none here
    from slmdecide.cli.breakeven_asked import Asked  # noqa: PLC0415
    from slmdecide.cli.breakeven_inputs import case_of  # noqa: PLC0415
    from slmdecide.core.breakeven import break_even  # noqa: PLC0415
    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415
    from slmdecide.records.breakeven import DoesNotFit  # noqa: PLC0415

    if as_of is not None:
        from slmdecide.cli.price_data import past_day  # noqa: PLC0415

        as_of = past_day(as_of, "--as-of")
    asked = Asked(
        gpu=gpu,
        tokens=tokens,
        model=model,
        hosting=hosting,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        output_share=output_share,
        cached_share=cached_share,
        volume_uncertainty=volume_uncertainty,
        gpus=gpus,
        precision=precision,
        concurrency=concurrency,
        tokens_per_second=tokens_per_second,
        counts=counts,
        measured=measured,
        hours_per_month=hours_per_month,
        utilization=utilization,
        peak_to_mean=peak_to_mean,
        gpu_price=gpu_price,
        rent=rent,
        server_usd=server_usd,
        power_w=power_w,
        pue=pue,
        electricity=electricity,
        operations_hours=operations_hours,
        rate=rate,
        setup_hours=setup_hours,
        fine_tuning_usd=fine_tuning_usd,
        retraining_usd=retraining_usd,
        amortisation_months=amortisation_months,
        today=today,
        versus=tuple(vs or ()),
        as_of=as_of,
        api_price_decline=api_price_decline,
        sweep=sweep,
        points=points,
    )
    case = case_of(asked, load_catalog(decisions=False))
    found = case if isinstance(case, DoesNotFit) else break_even(case)
    deliver(_told(found, output_format), output)


def _told(found: BreakEvenReport | DoesNotFit, output_format: Format) -> str:
    from slmdecide.records.breakeven import DoesNotFit  # noqa: PLC0415
    from slmdecide.report.break_even import build, build_does_not_fit, to_csv  # noqa: PLC0415

    if output_format == "json":
        from slmdecide.report.document import record_document, to_json  # noqa: PLC0415

        return to_json(record_document(found))
    if isinstance(found, DoesNotFit):
        return _written(build_does_not_fit(found), output_format)
    return to_csv(found) if output_format == "csv" else _written(build(found), output_format)


def _replicated(paper: str, output_format: Format) -> str:
    from slmdecide.core.replicate import replicate  # noqa: PLC0415
    from slmdecide.readers.files import DATA  # noqa: PLC0415
    from slmdecide.readers.table import read_table  # noqa: PLC0415
    from slmdecide.records.breakeven import PublishedCell  # noqa: PLC0415
    from slmdecide.report.break_even import build_replication, replication_csv  # noqa: PLC0415
    from slmdecide.report.escape import quoted  # noqa: PLC0415

    if paper not in _PAPERS:
        raise InputError(f"--replicate: found {quoted(paper)}; allowed: {', '.join(_PAPERS)}")
    found = replicate(read_table(DATA / "evidence" / "break_even_2509_18101.csv", PublishedCell))
    if output_format == "csv":
        return replication_csv(found)
    if output_format == "json":
        from slmdecide.report.document import record_document, to_json  # noqa: PLC0415

        return to_json(record_document(found))
    return _written(build_replication(found), output_format)


def _written(view: View, output_format: Format) -> str:
    if output_format == "markdown":
        from slmdecide.report.markdown import write as as_markdown  # noqa: PLC0415

        return as_markdown(view)
    from slmdecide.cli.terminal import report_width  # noqa: PLC0415
    from slmdecide.report.text import WIDTH  # noqa: PLC0415
    from slmdecide.report.text import write as as_text  # noqa: PLC0415

    return as_text(view, width=report_width(WIDTH))
