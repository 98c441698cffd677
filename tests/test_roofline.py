"""The throughput predictor: laws of physics and economics, the worked example, its errors, and published rows before predictions."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, replace
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdecide.errors import DataError
from slmdecide.money.estimate import Estimate, Question, Refusal
from slmdecide.money.layout import Layout
from slmdecide.money.published import OTHER_MACHINE, measured_published
from slmdecide.money.roofline import Workload, band_of, step_of, tokens_per_second, what_is_missing, work_of
from slmdecide.money.scoring import Prepared, Score, by_class, errors_of, prepared, scores
from slmdecide.money.throughput import calibrated, throughput
from slmdecide.readers.catalog import THROUGHPUT, load_catalog
from slmdecide.readers.files import DATA
from slmdecide.readers.roofline import ROOFLINE, load_roofline
from slmdecide.readers.table import read_table
from slmdecide.records.catalog import Throughput
from slmdecide.records.trial import Trial, trial_of

if TYPE_CHECKING:
    from pathlib import Path

    from slmdecide.records.catalog import Gpu, Model, Precision

CATALOG = load_catalog()
FITTED = load_roofline()
PAGE = DATA / "docs" / "throughput-error.md"
TABLE = DATA / "docs" / "throughput-error.csv"


def predicted(
    model: Model, gpu: Gpu, workload: Workload, *, gpus: int = 1, precision: Precision = "bf16", kv_bytes_each: float = 2.0
) -> float:
    """Tokens per second by the shipped constants; 0 where it does not fit."""
    work = work_of(
        model, gpu, Layout(tensor=gpus), precision, workload, offline_requests=FITTED.offline_requests, kv_bytes_each=kv_bytes_each
    )
    return tokens_per_second(work, FITTED.constants) if work is not None else 0.0


def question(
    model: str,
    gpu: str,
    *,
    precision: Precision = "bf16",
    gpus: int = 1,
    read: float = 1000,
    written: float = 1000,
    at_once: float | None = None,
) -> Question:
    """A question about ids."""
    return Question(
        model=CATALOG.models[model],
        gpu=CATALOG.gpus[gpu],
        gpus=gpus,
        precision=precision,
        workload=Workload(input_tokens=read, output_tokens=written, concurrency=at_once),
    )


def answer(asked: Question) -> Estimate:
    """The best number there is from the shipped rows."""
    rows = CATALOG.throughput.get(asked.model.id)
    found = throughput(asked, rows.rows if rows is not None else (), FITTED)
    assert isinstance(found, Estimate)
    return found


# --- laws

models = st.sampled_from(["llama-3.2-1b", "llama-3.1-8b", "llama-3.3-70b", "mixtral-8x7b", "gpt-oss-20b", "gemma-3-12b", "deepseek-v3"])
gpus = st.sampled_from(["l4", "l40s", "a100-80-sxm", "h100-sxm", "b200", "rtx-4090", "mi300x"])
lengths = st.integers(1, 8000)
loads = st.none() | st.integers(1, 600)
factors = st.floats(1.0, 8.0)


@given(models, gpus, lengths, lengths, loads, factors)
def test_a_faster_gpu_is_never_slower(model: str, gpu: str, read: int, written: int, at_once: int | None, factor: float) -> None:
    """More bandwidth, more operations a second, or a faster link: never fewer tokens."""
    shape, card = CATALOG.models[model], CATALOG.gpus[gpu]
    asked = Workload(input_tokens=read, output_tokens=written, concurrency=at_once)
    now = predicted(shape, card, asked, gpus=2)
    for field in ("mem_bw_gb_per_s", "fp16_bf16_dense_tflops", "link_gb_per_s"):
        assert predicted(shape, replace(card, **{field: getattr(card, field) * factor}), asked, gpus=2) >= now * (1 - 1e-12)


@given(models, gpus, lengths, lengths, st.integers(1, 600), st.integers(1, 4000))
def test_longer_texts_never_give_more_answers(model: str, gpu: str, read: int, written: int, at_once: int, more: int) -> None:
    """Requests per second fall with the answer's length, tokens per second with the prompt's."""
    shape, card = CATALOG.models[model], CATALOG.gpus[gpu]
    now = predicted(shape, card, Workload(input_tokens=read, output_tokens=written, concurrency=at_once))
    longer_answer = predicted(shape, card, Workload(input_tokens=read, output_tokens=written + more, concurrency=at_once))
    longer_prompt = predicted(shape, card, Workload(input_tokens=read + more, output_tokens=written, concurrency=at_once))
    assert longer_answer / (written + more) <= now / written * (1 + 1e-9)
    assert longer_prompt <= now * (1 + 1e-9)


@given(models, gpus, lengths, lengths, st.integers(1, 500), st.integers(1, 500))
def test_more_requests_at_once_never_give_fewer_tokens(model: str, gpu: str, read: int, written: int, few: int, more: int) -> None:
    """A batch shares the reading of the weights; beyond what memory holds nothing is gained or lost."""
    shape, card = CATALOG.models[model], CATALOG.gpus[gpu]
    alone, batch = (
        predicted(shape, card, Workload(input_tokens=read, output_tokens=written, concurrency=one)) for one in (few, few + more)
    )
    assert batch >= alone * (1 - 1e-9)
    # … and never more than so many times as many.
    assert batch <= alone * (few + more) / few * (1 + 1e-9)


@given(models, lengths, lengths, loads)
def test_cutting_bytes_never_costs_tokens(model: str, read: int, written: int, at_once: int | None) -> None:
    """On a GPU that computes in 8 bits, 8-bit weights are not slower than 16-bit ones."""
    shape, card = CATALOG.models[model], CATALOG.gpus["h200-sxm"]
    asked = Workload(input_tokens=read, output_tokens=written, concurrency=at_once)
    assert predicted(shape, card, asked, precision="fp8", gpus=8) >= predicted(shape, card, asked, precision="bf16", gpus=8) * (1 - 1e-9)


def test_more_gpus_can_mean_fewer_tokens() -> None:
    """A small model with long prompts on eight PCIe cards exchanges more than it gains; a large one on NVLink gains."""
    long_prompts = Workload(input_tokens=4000, output_tokens=100, concurrency=64)
    small, card = CATALOG.models["llama-3.2-1b"], CATALOG.gpus["l40s"]
    alone = predicted(small, card, long_prompts, precision="fp8")
    assert predicted(small, card, long_prompts, gpus=8, precision="fp8") < alone
    large, joined = CATALOG.models["llama-3.3-70b"], CATALOG.gpus["h100-sxm"]
    chat = Workload(input_tokens=1000, output_tokens=1000, concurrency=64)
    assert predicted(large, joined, chat, gpus=4) < predicted(large, joined, chat, gpus=8) < 2 * predicted(large, joined, chat, gpus=4)


def test_a_prediction_stays_under_the_roof() -> None:
    """One request alone cannot get more tokens than the bandwidth has readings of the weights: 2,039 GB ÷ 15 GB a second."""
    alone = predicted(
        CATALOG.models["llama-3.1-8b"], CATALOG.gpus["a100-80-sxm"], Workload(input_tokens=10, output_tokens=100, concurrency=1)
    )
    assert 0.5 * 2039 / 15.0 < alone < 2039 / 15.0


def test_experts_are_read_as_far_as_tokens_are_sent_to_them() -> None:
    """Mixtral at batch 8: others + experts × (1 − (1 − 2/8)^8), and the KV cache of 8 requests."""
    model, gpu = CATALOG.models["mixtral-8x7b"], CATALOG.gpus["h200-sxm"]
    work = work_of(model, gpu, Layout(), "bf16", Workload(input_tokens=100, output_tokens=200, concurrency=8), offline_requests=512)
    assert work is not None
    # 1.605e9 other parameters and the output projection, 45.1e9 in experts; 131,072 bytes × 200 tokens × 8.
    others = 2 * (46.7028e9 - 32000 * 4096 - 8 * 3 * 4096 * 14336 * 32)
    expected = others + 2 * 8 * 3 * 4096 * 14336 * 32 * (1 - 0.75**8) + 131_072 * 200 * 8
    assert work.memory_s * 4800e9 == pytest.approx(expected, rel=1e-4)
    assert (work.batch, work.layers, work.expert_layers, work.parallel_layers, work.link_step_s) == (8, 32, 32, 0, 0)


def test_pipeline_stages_run_apart() -> None:
    """Two stages of one GPU each: half the batch at a time, no all-reduce; two GPUs in parallel exchange and wait."""
    model, gpu = CATALOG.models["llama-3.1-8b"], CATALOG.gpus["l40s"]
    asked = Workload(input_tokens=100, output_tokens=100, concurrency=16)
    staged = work_of(model, gpu, Layout(pipeline=2), "bf16", asked, offline_requests=512)
    parallel = work_of(model, gpu, Layout(tensor=2), "bf16", asked, offline_requests=512)
    assert staged is not None
    assert parallel is not None
    assert (staged.batch, staged.micro_batch, staged.link_step_s) == (16, 8, 0)
    assert (parallel.batch, parallel.micro_batch, parallel.parallel_layers) == (16, 16, 32)
    # 2 all-reduces × 32 layers × 2 (2 − 1) ÷ 2 × 4,096 numbers × 2 bytes × 16 requests over 32 GB/s.
    assert parallel.link_step_s == pytest.approx(2 * 32 * 4096 * 2 * 16 / 32e9)


def test_parts_add_up_to_the_step() -> None:
    """√(read² + compute²) + exchange + fixed; at batch 1 on one GPU the rate is output ÷ (output × step + prompt)."""
    work = work_of(
        CATALOG.models["llama-3.1-8b"],
        CATALOG.gpus["l4"],
        Layout(),
        "bf16",
        Workload(input_tokens=500, output_tokens=50, concurrency=1),
        offline_requests=512,
    )
    assert work is not None
    step = step_of(work, FITTED.constants)
    assert step.total_ms == pytest.approx((step.memory_ms**2 + step.decode_ms**2) ** 0.5 + step.link_ms + step.fixed_ms)
    assert tokens_per_second(work, FITTED.constants) == pytest.approx(1000 * 50 / (50 * step.total_ms + step.prefill_ms))


# --- the worked example and the shipped fit


@pytest.mark.parametrize(
    ("gpu", "precision", "kv_bytes_each", "six_constants", "measured"),
    [("a100-80-sxm", "bf16", 2.0, 3_778, 3_753), ("h100-sxm", "fp8", 1.0, 15_971, 14_797)],
)
def test_worked_example(gpu: str, precision: Precision, kv_bytes_each: float, six_constants: float, measured: float) -> None:
    """Llama 3.1 8B, 1,000 in and out, offline: within 12 % of TensorRT-LLM 0.15 and of the six-constant form that this one grew from."""
    asked = Workload(input_tokens=1000, output_tokens=1000)
    ours = predicted(CATALOG.models["llama-3.1-8b"], CATALOG.gpus[gpu], asked, precision=precision, kv_bytes_each=kv_bytes_each)
    assert ours == pytest.approx(measured, rel=0.12)
    assert ours == pytest.approx(six_constants, rel=0.12)


@cache
def shipped() -> Score:
    """Every shipped row beside its prediction."""
    rows = read_table(THROUGHPUT, Throughput)
    ready = (prepared(trial_of(row), CATALOG.models, CATALOG.gpus, CATALOG.aliases, FITTED.offline_requests) for row in rows)
    return scores(ready, FITTED)


def test_the_targets_hold() -> None:
    """17 % with the source held out, 20 % as a mean over GPUs, 80 % inside a band that had not seen the source."""
    assert FITTED.by_source.median_pooled <= 0.17
    assert FITTED.by_gpu.median_mean <= 0.20
    assert FITTED.coverage >= 0.8


def test_the_bands_hold_on_the_shipped_rows() -> None:
    """In every class of 50 rows or more, at least 80 % of rows."""
    large = {name: one for name, one in by_class(shipped().scored).items() if one.n >= 50}
    assert set(large) >= {
        "A100",
        "Hopper",
        "Blackwell datacentre",
        "GDDR datacentre",
        "RTX",
        "dense",
        "MoE",
        "single",
        "concurrency",
        "offline",
    }
    assert {name: one.coverage for name, one in large.items() if one.coverage is None or one.coverage < 0.8} == {}


def test_constants_are_physical() -> None:
    """No share of a peak above 1, no negative time; 8 constants; every band holds 1."""
    constants = asdict(FITTED.constants)
    assert len(constants) == 8
    assert [name for name, value in constants.items() if value <= 0 or (name.endswith("efficiency") and value > 1)] == []
    assert [band for band in FITTED.bands if not 0 < band.low <= 1 <= band.high] == []
    assert FITTED.rows == len(shipped().scored)


def test_thin_classes_have_wide_bands() -> None:
    """A GPU class with a handful of rows covers at least half to twice; a class without any row has no band."""
    few = [band for band in FITTED.bands if band.gpu_class in ("AMD Instinct", "Intel Arc")]
    assert len(few) == 12
    assert [band for band in few if band.low > 0.5 or band.high < 2 or not band.how.startswith("thin")] == []
    assert band_of(CATALOG.models["llama-3.1-8b"], CATALOG.gpus["m3-max"], "offline", FITTED) is None


def test_the_fit_file_is_dated_and_says_what_made_it() -> None:
    """The day of the data, the script, the rows."""
    document = json.loads(ROOFLINE.read_text(encoding="utf-8"))
    assert document["as_of"] == max(one.as_of for one in (*CATALOG.gpus.values(), *CATALOG.models.values()))
    assert (DATA / document["script"]).is_file()
    assert document["rows"] > 3_000


def test_a_damaged_fit_file_is_told(tmp_path: Path) -> None:
    """Which file, which field."""
    path = tmp_path / "roofline.json"
    path.write_text(ROOFLINE.read_text(encoding="utf-8").replace('"step_ms"', '"step"'), encoding="utf-8")
    with pytest.raises(DataError, match=r"roofline\.json: constants\.step_ms: "):
        load_roofline(path)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"roofline\.json: document: "):
        load_roofline(path)


def test_the_error_page_shows_every_row_as_it_is_predicted_now() -> None:
    """docs/throughput-error.csv holds the scored rows with today's predictions; if not, run the fit script with --write --docs."""
    with TABLE.open(encoding="utf-8", newline="") as stream:
        told = {row["id"]: (float(row["measured"]), float(row["predicted"])) for row in csv.DictReader(stream)}
    now = {one.row.trial.id: (one.row.measured, one.predicted) for one in shipped().scored}
    assert set(told) == set(now)
    assert [name for name in now if told[str(name)] != pytest.approx(now[name], rel=6e-4)] == []


