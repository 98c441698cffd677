"""What GuideLLM, AIPerf, genai-perf or `vllm bench serve` measured, read from the JSON file that it wrote.

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

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import inf, isfinite
from pathlib import Path
from typing import Any

from slmdecide.readers.files import read_text
from slmdecide.readers.files import shown as shown_path
from slmdecide.readers.mistakes import FileError, Location, Mistake, dotted, printable, shown
from slmdecide.records.measured import BenchmarkTool, Measured

MAX_BENCHMARK_BYTES = 200_000_000
"""GuideLLM and vLLM may keep every request with its text."""
MOST_FAILED_SHARE = 0.01
"""An operating point that failed this share of its requests or more is no service."""
READ = (
    "read are the JSON results of GuideLLM (benchmarks.json), AIPerf (profile_export_aiperf.json), "
    "genai-perf (profile_export_genai_perf.json) and vllm bench serve (--save-result)"
)
_DISAGREEMENT = 0.05
"""GuideLLM 0.5 counts tokens from the first one on, not from the first request on: 12 % more in a run of half a second."""
_MS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "sec": 1e3}
"""Milliseconds by the units of AIPerf and genai-perf."""
_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?![0-9])")
_MOST_OTHERS = 6
_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class _Cells:
    """A part of the file, and where it stands."""

    value: Any
    name: str
    where: Location = ()

    def at(self, *keys: str | int) -> _Cells:
        """What stands there; None if nothing does."""
        value = self.value
        for key in keys:
            held = (isinstance(value, dict) and key in value) or (isinstance(value, list) and isinstance(key, int) and key < len(value))
            value = value[key] if held else None
        return _Cells(value, self.name, (*self.where, *keys))

    def wrong(self, problem: str) -> FileError:
        return FileError(self.name, [Mistake(field=dotted(self.where), problem=problem)])

    def number(self, *keys: str | int) -> float | None:
        """The number, None if there is none."""
        cell = self.at(*keys)
        if cell.value is None:
            return None
        if isinstance(cell.value, bool) or not isinstance(cell.value, int | float):
            raise cell.wrong(f"found {shown(cell.value)}; a number is expected")
        try:
            value = float(cell.value)
        except OverflowError:
            value = inf
        if not isfinite(value) or value < 0:
            raise cell.wrong(f"found {shown(value)}; a number of 0 or more is expected")
        return value

    def needed(self, *keys: str | int) -> float:
        """The number."""
        value = self.number(*keys)
        if value is None:
            raise self.at(*keys).wrong("is missing; a number is expected")
        return value

    def positive(self, *keys: str | int) -> float:
        """The number, which may not be 0."""
        value = self.needed(*keys)
        if value == 0:
            raise self.at(*keys).wrong("found 0; a number above 0 is expected")
        return value

    def text(self, *keys: str | int) -> str | None:
        """The text on one line; None if there is none."""
        value = self.at(*keys).value
        return printable(value[:_MOST_CHARACTERS]) if isinstance(value, str) and value else None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Figures:
    output_tokens_per_second: float
    requests_per_second: float
    input_tokens: float
    output_tokens: float
    ttft_ms: float | None
    itl_ms: float | None
    latency_p95_ms: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Point:
    """One operating point."""

    label: str
    model: str | None
    concurrency: float | None
    date: str | None
    failed_share: float | None
    """None if the file does not count failures."""
    figures: _Figures | None
    """None if no request succeeded."""
    remark: str | None = None
    """What else to know about it."""

    @property
    def output_tokens_per_second(self) -> float:
        return self.figures.output_tokens_per_second if self.figures is not None else 0.0

    @property
    def said(self) -> str:
        failed = f", {100 * self.failed_share:.3g}% failed" if self.failed_share else ""
        return f"{self.label} ({_rounded(self.output_tokens_per_second)} output tokens/s{failed})"


def read_benchmark(path: Path) -> Measured:
    """The operating point with the most output tokens per second of those that failed less than 1 % of their requests.

    DataError if the file is of no known format, is not whole, holds no such operating point or a figure that cannot be.
    """
    name = shown_path(path)
    documents = _documents(read_text(path, max_bytes=MAX_BENCHMARK_BYTES), name)
    cells = _Cells(documents[0], name)
    version: str | None = None
    tool: BenchmarkTool
    if all(_is_vllm(one) for one in documents):
        tool = "vllm bench serve"
        points = [_vllm_point(_Cells(one, name if len(documents) == 1 else f"{name}:{line}")) for line, one in enumerate(documents, 1)]
    elif len(documents) == 1 and _is_guidellm(cells):
        tool, version = "GuideLLM", cells.text("metadata", "guidellm_version")
        points = [_guidellm_point(cells.at("benchmarks", number)) for number in range(len(documents[0]["benchmarks"]))]
    elif len(documents) == 1 and _is_perf(documents[0]):
        tool = "AIPerf" if any(key in documents[0] for key in ("aiperf_version", "was_cancelled", "error_summary")) else "genai-perf"
        version, points = cells.text("aiperf_version"), [_perf_point(cells)]
    else:
        raise _foreign(documents[0], name)
    return _measured(path, tool, version, points)


def _documents(text: str, name: str) -> list[Any]:
    """The JSON values of the file: one, or one a line, as `vllm bench serve --append-result` writes them."""
    if not text.strip():
        raise FileError(name, [Mistake(problem=f"is empty; {READ}")])
    try:
        try:
            return [json.loads(text)]
        except json.JSONDecodeError as error:
            if error.msg != "Extra data":
                raise
            return [json.loads(line) for line in text.split("\n") if line.strip()]
    except json.JSONDecodeError as error:
        problem = f"is not JSON, or not all of it: {error.msg} at character {error.pos:,}; {READ}"
    except (ValueError, RecursionError):
        problem = f"holds a number of too many digits or lists within lists beyond reason; {READ}"
    raise FileError(name, [Mistake(problem=problem)])


def _foreign(document: object, name: str) -> FileError:
    keys = ", ".join(shown(key[:40]) for key in list(document)[:5]) if isinstance(document, dict) else ""
    found = f"a map with {f'the fields {keys}' if keys else 'no field'}" if isinstance(document, dict) else shown(document)
    return FileError(name, [Mistake(problem=f"is the result of no benchmark tool that is read: found {found}; {READ}")])


def _measured(path: Path, tool: BenchmarkTool, version: str | None, points: list[_Point]) -> Measured:
    name, who = shown_path(path), f"{tool} {version}" if version is not None else tool
    if not any(one.figures is not None for one in points):
        problem = f"is a result of {who} without one completed request (operating points: {len(points)}); {READ}"
        raise FileError(name, [Mistake(problem=problem)])
    sound = [(one, one.figures) for one in points if one.figures is not None and (one.failed_share or 0.0) < MOST_FAILED_SHARE]
    if not sound:
        listed = _listed(points)
        problem = f"is a result of {who} whose every operating point failed 1% of its requests or more: {listed}; {READ}"
        raise FileError(name, [Mistake(problem=problem)])
    best, figures = max(sound, key=lambda one: one[1].output_tokens_per_second)
    others = [one for one in points if one is not best]
    if others:
        note = f"{who}: {best.said}, the most of those that failed less than 1% of their requests; others: {_listed(others)}"
    else:
        note = f"{who}: {best.said}, the only operating point"
    ratio = figures.output_tokens_per_second / (figures.requests_per_second * figures.output_tokens)
    if abs(ratio - 1) > _DISAGREEMENT:
        note += f"; its output tokens/s are {ratio:.3g} times its requests/s × output tokens a request: the run may be too short"
    if best.failed_share is None:
        note += "; the file does not count failed requests"
    if best.remark is not None:
        note += f"; {best.remark}"
    return Measured(
        tool=tool,
        tool_version=version,
        model=best.model,
        output_tokens_per_second=figures.output_tokens_per_second,
        requests_per_second=figures.requests_per_second,
        input_tokens=figures.input_tokens,
        output_tokens=figures.output_tokens,
        concurrency=best.concurrency,
        ttft_ms=figures.ttft_ms,
        itl_ms=figures.itl_ms,
        latency_p95_ms=figures.latency_p95_ms,
        runs=len(points),
        note=note,
        date=best.date,
        source=printable(path.name),
    )


def _listed(points: list[_Point]) -> str:
    more = f" and {len(points) - _MOST_OTHERS} more" if len(points) > _MOST_OTHERS else ""
    return ", ".join(one.said for one in points[:_MOST_OTHERS]) + more


def _share(failed: float | None, completed: float) -> float | None:
    return failed / (failed + completed) if failed is not None and failed + completed > 0 else None


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004  (three digits)


def _per_second(rate: float) -> str:
    return f"{_rounded(rate)} requests/s"


# GuideLLM


def _is_guidellm(cells: _Cells) -> bool:
    """Other tools have a list of benchmarks too (pytest-benchmark, Google Benchmark)."""
    if not isinstance(cells.at("benchmarks").value, list):
        return False
    kind = cells.text("benchmarks", 0, "type_") or ""
    return kind.startswith("generative_benchmark") or cells.text("metadata", "guidellm_version") is not None


def _guidellm_point(cells: _Cells) -> _Point:
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
        figures = _Figures(
            output_tokens_per_second=metrics.positive("output_tokens_per_second", "successful", "mean"),
            requests_per_second=metrics.positive("requests_per_second", "successful", "mean"),
            input_tokens=metrics.needed("prompt_token_count", "successful", "mean"),
            output_tokens=metrics.positive("output_token_count", "successful", "mean"),
            ttft_ms=metrics.number("time_to_first_token_ms", "successful", "mean") or None,
            itl_ms=metrics.number("inter_token_latency_ms", "successful", "mean") or None,
            latency_p95_ms=latency_s * 1000 if latency_s else None,
        )
    return _Point(
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


def _is_perf(document: object) -> bool:
    if not isinstance(document, dict) or not isinstance(document.get("input_config"), dict):
        return False
    named = isinstance(document.get("aiperf_version"), str) or "error_summary" in document
    return named or all(isinstance(document.get(key), dict) for key in ("request_throughput", "request_latency"))


def _perf_point(cells: _Cells) -> _Point:
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
        figures = _Figures(
            output_tokens_per_second=_of_unit(cells, "output_token_throughput", "tokens/sec"),
            requests_per_second=_of_unit(cells, "request_throughput", "requests/sec"),
            input_tokens=cells.needed("input_sequence_length", "avg"),
            output_tokens=cells.positive("output_sequence_length", "avg"),
            ttft_ms=_ms(cells, "time_to_first_token", "avg") if streamed else None,
            itl_ms=_ms(cells, "inter_token_latency", "avg") if streamed else None,
            latency_p95_ms=_ms(cells, "request_latency", "p95"),
        )
    load = f"concurrency {concurrency:g}" if concurrency is not None else _per_second(rate) if rate is not None else "load not stated"
    return _Point(
        label=load,
        model=_perf_model(config),
        concurrency=concurrency,
        date=_iso_day(cells.text("start_time")),
        failed_share=_share(_perf_failed(cells), completed) if counted is not None else None,
        figures=figures,
        remark="the run did not end as planned" if cells.at("was_cancelled").value or cells.at("is_complete").value is False else None,
    )


def _perf_failed(cells: _Cells) -> float | None:
    """Requests that failed. AIPerf writes neither count where none did; genai-perf never counts."""
    failed = cells.number("error_request_count", "avg")
    errors = cells.at("error_summary").value
    if failed is None and isinstance(errors, list):
        return sum(cells.number("error_summary", number, "count") or 0.0 for number in range(len(errors)))
    return failed


def _perf_model(config: _Cells) -> str | None:
    for key in (("models", "items"), ("endpoint", "model_names"), ("model_names",), ("model",)):
        found = config.at(*key)
        if isinstance(found.value, list):
            names = [found.text(number) or found.text(number, "name") for number in range(min(len(found.value), _MOST_OTHERS))]
            return ", ".join(one for one in names if one is not None) or None
    return None


def _first_number(cells: _Cells, *places: tuple[str | int, ...]) -> float | None:
    return next((found for found in (cells.number(*place) for place in places) if found), None)


def _of_unit(cells: _Cells, figure: str, unit: str) -> float:
    """The mean of a figure, which must be in this unit."""
    if cells.at(figure, "unit").value not in (None, unit):
        raise cells.at(figure, "unit").wrong(f"found {shown(cells.at(figure, 'unit').value)}; {unit} is expected")
    return cells.positive(figure, "avg")


def _ms(cells: _Cells, figure: str, statistic: str) -> float | None:
    """Milliseconds, None if not measured."""
    value, unit = cells.number(figure, statistic), cells.at(figure, "unit").value
    if not value:
        return None
    if not isinstance(unit, str) or unit not in _MS:
        raise cells.at(figure, "unit").wrong(f"found {shown(unit)}; a unit of time is expected: {', '.join(_MS)}")
    return value * _MS[unit]


# vllm bench serve


def _is_vllm(document: object) -> bool:
    """SGLang's bench_serving shares most fields, but writes no model_id."""
    return isinstance(document, dict) and {"model_id", "completed", "request_throughput", "total_token_throughput"} <= document.keys()


def _vllm_point(cells: _Cells) -> _Point:
    completed, concurrency = cells.needed("completed"), cells.number("max_concurrency") or None
    failed, prompts = cells.number("failed"), cells.number("num_prompts")
    if failed is None and prompts is not None:
        failed = max(prompts - completed, 0.0)
    figures = None
    if completed > 0:
        figures = _Figures(
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
    return _Point(
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
