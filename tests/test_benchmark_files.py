"""The reader of benchmark results: every figure is the file's own, in one unit, and what is no result is refused in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from slmdecide.errors import DataError
from slmdecide.readers import benchmark_files
from slmdecide.readers.benchmark_files import READ, read_benchmark
from slmdecide.readers.files import shown
from slmdecide.records.measured import Measured

FILES = Path(__file__).parent / "data" / "benchmarks"
GUIDELLM, AIPERF, VLLM = FILES / "guidellm_0.8.1.json", FILES / "aiperf_0.13.0.json", FILES / "vllm_0.33.0.json"
SLOWER = "concurrent 1 (190 output tokens/s), concurrent 4 (735 output tokens/s)"
MOST = "the most of those that failed less than 1% of their requests; others: "
Change = Callable[[Any], object]


def changed(tmp_path: Path, source: Path, change: Change) -> Path:
    """A copy of a result with something done to it."""
    document = json.loads(source.read_text(encoding="utf-8"))
    change(document)
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def setting(value: object, *keys: str | int) -> Change:
    """Puts a value into a document."""

    def change(document: Any) -> None:
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = value

    return change


def refused(path: Path) -> str:
    """The one line that says what is wrong with the file, after its name."""
    with pytest.raises(DataError) as caught:
        read_benchmark(path)
    assert caught.value.exit_code == 2
    assert caught.value.message.isprintable()
    assert caught.value.message.startswith(shown(path))
    return caught.value.message.removeprefix(shown(path))


def values(measured: Measured) -> tuple[object, ...]:
    """Every field but the tool's and the note, in the order of the record."""
    return tuple(value for key, value in asdict(measured).items() if key not in {"tool", "tool_version", "note", "source"})


# Model, output tokens and requests a second, input and output tokens, concurrency, TTFT, ITL and p95 latency in ms, runs, day.
RESULTS = {
    "guidellm_0.3.1.json": (
        ("GuideLLM", None),
        ("tiny", 498.75081161143635, 15.616463768655542, 32.5, 32.0, 8.0),
        (166.1839336156845, 5.9746705716656106, 551.2242317199707, 2, "2026-11-24"),
    ),
    "guidellm_0.5.4.json": (
        ("GuideLLM", "0.5.4"),
        ("tiny", 1373.9498707613566, 38.21345459804869, 30.125, 32.0, 8.0),
        (46.85431718826294, 4.519422688791829, 209.9757194519043, 2, "2026-11-24"),
    ),
    "guidellm_0.8.1.json": (
        ("GuideLLM", "0.8.1"),
        ("tiny", 1347.397885390101, 42.106183918440664, 30.249999999999996, 32.0, 8.0),
        (34.84640518824259, 4.381860135703958, 178.39360237121582, 3, "2026-11-24"),
    ),
    "aiperf_0.3.0.json": (
        ("AIPerf", None),
        ("tiny", 742.7490616792021, 22.507547323612187, 64.15, 33.0, 4.0),
        (34.16787, 4.135758593749999, 172.85542425, 1, "2026-11-24"),
    ),
    "aiperf_0.13.0.json": (
        ("AIPerf", "0.13.0"),
        ("tiny", 675.9477301049972, 20.483264548636278, 64.0, 33.0, 8.0),
        (88.34671747499999, 4.46132706171875, 246.39546609999988, 1, "2026-11-24"),
    ),
    "aiperf_0.13.0_not_streamed.json": (
        ("AIPerf", "0.13.0"),
        ("tiny", 595.9531524874785, 18.0591864390145, 64.0, 33.0, 4.0),
        (None, None, 217.46032045, 1, "2026-11-24"),
    ),
    "genai_perf_24.12.json": (
        ("genai-perf", None),
        ("ensemble", 44190.56002502682, 17.222547659562533, 200.85, 2565.855, 100.0),
        (184.63779366666665, 2.1767344516666665, 5892.6711992499995, 1, None),
    ),
    "genai_perf_24.12_not_streamed.json": (
        ("genai-perf", None),
        ("ensemble", 12277.70340876071, 21.621765653636075, 200.85, 567.84, 100.0),
        (None, None, 6153.30871085, 1, None),
    ),
    "vllm_0.33.0.json": (
        ("vllm bench serve", None),
        ("tiny", 1537.172744748957, 48.03664827340491, 1242 / 40, 1280 / 40, 8.0),
        (35.193811924978036, 4.1467531024196544, 175.46625620002487, 1, "2026-11-24"),
    ),
    "vllm_0.33.0_appended.json": (
        ("vllm bench serve", None),
        ("tiny", 774.1432543599208, 24.191976698747524, 609 / 20, 640 / 20, 4.0),
        (33.92730705008944, 4.202216416130002, None, 2, "2026-11-24"),
    ),
}


