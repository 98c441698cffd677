"""`slmdecide throughput`: how a number was made, and the predictor's score on a file of measurements."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from slmdecide.cli.completion import gpu_names
from slmdecide.errors import DataError
from slmdecide.readers.trials import parse_trials, read_trials
from tests.running import run

ROOT = Path(__file__).parents[1]
COLUMNS = (
    "id,model,gpu,gpu_count,parallelism,engine,precision,kv_precision,input_len,output_len,load_type,load_value,output_tok_s,source_group"
)
ROWS = """
a,llama-3.1-8b,h100-sxm,1,TP1,TensorRT-LLM,fp8,fp8,1000,1000,offline_inf,,14797.28,s
b,llama-3.1-8b,a100-80-sxm,1,TP1,TensorRT-LLM,bf16,,1000,1000,offline_inf,inf,3753.46,s
c,meta-llama/Llama-3.3-70B-Instruct,h100-sxm,4,TP4,vLLM,fp8,,301.5,200,concurrency,16,1250,t
d,mixtral-8x7b,h100-sxm,2,TP2,vLLM,bf16,,500,500,concurrency,1,1,t
e,no-such,h100-sxm,1,,vLLM,bf16,,500,500,concurrency,8,1000,t
f,llama-3.1-8b,no-such,1,,vLLM,bf16,,500,500,concurrency,8,1000,t
g,llama-3.1-8b,h100-sxm,1,,vLLM,,,500,500,concurrency,8,1000,t
h,llama-3.1-8b,h100-sxm,1,,vLLM,bf16,,0,500,concurrency,8,1000,t
i,llama-3.1-8b,h100-sxm,1,,vLLM,bf16,,500,500,,8,1000,t
j,llama-3.1-8b,h100-sxm,1,,vLLM,bf16,,500,500,request_rate,8,1000,t
k,llama-3.1-8b,m3-max,1,,llama.cpp,q4_k_m,,500,500,single,,30,t
""".strip()


def answer(*arguments: object) -> Any:
    """The document that `slmdecide throughput` prints; its first key is its schema version."""
    ran = run("throughput", *arguments, "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out)
    assert next(iter(document)) == "schema_version"
    return document


def table(path: Path, text: str = f"{COLUMNS}\n{ROWS}\n") -> Path:
    """A file of measurements."""
    file = path / "measured.csv"
    file.write_text(text, encoding="utf-8")
    return file


# --- one model on one GPU


def test_a_published_number_says_what_it_is() -> None:
    """Provenance, source, which card the name was taken for, memory, and what the predictor would have said."""
    told = answer("--model", "llama-3.1-8b", "--gpu", "a100", "--input-tokens", 1000, "--output-tokens", 1000)
    assert (told["gpu"], told["gpus_per_replica"], told["precision"]) == ("a100-80-sxm", 1, "bf16")
    assert told["gpu_note"].startswith("a100 may mean several; took a100-80-sxm")
    assert told["throughput"]["provenance"] == "measured_published"
    assert told["throughput"]["tokens_per_second"] == 3753.46
    assert told["throughput"]["low"] < 3753.46 < told["throughput"]["high"]
    assert told["requests_per_second"] == pytest.approx(3.75346)
    assert told["calibrated"]["provenance"] == "calibrated"
    assert told["memory"]["fits"]
    assert told["refused"] is None
    assert told["lines"][0]["note"].startswith("trtllm-0.15-00027: TensorRT-LLM, bf16")


def test_a_predicted_number_shows_its_parts() -> None:
    """Line by line down to the band, in text as in JSON; the precision is the published one unless it is said."""
    arguments = ("--model", "gemma-3-12b", "--gpu", "l40s", "--concurrency", 16)
    told = answer(*arguments)
    assert told["throughput"] == told["calibrated"]
    assert told["throughput"]["provenance"] == "calibrated"
    assert (told["precision"], told["input_tokens"], told["output_tokens"], told["concurrency"]) == ("bf16", 1000, 250, 16)
    labels = [line["label"] for line in told["lines"]]
    assert labels[-3:] == ["predicted", "low", "high"]
    page = run("throughput", *arguments)
    assert page.code == 0
    for label in ("Memory", "How the number was made", "provenance", *labels):
        assert label in page.out


def test_other_names_lead_to_the_model() -> None:
    """As everywhere."""
    assert answer("--model", "Qwen/Qwen2.5-7B-Instruct", "--gpu", "l4")["model"] == "qwen2.5-7b"


def test_8_bits_in_the_kv_cache_hold_more_requests() -> None:
    """The option reaches memory and prediction."""
    arguments = ("--model", "llama-2-13b", "--gpu", "l40s", "--precision", "fp8")
    wide, narrow = answer(*arguments), answer(*arguments, "--kv-precision", "fp8")
    assert narrow["memory"]["kv_gib_per_request"] == wide["memory"]["kv_gib_per_request"] / 2
    assert narrow["throughput"]["tokens_per_second"] > wide["throughput"]["tokens_per_second"]


def test_a_model_that_is_too_large_takes_more_gpus() -> None:
    """As few as hold it, unless the number is said; then it does not fit, which is a result with its numbers."""
    told = answer("--model", "exaone-4.0-32b", "--gpu", "rtx-5090", "--precision", "fp8")
    assert (told["gpus_per_replica"], told["memory"]["fits"]) == (2, True)
    told = answer("--model", "exaone-4.0-32b", "--gpu", "rtx-5090", "--precision", "fp8", "--gpus", 1)
    assert (told["throughput"], told["calibrated"], told["lines"]) == (None, None, [])
    assert told["refused"]["reason"].startswith("does not fit: weights alone take 30.8 GiB; 1 × rtx-5090 hold 28.6 GiB")
    page = run("throughput", "--model", "llama-3.1-405b", "--gpu", "l4")
    assert page.code == 0
    assert "llama-3.1-405b on 8 × l4" in page.out
    assert "unknown: does not fit" in page.out


def test_a_refusal_says_what_to_do() -> None:
    """No measured row on Apple GPUs: no number, no error, and a hint."""
    arguments = ("--model", "llama-3.2-3b", "--gpu", "m3-max")
    told = answer(*arguments)
    assert told["throughput"] is None
    assert "(Apple)" in told["refused"]["reason"]
    page = run("throughput", *arguments, "--format", "markdown")
    assert page.code == 0
    assert "- **what to do**: pass tokens per second that were measured" in page.out


def test_an_encoder_answers() -> None:
    """Answers per second, from a measurement; nothing is predicted beside it."""
    told = answer("--model", "bert-base", "--gpu", "l4", "--input-tokens", 128)
    assert (told["output_tokens"], told["memory"], told["calibrated"]) == (1, None, None)
    page = run("throughput", "--model", "bert-base", "--gpu", "l4", "--input-tokens", 128)
    assert "answers per second" in page.out
    assert "tokens per second" not in page.out
    assert "predicted  nothing: bert-base is an encoder" in page.out


def test_markdown_is_markdown() -> None:
    """Headings and a list; the comparison with the predictor under a published number."""
    page = run(
        "throughput",
        "--model",
        "llama-3.1-8b",
        "--gpu",
        "h100-sxm",
        "--precision",
        "fp8",
        "--output-tokens",
        1000,
        "--format",
        "markdown",
    )
    assert page.code == 0
    assert page.out.startswith("## llama-3.1-8b on 1 × h100-sxm\n")
    assert "## The fitted predictor for comparison" in page.out


# --- a file


def test_a_file_is_scored_without_fitting(tmp_path: Path) -> None:
    """Counts, errors and coverage as fractions, by class, and every row that was skipped by its reason."""
    told = answer("--data", table(tmp_path))
    assert told["n"] == 4
    # b and a are predicted within 12 %, c within its band, d is off by a factor of hundreds.
    assert 0 < told["median_abs_error"] < 0.5 < told["p90_abs_error"]
    assert told["coverage"] == 0.75
    assert {name: one["n"] for name, one in told["by_class"].items()} == {
        "Hopper": 3, "A100": 1, "dense": 3, "MoE": 1, "offline": 2, "concurrency": 1, "single": 1,
    }  # fmt: skip
    assert told["by_class"]["A100"]["coverage"] == 1.0
    assert told["skipped"] == {
        "missing lengths": 1, "missing load": 1, "missing precision": 1, "load type not scored: request_rate": 1,
        "no measured rows of its class: Apple": 1, "unknown gpu": 1, "unknown model": 1,
    }  # fmt: skip
    assert told["predictor"]["rows"] > 3_000


def test_the_shipped_rows_can_be_scored_by_their_own_columns() -> None:
    """pricing/throughput.csv names its columns otherwise and is read as well; in sample its error is below the held-out one."""
    told = answer("--data", ROOT / "pricing" / "throughput.csv")
    assert told["n"] == told["predictor"]["rows"]
    assert told["median_abs_error"] < told["predictor"]["median_abs_error_source_held_out"] < 0.17
    assert told["coverage"] > 0.8


@pytest.mark.parametrize("output_format", ["text", "markdown"])
def test_a_score_can_be_read(tmp_path: Path, output_format: str) -> None:
    """A table of classes and a table of what was skipped; without skipped rows no second table."""
    page = run("throughput", "--data", table(tmp_path), "--format", output_format)
    assert page.code == 0
    assert "4 rows scored, 7 skipped; nothing was fitted." in page.out
    assert "skipped because of" in page.out
    whole = run("throughput", "--data", table(tmp_path, "\n".join([COLUMNS, *ROWS.splitlines()[:2]])), "--format", output_format)
    assert "skipped because of" not in whole.out


def test_an_empty_table_has_no_errors_to_show(tmp_path: Path) -> None:
    """A header alone: nothing scored, unknown errors, no crash."""
    told = answer("--data", table(tmp_path, f"{COLUMNS}\n"))
    assert (told["n"], told["median_abs_error"], told["coverage"], told["by_class"], told["skipped"]) == (0, None, None, {}, {})
    assert "0 rows scored" in run("throughput", "--data", table(tmp_path, f"{COLUMNS}\n\n")).out


# --- bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "llama-3.1-9b", "--gpu", "l4"], "no model is called 'llama-3.1-9b'; did you mean 'llama-3.1-8b'?"),
        (["--model", "llama-8b", "--gpu", "l4"], "'llama-8b' may be llama-3-8b or llama-3.1-8b; write the one that is meant"),
        (["--model", "gpt-5", "--gpu", "l4"], "gpt-5 is closed; only open weights can be hosted"),
        (["--model", "llama-3.1-8b", "--gpu", "l44"], "no GPU is called 'l44'; did you mean 'l4'?"),
        (["--model", "llama-3.1-8b"], "--gpu is missing"),
        (["--gpu", "l4"], "--model is missing"),
        ([], "--model is missing"),
        (["--model", "qwen2.5-7b", "--gpu", "l4", "--gpus", "8"], "--gpus: found 8; allowed: 1, 2, 4; tensor parallelism divides the 28"),
        (["--model", "llama-3.1-8b", "--gpu", "m3-max", "--gpus", "2"], "--gpus: found 2; allowed: 1; GPUs of this kind are not joined"),
        (["--model", "llama-3.1-8b", "--gpu", "l4", "--data", "x.csv"], "--model: --data is given as well"),
        (["--data", "no-such.csv"], "no-such.csv: no such file"),
        (
            ["--model", "llama-3.1-8b", "--gpu", "l4", "--input-tokens", "-3"],
            "'--input-tokens': Input should be greater than or equal to 1",
        ),
        (["--model", "llama-3.1-8b", "--gpu", "l4", "--input-tokens", "abc"], "'--input-tokens': Input should be a valid integer"),
        (["--model", "llama-3.1-8b", "--gpu", "l4", "--concurrency", "nan"], "'--concurrency': Input should be a valid integer"),
        (["--model", "llama-3.1-8b", "--gpu", "l4", "--gpus", "0"], "'--gpus': Input should be greater than or equal to 1"),
        (["--model", "llama-3.1-8b", "--gpu", "l4", "--precision", "fp7"], "'fp7' is not one of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_requests_are_told_in_a_line(arguments: list[str], message: str) -> None:
    """Exit 2, one line that names the option and what would be right; with JSON an error document."""
    ran = run("throughput", *arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert message in ran.err.splitlines()[0]
    document = json.loads(run("throughput", *arguments, "--format", "json").out)
    assert message in document["error"]["message"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; a header row is expected"),
        ("gpu,price\nl4,1\n", ":1: no column 'model'"),
        (COLUMNS.replace("output_tok_s", "output_toks") + "\n", ":1: no column 'output_tok_s'; did you mean 'output_toks'?"),
        (f"{COLUMNS}\na,llama-3.1-8b,h100-sxm,1,TP1,vLL", ":2: has 6 cells; the header has 14"),
        (f'{COLUMNS}\n"a,b\n', "is not CSV: unexpected end of data"),
        (
            f"{COLUMNS}\n{ROWS.splitlines()[0].replace('14797.28', 'fast')}\n",
            ":2: output_tok_s: found 'fast'; a number of 0 or more",
        ),
        (f"{COLUMNS}\n{ROWS.splitlines()[0].replace('14797.28', '-1')}\n", ":2: output_tok_s: found '-1'"),
        (f"{COLUMNS}\n{ROWS.splitlines()[0].replace('14797.28', 'nan')}\n", ":2: output_tok_s: found 'nan'"),
        (f"{COLUMNS}\n{ROWS.splitlines()[0].replace('sxm,1,', 'sxm,1.5,')}\n", ":2: gpu_count: found '1.5'; a whole number is expected"),
        ("\x00\x01", "is a binary file"),
    ],
    ids=["empty", "columns", "near column", "truncated", "quote", "word", "negative", "nan", "half a gpu", "binary"],
)
def test_files_that_are_no_measurements_are_told(tmp_path: Path, text: str, message: str) -> None:
    """Exit 2 and one line with file and line."""
    ran = run("throughput", "--data", table(tmp_path, text))
    assert ran.code == 2
    assert "measured.csv" in ran.err.splitlines()[0]
    assert message in ran.err.splitlines()[0]


def test_trials_are_read_as_they_stand(tmp_path: Path) -> None:
    """Empty cells and zeros are unknown, lengths may be means, "inf" is no limit, other columns are left alone."""
    first, second, third, *_ = read_trials(table(tmp_path))
    assert (first.id, first.model, first.gpus, first.kv_precision, first.load_value) == ("a", "llama-3.1-8b", 1, "fp8", None)
    assert (second.kv_precision, second.load_value, second.output_tokens_per_second) == (None, None, 3753.46)
    assert (third.input_tokens, third.source_group) == (301.5, "t")
    lean = parse_trials(
        "model,gpu,gpus,precision,input_tokens,output_tokens,load_type,load_value,output_tokens_per_second,x\n,,,,,,,,,y\n", "f"
    )
    assert (lean[0].model, lean[0].gpus, lean[0].engine, lean[0].output_tokens_per_second) == (None, None, None, None)
    with pytest.raises(DataError, match="f:1: no column 'model'"):
        parse_trials("x\n", "f")


# --- start


def test_the_plain_path_imports_nothing_heavy() -> None:
    """Neither pandas nor litellm nor numpy."""
    code = (
        "import runpy, sys; sys.argv = ['slmdecide', 'throughput', '--model', 'llama-3.1-8b', '--gpu', 'l4']\n"
        "try: runpy.run_module('slmdecide', run_name='__main__')\n"
        "except SystemExit as end: print(end.code, *sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    code_told, *modules = done.stderr.split()
    assert code_told == "0"
    assert not set(modules) & {"litellm", "pandas", "numpy", "genai_prices", "jinja2"}


def test_names_can_be_completed() -> None:
    """The options complete the ids that exist."""
    assert "a100-80-sxm" in gpu_names("a100")


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (("llama-3.1-8b",), "--model llama-3.1-8b --gpu GPU"),
        (("a100", "llama-3.1-8b"), "--model llama-3.1-8b --gpu a100"),
        (("qwen3-4b", "h100", "--gpus", 2), "--model qwen3-4b --gpu h100"),
        (("an odd one",), "--model MODEL --gpu 'an odd one'"),
    ],
)
def test_words_without_an_option(words: tuple[object, ...], typed: str) -> None:
    """What is to be typed is said."""
    ran = run("throughput", *words)
    assert (ran.code, ran.out) == (2, "")
    assert f"hint: slmdecide throughput {typed}" in ran.err
