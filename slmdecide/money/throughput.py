"""How many tokens a second one replica writes, and how that is known.

Best first: a published measurement of this model on this GPU near these lengths and this load; the fitted predictor with
its error band; a refusal that says what to pass. Source: design of the product, section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.money.estimate import Estimate, Line, Question, Refusal, work_asked
from slmdecide.money.published import measured_published
from slmdecide.money.roofline import Work, band_of, step_of, tokens_per_second, what_is_missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.money.memory import MemoryFit
    from slmdecide.records.catalog import Throughput
    from slmdecide.records.roofline import ErrorBand, Roofline

_TOKENS = "tokens per second"
_SMALLER = "take more or larger GPUs, a smaller precision, fewer requests or shorter texts"


def throughput(
    question: Question,
    measured: Sequence[Throughput],
    roofline: Roofline,
    fit: MemoryFit | None = None,
) -> Estimate | Refusal:
    """The best number there is. `measured`: published rows of the model; `fit`: whether the memory holds what is asked, if known."""
    published = measured_published(question, measured, roofline)
    return published if published is not None else calibrated(question, roofline, fit)


def calibrated(question: Question, roofline: Roofline, fit: MemoryFit | None = None) -> Estimate | Refusal:
    """What the fitted predictor says, with the error band of its class."""
    model, gpu = question.model, question.gpu
    wanted = "pass tokens per second that were measured with these lengths and this load"
    if model.kind == "encoder":
        return Refusal(reason=f"{model.id} is an encoder; only decoders are predicted", wanted=wanted)
    lacking = what_is_missing(model, gpu)
    if lacking:
        return Refusal(reason=f"not known: {', '.join(lacking)}", wanted=wanted)
    if fit is not None and fit.why_not is not None:
        return Refusal(reason=f"does not fit: {fit.why_not}", wanted=_SMALLER)
    band = band_of(model, gpu, question.workload.load, roofline)
    if band is None:
        reason = f"no measured row on a GPU of the class of {gpu.id} ({gpu.gpu_class}), so the error is not known"
        return Refusal(reason=reason, wanted=wanted)
    work = work_asked(question, roofline)
    if work is None:
        return Refusal(
            reason=f"not one request fits {question.gpus} × {gpu.id}", wanted="take more GPUs, a smaller precision or shorter texts"
        )
    rate = tokens_per_second(work, roofline.constants)
    return Estimate(
        tokens_per_second=rate,
        low=rate * band.low,
        high=rate * band.high,
        provenance="calibrated",
        source=f"fitted on {roofline.rows:,} published rows of {roofline.fitted_on} by {roofline.script}, {roofline.as_of}",
        lines=(*_work_lines(work, roofline), *_band_lines(band, rate)),
    )


def _work_lines(work: Work, roofline: Roofline) -> tuple[Line, ...]:
    constants = roofline.constants
    step, rate = step_of(work, constants), tokens_per_second(work, constants)
    told = (
        ("requests at once", work.batch, "requests", "what is sent, what memory holds, or what an engine takes"),
        ("read weights and KV cache", step.memory_ms, "ms", f"at {constants.bandwidth_efficiency:.2f} of the bandwidth"),
        ("compute", step.decode_ms, "ms", f"at {constants.decode_efficiency:.2f} of the peak; overlaps with reading"),
        ("exchange between GPUs", step.link_ms, "ms", f"at {constants.link_efficiency:.2f} of the link"),
        ("fixed time", step.fixed_ms, "ms", "step, layers, tensor-parallel latency, expert layers"),
        ("one step", step.total_ms, "ms", "√(read² + compute²) + exchange + fixed: one token for each request"),
        ("read one prompt", step.prefill_ms, "ms", f"at {constants.prefill_efficiency:.2f} of the peak"),
        ("predicted", rate, _TOKENS, "requests × output ÷ (output × step + requests × prompt)"),
    )
    return tuple(Line(label=label, value=value, unit=unit, note=note) for label, value, unit, note in told)


def _band_lines(band: ErrorBand, rate: float) -> tuple[Line, ...]:
    sources = "1 source" if band.sources == 1 else f"{band.sources} sources"
    which = f"{band.gpu_class}, {band.kind}, {band.load}: {band.rows} rows of {sources}; {band.how}"
    return (
        Line(label="low", value=rate * band.low, unit=_TOKENS, note=f"× {band.low:g}; measured ÷ predicted in the class {which}"),
        Line(label="high", value=rate * band.high, unit=_TOKENS, note=f"× {band.high:g}"),
    )