def test_the_error_page_tells_the_shipped_errors() -> None:
    """The page's headline figures are those of the fit file."""
    page = PAGE.read_text(encoding="utf-8")
    assert f"{FITTED.rows:,} rows of `pricing/throughput.csv`" in page
    for name, one in (("source", FITTED.by_source), ("GPU", FITTED.by_gpu)):
        assert f"| {name} | {100 * one.median_pooled:.1f} % | {100 * one.median_mean:.1f} % | {one.groups} |" in page


@pytest.mark.slow
def test_the_fit_gives_what_is_shipped() -> None:
    """Fitting again gives pricing/roofline.json and both files in docs/, byte by byte, and meets every target."""
    from benchmarks.fit_roofline import document, fitted, targets_of  # noqa: PLC0415
    from benchmarks.throughput_page import page, table  # noqa: PLC0415

    run = fitted()
    assert document(run.roofline) == ROOFLINE.read_text(encoding="utf-8")
    assert page(run) == PAGE.read_text(encoding="utf-8")
    assert table(run) == TABLE.read_text(encoding="utf-8")
    assert [one.name for one in targets_of(run) if not one.holds] == []


# --- scoring


BASE = Trial(
    model="llama-3.1-8b",
    gpu="h100-sxm",
    gpus=1,
    precision="fp8",
    input_tokens=1000,
    output_tokens=1000,
    load_type="offline_inf",
    output_tokens_per_second=10_000,
)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"model": "no-such"}, "unknown model"),
        ({"model": None}, "unknown model"),
        ({"model": "llama-8b"}, "unknown model"),
        ({"gpu": "no-such"}, "unknown gpu"),
        ({"gpu": None}, "unknown gpu"),
        ({"precision": None}, "missing precision"),
        ({"precision": "not stated"}, "missing precision"),
        ({"precision": "fp7"}, "unknown precision"),
        ({"input_tokens": None}, "missing lengths"),
        ({"output_tokens": None}, "missing lengths"),
        ({"load_type": None}, "missing load"),
        ({"load_type": "concurrency"}, "missing load"),
        ({"load_type": "burst"}, "unknown load type"),
        ({"load_type": "request_rate", "load_value": 2.0}, "load type not scored: request_rate"),
        ({"load_type": "mlperf_server"}, "load type not scored: mlperf_server"),
        ({"gpus": None}, "missing number of gpus"),
        ({"output_tokens_per_second": None}, "missing throughput"),
        ({"engine": "HF Transformers"}, "engine not scored: HF Transformers"),
        ({"model": "bert-base", "precision": "fp16"}, "encoder"),
        ({"model": "gemma-4-31b"}, "model shape not known"),
        ({"gpu": "gb10"}, "gpu figures not known"),
        ({"model": "llama-3.1-405b"}, "does not fit the memory"),
        ({"gpu": "m3-max", "precision": "int4"}, "no measured rows of its class: Apple"),
    ],
)
def test_rows_that_cannot_be_scored_are_counted(changed: dict[str, object], reason: str) -> None:
    """By reason; none is dropped silently."""
    row = prepared(replace(BASE, **changed), CATALOG.models, CATALOG.gpus, CATALOG.aliases, FITTED.offline_requests)  # type: ignore[arg-type]  # fields by name
    assert scores([row], FITTED).skipped == {reason: 1}


