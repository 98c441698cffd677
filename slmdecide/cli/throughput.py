"""`slmdecide throughput`: tokens per second of one replica and how the number was made, or the predictor's error on a file."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from slmdecide.cli.completion import gpu_names, model_names
from slmdecide.errors import InputError, did_you_mean
from slmdecide.records.precision import Precision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.catalog import Catalog, Gpu, Model

Format = Literal["text", "markdown", "json"]

_SCHEMA_VERSION = 1
_INPUT_TOKENS = 1_000
_OUTPUT_TOKENS = 250


@dataclass(frozen=True, kw_only=True, slots=True)
class Took:
    """The GPU that a name was taken for."""

    gpu: Gpu
    note: str | None
    """Which others the name may mean, if it may mean several."""


def throughput(
    words: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    *,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="The model that runs.", show_default=False, autocompletion=model_names),
    ] = None,
    gpu: Annotated[
        str | None,
        typer.Option(metavar="GPU", help="The GPU that it runs on, or a name such as a100.", show_default=False, autocompletion=gpu_names),
    ] = None,
    gpus: Annotated[
        int | None,
        typer.Option(min=1, help="GPUs of one replica; without it, as few as hold the model.", show_default=False),
    ] = None,
    precision: Annotated[
        Precision | None,
        typer.Option(help="How the weights are stored; without it, as they are published.", show_default=False),
    ] = None,
    kv_precision: Annotated[Literal["bf16", "fp8"], typer.Option(help="How the KV cache is stored.")] = "bf16",
    input_tokens: Annotated[
        int | None, typer.Option(min=1, help=f"Prompt of one request.  [default: {_INPUT_TOKENS}]", show_default=False)
    ] = None,
    output_tokens: Annotated[
        int | None, typer.Option(min=1, help=f"Answer of one request.  [default: {_OUTPUT_TOKENS}]", show_default=False)
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option(min=1, help="Requests at once; without it, as many as memory and engine take.", show_default=False),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Score the predictor on these measurements (CSV) instead.", show_default=False),
    ] = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
) -> None:
    """Show how many tokens per second one replica writes and how that is known, or how far off the predictor is on a file."""
    if words:
        message, typed = _meant(words)
        raise InputError(message, hint=typed)
    asked = {
        "--model": model,
        "--gpu": gpu,
        "--gpus": gpus,
        "--precision": precision,
        "--input-tokens": input_tokens,
        "--output-tokens": output_tokens,
        "--concurrency": concurrency,
    }
    if data is not None:
        given = [option for option, value in asked.items() if value is not None]
        if given:
            raise InputError(f"{given[0]}: --data is given as well; the file says what ran on what")
        typer.echo(_score(data, output_format))
        return
    if model is None or gpu is None:
        raise InputError(f"throughput: {'--model' if model is None else '--gpu'} is missing", hint="give --model and --gpu, or --data FILE")
    typer.echo(_answer(model, gpu, gpus, precision, kv_precision, input_tokens, output_tokens, concurrency, output_format))


def _meant(words: Sequence[str]) -> tuple[str, str]:
    """What is wrong with words that stand without an option, and what was probably meant."""
    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415
    from slmdecide.report.escape import quoted  # noqa: PLC0415

    catalog = load_catalog()
    models = [one for one in words if one in catalog.models or one in catalog.aliases]
    gpus = [one for one in words if one not in models]
    typed = shlex.join(["slmdecide", "throughput", "--model", *(models[:1] or ["MODEL"]), "--gpu", *(gpus[:1] or ["GPU"])])
    return f"throughput: found {', '.join(map(quoted, words))}; a model and a GPU are given as options", typed


def _score(data: Path, output_format: Format) -> str:
    from slmdecide.cli.throughput_views import score_document, score_page  # noqa: PLC0415  (--help reads no data)
    from slmdecide.money.scoring import prepared, scores  # noqa: PLC0415
    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415
    from slmdecide.readers.roofline import load_roofline  # noqa: PLC0415
    from slmdecide.readers.trials import read_trials  # noqa: PLC0415

    trials = read_trials(data)
    catalog, roofline = load_catalog(), load_roofline()
    score = scores((prepared(one, catalog.models, catalog.gpus, catalog.aliases, roofline.offline_requests) for one in trials), roofline)
    if output_format == "json":
        return _json(score_document(score, roofline))
    return score_page(score, roofline, markdown=output_format == "markdown")


def _answer(
    model_name: str,
    gpu_name: str,
    gpus: int | None,
    precision: Precision | None,
    kv_precision: str,
    input_tokens: int | None,
    output_tokens: int | None,
    concurrency: int | None,
    output_format: Format,
) -> str:
    from slmdecide.cli.throughput_views import Answer, answer_document, answer_page  # noqa: PLC0415
    from slmdecide.money.estimate import Question  # noqa: PLC0415
    from slmdecide.money.memory import memory_fit  # noqa: PLC0415
    from slmdecide.money.precision import kv_bytes_per_element  # noqa: PLC0415
    from slmdecide.money.roofline import Workload  # noqa: PLC0415
    from slmdecide.money.throughput import calibrated  # noqa: PLC0415
    from slmdecide.money.throughput import throughput as throughput_of  # noqa: PLC0415
    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415
    from slmdecide.readers.roofline import load_roofline  # noqa: PLC0415

    catalog = load_catalog()
    model = named_model(model_name, catalog)
    took = named_gpu(gpu_name, model, catalog)
    if model.weights == "closed":
        raise InputError(
            f"--model: {model.id} is closed; only open weights can be hosted", hint="`slmdecide models --weights open` lists them"
        )
    _check_gpus(gpus, model, took.gpu)
    encoder = model.kind == "encoder"
    stored: Precision = precision if precision is not None else model.native_precision or ("fp16" if encoder else "bf16")
    read = input_tokens if input_tokens is not None else _INPUT_TOKENS
    written = output_tokens if output_tokens is not None else 1 if encoder else _OUTPUT_TOKENS
    fit = memory_fit(
        model,
        took.gpu,
        stored,
        context_tokens=read + written,
        concurrency=concurrency if concurrency is not None else 1,
        gpus=gpus,
        kv_bytes_each=kv_bytes_per_element(kv_precision),
    )
    question = Question(
        model=model,
        gpu=took.gpu,
        gpus=gpus if gpus is not None else 1 if fit is None else fit.gpus if fit.gpus is not None else fit.most_gpus,
        precision=stored,
        workload=Workload(input_tokens=read, output_tokens=written, concurrency=concurrency),
        kv_bytes_each=kv_bytes_per_element(kv_precision),
    )
    measured, roofline = catalog.throughput.get(model.id), load_roofline()
    answer = Answer(
        question=question,
        kv_precision=kv_precision,
        gpu_note=took.note,
        fit=fit,
        found=throughput_of(question, measured.rows if measured is not None else (), roofline, fit),
        predicted=calibrated(question, roofline, fit),
    )
    return _json(answer_document(answer)) if output_format == "json" else answer_page(answer, markdown=output_format == "markdown")


def _json(document: dict[str, object]) -> str:
    return json.dumps({"schema_version": _SCHEMA_VERSION, **document}, indent=2, ensure_ascii=False, allow_nan=False)


def _check_gpus(gpus: int | None, model: Model, gpu: Gpu) -> None:
    from slmdecide.money.memory import tensor_parallel_counts  # noqa: PLC0415

    allowed = tensor_parallel_counts(model, gpu)
    if gpus is not None and gpus not in allowed:
        why = (
            "GPUs of this kind are not joined"
            if allowed == (1,)
            else f"tensor parallelism divides the {model.q_heads} query heads of {model.id}"
        )
        raise InputError(f"--gpus: found {gpus}; allowed: {', '.join(map(str, allowed))}; {why}")


def named_model(name: str, catalog: Catalog) -> Model:
    """The model with this id or other name. InputError, with the nearest name, if there is none or if there are several."""
    from slmdecide.report.escape import quoted  # noqa: PLC0415

    if name in catalog.models:
        return catalog.models[name]
    meant = catalog.aliases.get(name, ())
    if len(meant) > 1:
        raise InputError(f"--model: {quoted(name)} may be {' or '.join(meant)}; write the one that is meant")
    if not meant:
        near = did_you_mean(name.lower(), [*catalog.models, *catalog.aliases])
        raise InputError(f"--model: no model is called {quoted(name)}{near}", hint="`slmdecide models` lists all")
    return catalog.models[meant[0]]


def named_gpu(name: str, model: Model, catalog: Catalog) -> Took:
    """The GPU with this id; of several that the name may mean the one with most measurements of the model, then most offers to rent."""
    from slmdecide.readers.gpu_lookup import gpus_named  # noqa: PLC0415

    found = gpus_named(name, catalog.gpus)
    if len(found) == 1:
        return Took(gpu=found[0], note=None)
    measured = catalog.throughput.get(model.id)
    rows = measured.rows if measured is not None else ()

    def rank(gpu: Gpu) -> tuple[int, int]:
        return sum(row.gpu == gpu.id for row in rows), len(catalog.rentals.get(gpu.id, ()))

    best = max(found, key=rank)
    others = ", ".join(gpu.id for gpu in found if gpu != best)
    return Took(gpu=best, note=f"{name} may mean several; took {best.id}, of which most is known; the others: {others}")