@pytest.mark.parametrize("name", RESULTS)
def test_every_figure_is_the_files_own(name: str) -> None:
    """Tokens and requests a second, tokens a request, and latencies in ms, as each tool wrote them; the tool is named."""
    measured = read_benchmark(FILES / name)
    tool, load, rest = RESULTS[name]
    assert (measured.tool, measured.tool_version) == tool
    assert (*load, *rest) == values(measured)
    assert name == measured.source
    assert measured.note.startswith(" ".join(filter(None, tool)) + ": ")


@pytest.mark.parametrize("name", RESULTS)
def test_the_figures_agree_with_each_other(name: str) -> None:
    """Requests a second × tokens a request are the tokens a second, or the note says that they are not; no unit is mixed up."""
    measured = read_benchmark(FILES / name)
    ratio = measured.output_tokens_per_second / (measured.requests_per_second * measured.output_tokens)
    assert ratio == pytest.approx(1.124 if name == "guidellm_0.5.4.json" else 1, abs=0.01)
    assert ("output tokens/s are 1.12 times its requests/s × output tokens a request" in measured.note) == (ratio > 1.05)
    if measured.ttft_ms is not None and measured.itl_ms is not None and measured.latency_p95_ms is not None:
        whole = measured.ttft_ms + measured.itl_ms * (measured.output_tokens - 1)
        assert 0.6 * measured.latency_p95_ms < whole < 1.1 * measured.latency_p95_ms


def test_every_file_is_tested() -> None:
    """No result lies about that no test reads; each is in SOURCE.md."""
    source = (FILES / "SOURCE.md").read_text(encoding="utf-8")
    names = {path.name for path in FILES.glob("*.json")}
    assert names == set(RESULTS) | {"guidellm_0.8.1_sweep.json"} | {name for name in names if "failing" in name}
    assert all(f"`{name}`" in source for name in names)


@pytest.mark.parametrize(
    ("name", "note"),
    [
        (
            "guidellm_0.8.1.json",
            f"GuideLLM 0.8.1: concurrent 8 (1,347 output tokens/s), {MOST}{SLOWER}",
        ),
        (
            "vllm_0.33.0_appended.json",
            f"vllm bench serve: concurrency 4 (774 output tokens/s), {MOST}all requests at once (458 output tokens/s)",
        ),
        ("aiperf_0.13.0.json", "AIPerf 0.13.0: concurrency 8 (676 output tokens/s), the only operating point"),
        (
            "genai_perf_24.12.json",
            "genai-perf: concurrency 100 (44,191 output tokens/s), the only operating point; the file does not count failed requests",
        ),
    ],
)
def test_the_note_says_what_was_taken(name: str, note: str) -> None:
    """Which operating point, which others there were, and what the file does not say."""
    assert note == read_benchmark(FILES / name).note


@pytest.mark.parametrize(
    ("failed", "output_tokens_per_second", "share"),
    [(0, 1347.397885390101, None), (1, 734.6281600369273, "4%"), (24, 734.6281600369273, "50%")],
)
def test_a_fast_point_that_fails_requests_is_not_taken(
    tmp_path: Path, failed: int, output_tokens_per_second: float, share: str | None
) -> None:
    """The fastest of those with less than 1 % of failures is; the others are named with their share."""
    path = changed(tmp_path, GUIDELLM, setting(failed, "benchmarks", 2, "metrics", "request_totals", "errored"))
    measured = read_benchmark(path)
    assert output_tokens_per_second == measured.output_tokens_per_second
    assert (f"concurrent 8 (1,347 output tokens/s, {share} failed)" in measured.note) == (share is not None)


def test_a_point_without_an_answer_is_not_taken(tmp_path: Path) -> None:
    """Its figures may be absent; it is named as having failed."""

    def change(document: Any) -> None:
        document["benchmarks"][2]["metrics"] = {"request_totals": {"successful": 0, "errored": 24}}

    measured = read_benchmark(changed(tmp_path, GUIDELLM, change))
    assert measured.output_tokens_per_second == 734.6281600369273
    assert measured.runs == 3
    assert measured.note.endswith("concurrent 8 (0 output tokens/s, 100% failed)")