def test_a_row_may_use_another_name_of_a_model() -> None:
    """An alias that means one model is that model."""
    row = prepared(replace(BASE, model="meta-llama/Llama-3.1-8B-Instruct"), CATALOG.models, CATALOG.gpus, CATALOG.aliases, 512)
    assert isinstance(row, Prepared)
    assert row.model.id == "llama-3.1-8b"


def test_of_several_layouts_the_fastest_is_taken() -> None:
    """Where a benchmark says only "replicas or TP", whoever measured chose the better."""
    told = replace(BASE, gpus=8, parallelism="data-parallel replicas or TP, not stated", load_type="mlperf_offline")
    row = prepared(told, CATALOG.models, CATALOG.gpus, CATALOG.aliases, 512)
    assert isinstance(row, Prepared)
    assert len(row.works) == 4
    rates = [tokens_per_second(work, FITTED.constants) for work in row.works]
    assert scores([row], FITTED).scored[0].predicted == max(rates) == rates[0]


def test_errors_of_nothing_are_unknown() -> None:
    """Never 0."""
    assert asdict(errors_of(())) == {"n": 0, "median_abs_error": None, "p90_abs_error": None, "coverage": None}


# --- published rows first


def test_a_published_row_comes_first() -> None:
    """At the row's own lengths and load its rate is taken as it is, with the spread between machines."""
    found = answer(question("llama-3.1-8b", "a100-80-sxm"))
    assert (found.provenance, found.tokens_per_second) == ("measured_published", 3753.46)
    assert (found.low, found.high) == (pytest.approx(3753.46 / OTHER_MACHINE), pytest.approx(3753.46 * OTHER_MACHINE))
    assert [row.id for row in found.rows] == ["trtllm-0.15-00027"]
    assert found.source.startswith("https://github.com/NVIDIA/TensorRT-LLM/")
    assert [line.note for line in found.lines if line.label == "how near"] == ["lengths and load as asked"]


