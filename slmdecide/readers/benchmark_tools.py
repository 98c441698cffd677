"""One operating point of GuideLLM, AIPerf, genai-perf or `vllm bench serve`, as each of them writes it.

The format is known by its content, not by the file's name. Decided on files of GuideLLM 0.3.1, 0.5.4 and 0.8.1, AIPerf
0.3.0 and 0.13.0, genai-perf 24.12 and vLLM 0.33.0:

- GuideLLM gives TTFT and ITL in ms but the latency of a request in seconds; its TPOT contains TTFT and is not read.
- AIPerf and genai-perf write a unit beside every figure; it is followed.
- ITL is the time after the first token by the tokens that came in it. vLLM calls that TPOT; what vLLM calls ITL is the
  time between chunks, which may hold several tokens, and is read only where there is no TPOT.
- A latency of 0 was not measured. Without streaming the time to the first token is that of the whole answer, and unknown.
- Requests that GuideLLM cut off when time was up (`incomplete`) neither succeeded nor failed.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from math import inf

from slmdecide.readers.benchmark_points import Cells, Figures, Point, rounded
from slmdecide.readers.mistakes import shown

_MS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "sec": 1e3}
"""Milliseconds by the units of AIPerf and genai-perf."""
_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?![0-9])")
_MOST_MODELS = 6


# GuideLLM


def is_guidellm(cells: Cells) -> bool:
    """Other tools have a list of benchmarks too (pytest-benchmark, Google Benchmark)."""
    if not isinstance(cells.at("benchmarks").value, list):
        return False
    kind = cells.text("benchmarks", 0, "type_") or ""
    return kind.startswith("generative_benchmark") or cells.text("metadata", "guidellm_version") is not None


def guidellm_point(cells: Cells) -> Point:
    """One of the benchmarks of a GuideLLM file. FileError for a figure that cannot be."""
    metrics = cells.at("metrics")
    # Up to 0.3 the strategy stands in `args` and the totals beside the metrics.
    strategy = cells.at("config", "strategy") if cells.at("config", "strategy").value is not None else cells.at("args", "strategy")
    totals = metrics.at("request_totals") if metrics.at("request_totals").value is not None else cells.at("request_totals")
    completed = totals.needed("successful")
    kind, streams, rate = strategy.text("type_") or "load of unknown kind", strategy.number("streams"), strategy.number("rate")
    set_to = f" {streams:g}" if streams is not None else f" {_per_second(rate)}" if rate is not None else ""
    figures = None
    if completed > 0:
        latency_s = metrics.number("request_latency", "successful", "percentiles", "p95")
        figures = Figures(
            output_tokens_per_second=metrics.positive("output_tokens_per_second", "successful", "mean"),
            requests_per_second=metrics.positive("requests_per_second", "successful", "mean"),
            input_tokens=metrics.needed("prompt_token_count", "successful", "mean"),
            output_tokens=metrics.positive("output_token_count", "successful", "mean"),
            ttft_ms=metrics.number("time_to_first_token_ms", "successful", "mean") or None,
            itl_ms=metrics.number("inter_token_latency_ms", "successful", "mean") or None,
            latency_p95_ms=latency_s * 1000 if latency_s else None,
        )
    return Point(
        label=f"{kind}{set_to}",
        model=cells.text("config", "backend", "model") or cells.text("worker", "backend_model"),
        concurrency=streams if streams is not None else metrics.number("request_concurrency", "total", "mean") or None,
        date=_day_of(cells.number("start_time")),
        failed_share=_share(totals.number("errored"), completed),
        figures=figures,
    )


def _day_of(seconds: float | None) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat() if seconds else None
    except (OverflowError, OSError, ValueError):
        return None


# AIPerf and genai-perf


def is_perf(document: object) -> bool:
    """Whether AIPerf or genai-perf wrote it."""
    if not isinstance(document, dict) or not isinstance(document.get("input_config"), dict):
        return False
    named = isinstance(document.get("aiperf_version"), str) or "error_summary" in document
    return named or all(isinstance(document.get(key), dict) for key in ("request_throughput", "request_latency"))


def perf_point(cells: Cells) -> Point:
    """The point of an AIPerf or genai-perf file. FileError for a figure that cannot be."""
    config = cells.at("input_config")
    concurrency = _first_number(
        config, ("phases", 0, "concurrency"), ("loadgen", "concurrency"), ("perf_analyzer", "stimulus", "concurrency"), ("concurrency",)
    )
    rate = _first_number(
        config, ("phases", 0, "rate"), ("loadgen", "request_rate"), ("perf_analyzer", "stimulus", "request_rate"), ("request_rate",)
    )
    # genai-perf counts no requests: it has a throughput or no file.
    counted = cells.number("request_count", "avg")
    completed = counted if counted is not None else cells.number("request_throughput", "avg") or 0.0
    streamed = False not in (config.at("endpoint", "streaming").value, config.at("streaming").value)
    figures = None
    if completed > 0:
        figures = Figures(
            output_tokens_per_second=_of_unit(cells, "output_token_throughput", "tokens/sec"),
            requests_per_second=_of_unit(cells, "request_throughput", "requests/sec"),
            input_tokens=cells.needed("input_sequence_length", "avg"),
            output_tokens=cells.positive("output_sequence_length", "avg"),
            ttft_ms=_ms(cells, "time_to_first_token", "avg") if streamed else None,
            itl_ms=_ms(cells, "inter_token_latency", "avg") if streamed else None,
            latency_p95_ms=_ms(cells, "request_latency", "p95"),
        )
    load = f"concurrency {concurrency:g}" if concurrency is not None else _per_second(rate) if rate is not None else "load not stated"
    return Point(
        label=load,
        model=_perf_model(config),
        concurrency=concurrency,
        date=_iso_day(cells.text("start_time")),
        failed_share=_share(_perf_failed(cells), completed) if counted is not None else None,
        figures=figures,
        remark="the run did not end as planned" if cells.at("was_cancelled").value or cells.at("is_complete").value is False else None,
    )


def _perf_failed(cells: Cells) -> float | None:
    """Requests that failed. AIPerf writes neither count where none did; genai-perf never counts."""
    failed = cells.number("error_request_count", "avg")
    errors = cells.at("error_summary").value
    if failed is None and isinstance(errors, list):
        return sum(cells.number("error_summary", number, "count") or 0.0 for number in range(len(errors)))
    return failed


def _perf_model(config: Cells) -> str | None:
    for key in (("models", "items"), ("endpoint", "model_names"), ("model_names",), ("model",)):
        found = config.at(*key)
        if isinstance(found.value, list):
            names = [found.text(number) or found.text(number, "name") for number in range(min(len(found.value), _MOST_MODELS))]
            return ", ".join(one for one in names if one is not None) or None
    return None


def _first_number(cells: Cells, *places: tuple[str | int, ...]) -> float | None:
    return next((found for found in (cells.number(*place) for place in places) if found), None)


def _of_unit(cells: Cells, figure: str, unit: str) -> float:
    """The mean of a figure, which must be in this unit."""
    if cells.at(figure, "unit").value not in (None, unit):
        raise cells.at(figure, "unit").wrong(f"found {shown(cells.at(figure, 'unit').value)}; {unit} is expected")
    return cells.positive(figure, "avg")


def _ms(cells: Cells, figure: str, statistic: str) -> float | None:
    """Milliseconds, None if not measured."""
    value, unit = cells.number(figure, statistic), cells.at(figure, "unit").value
    if not value:
        return None
    if not isinstance(unit, str) or unit not in _MS:
        raise cells.at(figure, "unit").wrong(f"found {shown(unit)}; a unit of time is expected: {', '.join(_MS)}")
    return value * _MS[unit]


# vllm bench serve


def is_vllm(document: object) -> bool:
    """SGLang's bench_serving shares most fields, but writes no model_id."""
    return isinstance(document, dict) and {"model_id", "completed", "request_throughput", "total_token_throughput"} <= document.keys()


