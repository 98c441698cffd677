"""What `slmdecide throughput` prints: an answer with its derivation, or a score."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from slmdecide.cli.tables import card, markdown_card, markdown_table, text_table, told
from slmdecide.money.estimate import Estimate, Refusal
from slmdecide.money.scoring import by_class, errors_of
from slmdecide.numbers import count, number, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.money.estimate import Line, Question
    from slmdecide.money.memory import MemoryFit
    from slmdecide.money.scoring import Score
    from slmdecide.records.roofline import Roofline


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """All that is shown of one model on one GPU."""

    question: Question
    kv_precision: str
    gpu_note: str | None
    """Which others the GPU's name may mean."""
    fit: MemoryFit | None
    """None where size, shape or memory is not known."""
    found: Estimate | Refusal
    predicted: Estimate | Refusal
    """The fitted predictor's answer, whatever was found."""


def answer_document(answer: Answer) -> dict[str, Any]:
    """The answer as JSON."""
    question, fit, found = answer.question, answer.fit, answer.found
    asked = question.workload
    return {
        "model": question.model.id,
        "gpu": question.gpu.id,
        "gpu_note": answer.gpu_note,
        "gpus_per_replica": question.gpus,
        "precision": question.precision,
        "kv_precision": answer.kv_precision,
        "input_tokens": asked.input_tokens,
        "output_tokens": asked.output_tokens,
        "concurrency": asked.concurrency,
        "memory": {**asdict(fit), "fits": fit.gpus is not None} if fit is not None else None,
        "throughput": _estimate(found),
        "requests_per_second": found.tokens_per_second / asked.output_tokens if isinstance(found, Estimate) else None,
        "lines": [asdict(line) for line in found.lines] if isinstance(found, Estimate) else [],
        "calibrated": _estimate(answer.predicted),
        "refused": asdict(found) if isinstance(found, Refusal) else None,
    }


def _estimate(found: Estimate | Refusal) -> dict[str, Any] | None:
    if isinstance(found, Refusal):
        return None
    return {
        "tokens_per_second": found.tokens_per_second,
        "low": found.low,
        "high": found.high,
        "provenance": found.provenance,
        "source": found.source,
    }


def answer_page(answer: Answer, *, markdown: bool) -> str:
    """The answer as text or Markdown."""
    show = markdown_card if markdown else card
    question, found = answer.question, answer.found
    parts = [show(f"{question.model.id} on {question.gpus} × {question.gpu.id}", [*_asked(answer), *_result(question, found)])]
    if answer.fit is not None:
        parts.append(show("Memory", _memory(answer.fit, question)))
    if isinstance(found, Estimate):
        parts.append(show("How the number was made", [_told(line) for line in found.lines]))
        if found.provenance == "measured_published":
            parts.append(show("The fitted predictor for comparison", _compared(answer.predicted)))
    return "\n\n".join(parts)


def _asked(answer: Answer) -> list[tuple[str, str]]:
    question, asked = answer.question, answer.question.workload
    at_once = f"{count(asked.concurrency)} at once" if asked.concurrency is not None else "as many at once as memory and engine take"
    return [
        *([("gpu", answer.gpu_note)] if answer.gpu_note is not None else []),
        *([("specifications", f"of {question.gpu.id}: from recall, not checked")] if question.gpu.from_recall else []),
        ("weights", f"{question.precision}, KV cache {answer.kv_precision}"),
        ("requests", f"{count(asked.input_tokens)} tokens in, {count(asked.output_tokens)} out, {at_once}"),
    ]


def _result(question: Question, found: Estimate | Refusal) -> list[tuple[str, str]]:
    if isinstance(found, Refusal):
        return [("throughput", f"unknown: {found.reason}"), ("what to do", found.wanted)]
    answers = found.tokens_per_second / question.workload.output_tokens
    band = f"({number(found.low)} to {number(found.high)})"
    if question.model.kind == "encoder":
        told = [("throughput", f"{number(answers)} answers per second {band}")]
    else:
        told = [
            ("throughput", f"{number(found.tokens_per_second)} tokens per second {band}"),
            ("answers", f"{number(answers)} per second"),
        ]
    return [*told, ("provenance", found.provenance), ("source", found.source)]


def _memory(fit: MemoryFit, question: Question) -> list[tuple[str, str]]:
    together = "" if fit.concurrency == 1 else f", {number(fit.kv_gib)} GiB for {count(fit.concurrency)}"
    held = question.gpus if fit.gpus is not None else fit.most_gpus
    return [
        ("weights", f"{number(fit.weights_gib)} GiB"),
        ("KV cache", f"{number(fit.kv_gib_per_request)} GiB for one request of {count(fit.context_tokens)} tokens{together}"),
        ("usable", f"{number(fit.usable_gib)} GiB of each GPU"),
        ("fits", f"{count(fit.gpus)} × {question.gpu.id}" if fit.gpus is not None else f"no: {fit.why_not}"),
        ("requests held", f"{count(fit.requests)} by {held} × {question.gpu.id}"),
    ]


def _told(line: Line) -> tuple[str, str]:
    value = f"{number(line.value)} {line.unit}".rstrip()
    return line.label, f"{value}; {line.note}" if line.note is not None else value


def _compared(predicted: Estimate | Refusal) -> list[tuple[str, str]]:
    if isinstance(predicted, Refusal):
        return [("predicted", f"nothing: {predicted.reason}")]
    told = f"{number(predicted.tokens_per_second)} tokens per second ({number(predicted.low)} to {number(predicted.high)})"
    return [("predicted", told), ("source", predicted.source)]


def score_document(score: Score, roofline: Roofline) -> dict[str, Any]:
    """The score as JSON. Errors and coverage are shares."""
    return {
        **asdict(errors_of(score.scored)),
        "by_class": {name: asdict(errors) for name, errors in by_class(score.scored).items()},
        "skipped": dict(score.skipped),
        "predictor": {
            "as_of": roofline.as_of,
            "fitted_on": roofline.fitted_on,
            "rows": roofline.rows,
            "script": roofline.script,
            "median_abs_error_source_held_out": roofline.by_source.median_pooled,
        },
    }


def score_page(score: Score, roofline: Roofline, *, markdown: bool) -> str:
    """The score as text or Markdown."""
    table = markdown_table if markdown else text_table
    errors = {"all": errors_of(score.scored), **by_class(score.scored)}
    rows = [
        [name, count(one.n), percent(one.median_abs_error), percent(one.p90_abs_error), percent(one.coverage)]
        for name, one in errors.items()
    ]
    header = ("class", "rows", "median error", "90th percentile", "inside the band")
    what = f"{count(len(score.scored))} rows scored, {count(sum(score.skipped.values()))} skipped; nothing was fitted."
    fitted = f"Predictor: {roofline.rows:,} rows of {roofline.fitted_on}, {roofline.as_of}."
    parts = [f"{what} {fitted}" if markdown else told(f"{what} {fitted}"), table(header, rows, right=(1, 2, 3, 4))]
    if score.skipped:
        skipped: Sequence[Sequence[str]] = [[why, count(rows_)] for why, rows_ in score.skipped.items()]
        parts.append(table(("skipped because of", "rows"), skipped, right=(1,)))
    return "\n\n".join(parts)