def test_a_sweep_by_rate_and_time() -> None:
    """Requests cut off at the end did not fail; where a rate was set, the concurrency is the measured mean."""
    document = json.loads((FILES / "guidellm_0.8.1_sweep.json").read_text(encoding="utf-8"))
    measured = read_benchmark(FILES / "guidellm_0.8.1_sweep.json")
    best = max(document["benchmarks"], key=lambda one: one["metrics"]["output_tokens_per_second"]["successful"]["mean"])
    assert any(one["metrics"]["request_totals"]["incomplete"] > 0 for one in document["benchmarks"])
    assert best["metrics"]["output_tokens_per_second"]["successful"]["mean"] == measured.output_tokens_per_second
    assert best["metrics"]["request_concurrency"]["total"]["mean"] == measured.concurrency
    assert len(document["benchmarks"]) == measured.runs
    assert "synchronous (" in measured.note
    assert "constant " in measured.note


@pytest.mark.parametrize("name", ["aiperf_0.13.0_failing.json", "guidellm_0.5.4_failing.json", "vllm_0.33.0_failing.json"])
def test_a_server_that_fails_every_tenth_request_is_refused(name: str) -> None:
    """No operating point is left; the line says how many failed."""
    message = refused(FILES / name)
    assert "failed 1% of its requests or more: concurren" in message
    assert ("15% failed)" if "guidellm" in name else "10% failed)") in message
    assert message.endswith(READ)


@pytest.mark.parametrize(
    ("source", "change", "field", "expected"),
    [
        (VLLM, setting(0, "mean_tpot_ms"), "itl_ms", 4.1467531024196544),
        (VLLM, setting(5.5, "mean_itl_ms"), "itl_ms", 4.1467531024196544),
        (VLLM, setting(0, "mean_ttft_ms"), "ttft_ms", None),
        (VLLM, lambda one: one.pop("p95_e2el_ms"), "latency_p95_ms", None),
        (VLLM, setting(None, "max_concurrency"), "concurrency", None),
        (VLLM, setting("20261399-000000", "date"), "date", None),
        (VLLM, lambda one: one.pop("date"), "date", None),
        (VLLM, setting("", "model_id"), "model", None),
        (VLLM, setting("a\x1b[2Jb\n", "model_id"), "model", "a\\x1b[2Jb\\n"),
        (VLLM, setting("m" * 300, "model_id"), "model", "m" * 200),
        (GUIDELLM, setting(0, "benchmarks", 2, "metrics", "time_to_first_token_ms", "successful", "mean"), "ttft_ms", None),
        (GUIDELLM, setting(None, "benchmarks", 2, "metrics", "inter_token_latency_ms"), "itl_ms", None),
        (GUIDELLM, setting(None, "benchmarks", 2, "metrics", "request_latency"), "latency_p95_ms", None),
        (GUIDELLM, setting(1e300, "benchmarks", 2, "start_time"), "date", None),
        (GUIDELLM, setting(None, "benchmarks", 2, "start_time"), "date", None),
        (AIPERF, setting("us", "request_latency", "unit"), "latency_p95_ms", 246.39546609999988 * 1e-3),
        (AIPERF, setting("sec", "time_to_first_token", "unit"), "ttft_ms", 88.34671747499999 * 1e3),
        (AIPERF, setting([], "input_config", "phases"), "concurrency", None),
        (AIPERF, setting({}, "input_config", "models"), "model", None),
        (AIPERF, setting([{"name": "a"}, "b", 3], "input_config", "models", "items"), "model", "a, b"),
    ],
)
def test_what_is_not_measured_is_unknown(tmp_path: Path, source: Path, change: Change, field: str, expected: object) -> None:
    """A latency of 0 or an absent one is None, units are followed, vLLM's TPOT is the ITL, text stays on one line."""
    assert expected == getattr(read_benchmark(changed(tmp_path, source, change)), field)


@pytest.mark.parametrize(
    ("source", "change", "said"),
    [
        (VLLM, lambda one: one.update(max_concurrency=None, request_rate=12.5), "vllm bench serve: 12.5 requests/s ("),
        (VLLM, setting(float("inf"), "request_rate"), "vllm bench serve: concurrency 8 ("),
        (VLLM, lambda one: one.pop("failed"), ", the only operating point"),
        (VLLM, lambda one: (one.pop("failed"), one.pop("num_prompts")), "; the file does not count failed requests"),
        (AIPERF, setting([{"rate": 20}], "input_config", "phases"), "AIPerf 0.13.0: 20 requests/s ("),
        (AIPERF, setting([], "input_config", "phases"), "AIPerf 0.13.0: load not stated ("),
        (AIPERF, setting(True, "was_cancelled"), "; the run did not end as planned"),
        (AIPERF, setting(False, "is_complete"), "; the run did not end as planned"),
        (GUIDELLM, setting(None, "benchmarks", 2, "config", "strategy"), "GuideLLM 0.8.1: load of unknown kind ("),
        (GUIDELLM, lambda one: one.update(benchmarks=one["benchmarks"] * 4), " and 5 more"),
    ],
)
def test_the_note_names_the_load(tmp_path: Path, source: Path, change: Change, said: str) -> None:
    """By concurrency, else by rate; what the file leaves open is said."""
    assert said in read_benchmark(changed(tmp_path, source, change)).note