def test_of_several_published_rows_the_median_is_taken() -> None:
    """Two versions of an engine at the same lengths: in between, and the band reaches both."""
    found = answer(question("llama-3.1-8b", "h100-sxm", precision="fp8"))
    assert found.tokens_per_second == pytest.approx((14797.28 + 15220) / 2)
    assert len(found.rows) == 2
    assert found.low < 14797.28
    assert found.high > 15220


def test_other_lengths_are_translated_and_widen_the_band() -> None:
    """Prompts half as long again: fewer tokens than measured, a wider band, and the factor is told."""
    as_measured = answer(question("llama-3.1-8b", "a100-80-sxm"))
    longer = answer(question("llama-3.1-8b", "a100-80-sxm", read=1500))
    assert longer.provenance == "measured_published"
    assert longer.tokens_per_second < as_measured.tokens_per_second
    assert longer.high / longer.low > as_measured.high / as_measured.low
    assert any(line.note is not None and "differ by a factor of 1.50 together" in line.note for line in longer.lines)


@pytest.mark.parametrize(
    "asked",
    [
        question("llama-3.1-8b", "a100-80-sxm", precision="int4"),
        question("llama-3.1-8b", "a100-80-sxm", gpus=2),
        question("llama-3.1-8b", "l4"),
        question("llama-3.1-8b", "a100-80-sxm", read=100_000),
        question("llama-3.1-8b", "a100-80-sxm", at_once=1),
        question("llama-3.2-3b", "a100-80-sxm"),
    ],
    ids=["precision", "gpus", "gpu", "lengths", "load", "model"],
)
def test_what_was_not_measured_is_predicted(asked: Question) -> None:
    """Another precision, number of GPUs, GPU, length, load or model is no match; the prediction says so and has its band."""
    found = answer(asked)
    assert found.provenance == "calibrated"
    assert found.low < found.tokens_per_second < found.high
    assert found.lines[-3].value == pytest.approx(found.tokens_per_second)


