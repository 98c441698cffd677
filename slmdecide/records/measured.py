"""What a benchmark of one's own server measured, whichever tool wrote it down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BenchmarkTool = Literal["GuideLLM", "AIPerf", "genai-perf", "vllm bench serve"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One operating point of one benchmark file: the fastest that failed less than 1 % of its requests."""

    tool: BenchmarkTool
    tool_version: str | None = None
    """None where the tool does not write it down."""
    model: str | None = None
    """As the file says; several names are joined by commas."""
    output_tokens_per_second: float
    """Generated tokens per second of everything behind the address, requests that succeeded only."""
    requests_per_second: float
    """Requests that succeeded."""
    input_tokens: float
    """Mean per request."""
    output_tokens: float
    """Mean per request."""
    concurrency: float | None = None
    """Requests in flight: as set, else GuideLLM's measured mean; None where the file says neither."""
    ttft_ms: float | None = None
    """Mean. None where answers were not streamed, for then it is the time of the whole answer."""
    itl_ms: float | None = None
    """Mean time from one token to the next, without the first one: vLLM's TPOT, not GuideLLM's, which contains TTFT."""
    latency_p95_ms: float | None = None
    """95th percentile of the time of a whole request."""
    runs: int
    """Operating points in the file."""
    note: str
    """Which operating point was taken, and which others there were."""
    date: str | None = None
    """ISO day of the measurement."""
    source: str
    """Name of the file."""

    def __post_init__(self) -> None:
        if self.runs < 1:
            raise ValueError(f"runs is {self.runs}; a benchmark file holds at least one operating point")
        for name in ("output_tokens_per_second", "requests_per_second", "output_tokens"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be above 0")