def test_the_settings_of_a_later_genai_perf(tmp_path: Path) -> None:
    """Release 0.0.16 nests what 24.12 had flat; nothing else changed."""
    settings = {
        "model_names": ["m"],
        "endpoint": {"streaming": False, "url": "localhost:8001"},
        "perf_analyzer": {"stimulus": {"concurrency": 3}},
    }
    measured = read_benchmark(changed(tmp_path, FILES / "genai_perf_24.12.json", setting(settings, "input_config")))
    assert (measured.tool, measured.model, measured.concurrency) == ("genai-perf", "m", 3.0)
    assert measured.ttft_ms is None
    assert measured.itl_ms is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ": is empty; "),
        (" \n", ": is empty; "),
        ("model,tokens\na,1\n", ": is not JSON, or not all of it: Expecting value at character 0; "),
        (VLLM.read_text()[:-200], ": is not JSON, or not all of it: "),
        (GUIDELLM.read_text()[:1500], ": is not JSON, or not all of it: "),
        (VLLM.read_text() + "{", ": is not JSON, or not all of it: "),
        ("[" * 100_000, ": holds a number of too many digits or lists within lists beyond reason; "),
        ("9" * 5_000, ": holds a number of too many digits or lists within lists beyond reason; "),
        ("{}", ": is the result of no benchmark tool that is read: found a map with no field; "),
        ("[]", ": is the result of no benchmark tool that is read: found a list; "),
        ("null", ": is the result of no benchmark tool that is read: found nothing; "),
        ('"a\\nb"', ": is the result of no benchmark tool that is read: found 'a\\nb'; "),
        ("1\n2\n", ": is the result of no benchmark tool that is read: found 1; "),
        ('{"a\\u001b": 1, "b": 2}', ": is the result of no benchmark tool that is read: found a map with the fields 'a\\x1b', 'b'; "),
        (
            '{"machine_info": {}, "benchmarks": [{"name": "test_it", "stats": {"mean": 1.0}}], "version": "5.1.0"}',
            ": is the result of no benchmark tool that is read: found a map with the fields 'machine_info', 'benchmarks', 'version'; ",
        ),
        (
            '{"backend": "sglang", "completed": 5, "request_throughput": 1.0, "output_throughput": 2.0, "mean_e2e_latency_ms": 3.0}',
            ": is the result of no benchmark tool that is read: found a map with the fields 'backend', 'completed', ",
        ),
        ('{"input_config": {}, "timeslices": []}', ": is the result of no benchmark tool that is read: found a map with "),
        (
            '{"benchmarks": [], "metadata": {"guidellm_version": "0.8.1"}}',
            ": is a result of GuideLLM 0.8.1 without one completed request (operating points: 0); ",
        ),
        (
            '{"aiperf_version": "0.13.0", "input_config": {}, "error_summary": [{"count": 8}]}',
            ": is a result of AIPerf 0.13.0 without one completed request (operating points: 1); ",
        ),
        (
            '{"request_throughput": {"unit": "requests/sec", "avg": 0}, "request_latency": {}, "input_config": {}}',
            ": is a result of genai-perf without one completed request (operating points: 1); ",
        ),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """A truncated file, another tool's, none at all, or a run without an answer: one line that names the formats that are read."""
    path = tmp_path / "result.json"
    path.write_text(text, encoding="utf-8")
    message = refused(path)
    assert message.startswith(said)
    assert message.endswith(READ)