def test_engines_bound_by_their_framework_are_no_match() -> None:
    """HF Transformers at one request at a time says nothing of what an engine gives."""
    rows = [row for row in CATALOG.throughput["qwen2.5-7b"].rows if row.engine == "HF Transformers"]
    assert rows
    asked = question("qwen2.5-7b", "a100-80-sxm", read=rows[0].input_tokens, written=rows[0].output_tokens, at_once=1)
    assert measured_published(asked, rows, FITTED) is None


def test_a_measurement_that_our_memory_model_denies_still_counts_at_its_own_load() -> None:
    """Qwen3 235B in 8 bits on one H200 was measured, whatever we think of it; at another load nothing can be said."""
    row = next(row for row in CATALOG.throughput["qwen3-235b-a22b"].rows if (row.gpu, row.gpus, row.precision) == ("h200-sxm", 1, "fp8"))
    asked = question(
        "qwen3-235b-a22b", "h200-sxm", precision="fp8", read=row.input_tokens, written=row.output_tokens, at_once=row.load_value
    )
    found = measured_published(asked, [row], FITTED)
    assert found is not None
    assert found.tokens_per_second == row.output_tokens_per_second
    other = replace(asked, workload=replace(asked.workload, output_tokens=row.output_tokens + 1))
    assert measured_published(other, [row], FITTED) is None
    refused = throughput(other, [row], FITTED)
    assert isinstance(refused, Refusal)
    assert refused.reason == "not one request fits 1 × h200-sxm"


