"""What GuideLLM, AIPerf, genai-perf or `vllm bench serve` measured, read from the JSON file that it wrote.

The format is known by its content, not by the file's name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from slmdecide.readers.benchmark_points import Cells, Point
from slmdecide.readers.benchmark_tools import guidellm_point, is_guidellm, is_perf, is_vllm, perf_point, vllm_point
from slmdecide.readers.files import read_text
from slmdecide.readers.files import shown as shown_path
from slmdecide.readers.mistakes import FileError, Mistake, printable, shown
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
_MOST_OTHERS = 6


def read_benchmark(path: Path) -> Measured:
    """The operating point with the most output tokens per second of those that failed less than 1 % of their requests.

    DataError if the file is of no known format, is not whole, holds no such operating point or a figure that cannot be.
    """
    name = shown_path(path)
    documents = _documents(read_text(path, max_bytes=MAX_BENCHMARK_BYTES), name)
    cells = Cells(documents[0], name)
    version: str | None = None
    tool: BenchmarkTool
    if all(is_vllm(one) for one in documents):
        tool = "vllm bench serve"
        points = [vllm_point(Cells(one, name if len(documents) == 1 else f"{name}:{line}")) for line, one in enumerate(documents, 1)]
    elif len(documents) == 1 and is_guidellm(cells):
        tool, version = "GuideLLM", cells.text("metadata", "guidellm_version")
        points = [guidellm_point(cells.at("benchmarks", number)) for number in range(len(documents[0]["benchmarks"]))]
    elif len(documents) == 1 and is_perf(documents[0]):
        tool = "AIPerf" if any(key in documents[0] for key in ("aiperf_version", "was_cancelled", "error_summary")) else "genai-perf"
        version, points = cells.text("aiperf_version"), [perf_point(cells)]
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


def _measured(path: Path, tool: BenchmarkTool, version: str | None, points: list[Point]) -> Measured:
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


def _listed(points: list[Point]) -> str:
    more = f" and {len(points) - _MOST_OTHERS} more" if len(points) > _MOST_OTHERS else ""
    return ", ".join(one.said for one in points[:_MOST_OTHERS]) + more