@pytest.mark.parametrize(
    ("source", "change", "said"),
    [
        (VLLM, setting(0, "completed"), ": is a result of vllm bench serve without one completed request (operating points: 1); "),
        (VLLM, setting(float("nan"), "output_throughput"), ": output_throughput: found nan; a number of 0 or more is expected"),
        (VLLM, setting(float("inf"), "output_throughput"), ": output_throughput: found inf; a number of 0 or more is expected"),
        (VLLM, setting(10**400, "output_throughput"), ": output_throughput: found inf; a number of 0 or more is expected"),
        (VLLM, setting(-1.5, "mean_ttft_ms"), ": mean_ttft_ms: found -1.5; a number of 0 or more is expected"),
        (VLLM, setting("1537", "output_throughput"), ": output_throughput: found '1537'; a number is expected"),
        (VLLM, setting(True, "completed"), ": completed: found true; a number is expected"),
        (VLLM, setting(0, "output_throughput"), ": output_throughput: found 0; a number above 0 is expected"),
        (VLLM, setting(0, "total_output_tokens"), ": total_output_tokens: found 0; a number above 0 is expected"),
        (VLLM, lambda one: one.pop("total_input_tokens"), ": total_input_tokens: is missing; a number is expected"),
        (VLLM, lambda one: one.pop("output_throughput"), ": output_throughput: is missing; a number is expected"),
        (AIPERF, setting(float("nan"), "inter_token_latency", "avg"), ": inter_token_latency.avg: found nan; a number of 0 or more"),
        (AIPERF, setting("h", "request_latency", "unit"), ": request_latency.unit: found 'h'; a unit of time is expected: ns, us, ms"),
        (AIPERF, setting([], "request_latency", "unit"), ": request_latency.unit: found a list; a unit of time is expected: "),
        (
            AIPERF,
            setting("tokens/min", "output_token_throughput", "unit"),
            ": output_token_throughput.unit: found 'tokens/min'; tokens/sec",
        ),
        (AIPERF, lambda one: one.pop("output_sequence_length"), ": output_sequence_length.avg: is missing; a number is expected"),
        (AIPERF, setting({"avg": -1}, "error_request_count"), ": error_request_count.avg: found -1.0; a number of 0 or more is"),
        (
            GUIDELLM,
            setting(-1, "benchmarks", 0, "metrics", "output_tokens_per_second", "successful", "mean"),
            ": benchmarks[0].metrics.output_tokens_per_second.successful.mean: found -1.0; a number of 0 or more is expected",
        ),
        (GUIDELLM, setting(None, "benchmarks", 1), ": benchmarks[1].request_totals.successful: is missing; a number is expected"),
        (GUIDELLM, setting([], "benchmarks", 1, "metrics"), ": benchmarks[1].request_totals.successful: is missing"),
    ],
)
def test_a_figure_that_cannot_be_is_refused(tmp_path: Path, source: Path, change: Change, said: str) -> None:
    """NaN, infinite, negative, quoted, absent: the line names the field and what it holds."""
    assert refused(changed(tmp_path, source, change)).startswith(said)


def test_a_mistake_in_an_appended_run_names_its_line(tmp_path: Path) -> None:
    """`--append-result` writes one run a line."""
    path = tmp_path / "runs.json"
    path.write_text(json.dumps(json.loads(VLLM.read_text())) + '\n{"model_id": "m", "completed": "x"', encoding="utf-8")
    assert ": is not JSON, or not all of it: " in refused(path)
    path.write_text(
        json.dumps(json.loads(VLLM.read_text()))
        + '\n{"model_id": "m", "completed": "x", "request_throughput": 1, "total_token_throughput": 2}\n',
        encoding="utf-8",
    )
    assert refused(path) == ":2: completed: found 'x'; a number is expected"


def test_a_file_beyond_the_limit_is_refused_by_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 MB are read; more is something else."""
    assert benchmark_files.MAX_BENCHMARK_BYTES == 200_000_000
    path = tmp_path / "result.json"
    path.write_bytes(VLLM.read_bytes())
    monkeypatch.setattr(benchmark_files, "MAX_BENCHMARK_BYTES", 1_000)
    assert refused(path) == f": has {path.stat().st_size:,} bytes; at most 1,000 are read"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", ": is a binary file, or text in UTF-16; text in UTF-8 is read"),
        (b'{"a": "\xff"}', ":1: byte 0xff is not UTF-8; save the file as UTF-8"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """A picture or another encoding."""
    path = tmp_path / "result.json"
    path.write_bytes(content)
    assert refused(path) == said


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """No such file; a folder is none either."""
    assert refused(tmp_path / "none.json") == ": no such file"
    assert refused(tmp_path) == ": is a folder; give a file"


@pytest.mark.parametrize(
    "change", [{"runs": 0}, {"output_tokens_per_second": 0.0}, {"requests_per_second": -1.0}, {"output_tokens": float("nan")}]
)
def test_a_record_holds_what_can_be(change: dict[str, Any]) -> None:
    """At least one operating point, and figures above 0."""
    fields = asdict(read_benchmark(VLLM)) | change
    with pytest.raises(ValueError, match=next(iter(change))):
        Measured(**fields)