def test_encoders_are_measured_not_predicted() -> None:
    """The fastest batch of a near length; texts twice as long give half as many answers, shorter ones no more; else a refusal."""
    short = answer(question("bert-base", "l4", precision="fp16", read=128, written=1))
    assert short.provenance == "measured_published"
    assert [line.unit for line in short.lines if line.label == "measured"] == ["answers per second"]
    assert answer(question("bert-base", "l4", precision="fp16", read=100, written=1)).tokens_per_second == short.tokens_per_second
    longer = answer(question("bert-base", "l4", precision="fp16", read=160, written=1))
    assert longer.tokens_per_second == pytest.approx(short.tokens_per_second * 128 / 160)
    refused = calibrated(question("bert-base", "l4", precision="fp16", read=128, written=1), FITTED)
    assert isinstance(refused, Refusal)
    assert refused.reason == "bert-base is an encoder; only decoders are predicted"


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (question("llama-3.2-3b", "m3-max"), "no measured row on a GPU of the class of m3-max (Apple), so the error is not known"),
        (question("llama-3.1-405b", "h100-sxm"), "not one request fits 1 × h100-sxm"),
        (question("llama-3.2-3b", "gb10"), "not known: gb10: operations a second with 16-bit numbers"),
    ],
    ids=["class", "memory", "facts"],
)
def test_refusals_say_what_to_pass(asked: Question, reason: str) -> None:
    """Why there is no number, and what would give one."""
    refused = throughput(asked, (), FITTED)
    assert isinstance(refused, Refusal)
    assert refused.reason == reason
    assert refused.wanted


def test_what_is_missing_is_named() -> None:
    """Facts of model and GPU, one by one; without them there is no work."""
    asked = Workload(input_tokens=9, output_tokens=9)
    assert work_of(CATALOG.models["gemma-4-31b"], CATALOG.gpus["l4"], Layout(), "bf16", asked, offline_requests=9) is None
    assert what_is_missing(CATALOG.models["llama-3.1-8b"], CATALOG.gpus["l4"]) == ()
    assert what_is_missing(CATALOG.models["gemma-4-31b"], CATALOG.gpus["l4"])[0].startswith("gemma-4-31b: ")
    bare = replace(CATALOG.gpus["l4"], mem_bw_gb_per_s=None)
    assert what_is_missing(CATALOG.models["llama-3.1-8b"], bare) == ("l4: memory bandwidth",)
    work = work_of(CATALOG.models["llama-3.1-8b"], bare, Layout(), "bf16", Workload(input_tokens=9, output_tokens=9), offline_requests=9)
    assert work is None


def test_cards_that_are_not_joined_do_not_share_a_model() -> None:
    """No tensor parallelism without a link."""
    apart = replace(CATALOG.gpus["l4"], link_gb_per_s=None)
    asked = Workload(input_tokens=9, output_tokens=9)
    assert work_of(CATALOG.models["llama-3.1-8b"], apart, Layout(tensor=2), "fp8", asked, offline_requests=9) is None
    assert work_of(CATALOG.models["llama-3.1-8b"], apart, Layout(), "fp8", asked, offline_requests=9) is not None