def vllm_point(cells: Cells) -> Point:
    """The point of a `vllm bench serve` file. FileError for a figure that cannot be."""
    completed, concurrency = cells.needed("completed"), cells.number("max_concurrency") or None
    failed, prompts = cells.number("failed"), cells.number("num_prompts")
    if failed is None and prompts is not None:
        failed = max(prompts - completed, 0.0)
    figures = None
    if completed > 0:
        figures = Figures(
            output_tokens_per_second=cells.positive("output_throughput"),
            requests_per_second=cells.positive("request_throughput"),
            input_tokens=cells.needed("total_input_tokens") / completed,
            output_tokens=cells.positive("total_output_tokens") / completed,
            ttft_ms=cells.number("mean_ttft_ms") or None,
            itl_ms=cells.number("mean_tpot_ms") or cells.number("mean_itl_ms") or None,
            latency_p95_ms=cells.number("p95_e2el_ms") or None,
        )
    # A rate without a limit is written "inf".
    rate = cells.number("request_rate") if cells.at("request_rate").value not in ("inf", inf) else None
    load = [f"concurrency {concurrency:g}"] if concurrency is not None else []
    load += [_per_second(rate)] if rate else []
    return Point(
        label=", ".join(load) or "all requests at once",
        model=cells.text("model_id"),
        concurrency=concurrency,
        date=_iso_day(cells.text("date")),
        failed_share=_share(failed, completed),
        figures=figures,
    )


def _iso_day(text: str | None) -> str | None:
    """The day of `2026-11-24T20:04:01` or `20261124-200401`."""
    found = _DAY.match(text or "")
    try:
        return date(*map(int, found.groups())).isoformat() if found is not None else None
    except ValueError:
        return None


def _share(failed: float | None, completed: float) -> float | None:
    return failed / (failed + completed) if failed is not None and failed + completed > 0 else None


def _per_second(rate: float) -> str:
    return f"{rounded(rate)} requests/s"
