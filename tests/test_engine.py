"""The whole road from a profile through the ladder to the report, on real log-probabilities of two real models.

Two tiny models (`tests/engine/README.md`) are served on loopback by llama-cpp-python's OpenAI-compatible server, which
`.ci/engine` installs; the default tests do not need it.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from math import fsum
from pathlib import Path
from typing import Any

import pytest

from tests.engine.tickets import LABELS, PROMPTS, SYSTEM, tickets

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[1]
ENGINE = ROOT / ".engine" / "bin" / "python"
MODELS = ("tiny", "mid")
EXAMPLES = 400
READY_S = 120.0
ACCURACY = {"tiny": 0.741, "mid": 0.944}
"""On all 1,500 test texts, as torch computed it when they were trained (`tests/engine/train.py`)."""


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def _served(name: str, log: Path) -> Iterator[str]:
    """The address of a model that is being served."""
    port = _free_port()
    command = [
        str(ENGINE), "-m", "llama_cpp.server", "--model", str(ROOT / "tests" / "engine" / f"{name}-f16.gguf"), "--host", "127.0.0.1",
        "--port", str(port), "--model_alias", name, "--logits_all", "true", "--n_ctx", "512", "--n_batch", "512", "--n_threads", "1",
        "--n_threads_batch", "1", "--verbose", "false",
    ]  # fmt: skip
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as server:
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}/v1/models", server, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


def _wait_until_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310  (loopback)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the engine does not answer: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Both models, served."""
    assert ENGINE.exists(), "run .ci/engine first: it installs the engine"
    folder = tmp_path_factory.mktemp("engine")
    with ExitStack() as stack:
        yield {name: stack.enter_context(_served(name, folder / f"{name}.log")) for name in MODELS}


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """A folder with a profile, examples and the wording that the models were trained on."""
    rows = tickets(train=0)["test"][:EXAMPLES]
    examples = [json.dumps({"id": f"t{number}", "input": one.text, "expected": one.label}) for number, one in enumerate(rows)]
    (tmp_path / "examples.jsonl").write_text("\n".join(examples) + "\n", encoding="utf-8")
    (tmp_path / "prompt.txt").write_text(f"{SYSTEM}\n---\n{PROMPTS[0].replace('{text}', '{input}')}\n", encoding="utf-8")
    (tmp_path / "task.yaml").write_text(
        f"""name: support intents
nature: classification
task: {{labels: [{", ".join(LABELS)}]}}
volume: {{requests_per_month: 300k, input_tokens: 60, output_tokens: 1}}
privacy: {{may_leave: nowhere}}
quality: {{floor: 0.88}}
data: {{examples_file: examples.jsonl}}
""",
        encoding="utf-8",
    )
    return tmp_path


def probe(folder: Path, addresses: dict[str, str], *options: str) -> tuple[int, Any, str]:
    """Exit code, JSON document and stderr of `slmdecide probe` in a process of its own."""
    command = [sys.executable, "-m", "slmdecide", "probe", "task.yaml", "--codes", "labels", "--prompt", "prompt.txt", "--format", "json"]
    for name, address in addresses.items():
        command += ["--model", f"{name}={address}", "--price", f"{name}=0.1/0.4"]
    environment = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run([*command, *options], cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


def test_the_ladder_climbs_from_the_model_that_is_not_good_enough(task: Path, addresses: dict[str, str]) -> None:
    """Tiny (74 % right) is shown to be below a floor of 88 %, mid (94 %) above it, before the examples are used up."""
    code, report, _ = probe(task, addresses)
    assert code == 0
    assert (report["verdict"]["status"], report["verdict"]["model"]) == ("good_enough", "mid")
    tiny, mid = report["ladder"]
    assert (tiny["status"], mid["status"]) == ("not_good_enough", "good_enough")
    assert tiny["stopped_after"] < mid["stopped_after"] <= EXAMPLES
    assert tiny["high"] <= 0.88 <= mid["low"]


def test_all_examples_give_the_published_scores(task: Path, addresses: dict[str, str]) -> None:
    """Measured on every example, both models score as torch says; their margins tell right from wrong."""
    code, report, _ = probe(task, addresses, "--all")
    assert code in (0, 4)
    for one in report["models"]:
        assert one["n"] == EXAMPLES
        assert one["confidence_kind"] == "label_likelihood"
        assert one["low"] <= ACCURACY[one["model"]] <= one["high"]
        assert one["accuracy"] == pytest.approx(ACCURACY[one["model"]], abs=0.05)
        assert one["auroc"] > 0.7
        assert one["missing_mass"] < 0.05
        assert one["errors"] == {}
    lines = [json.loads(line) for line in (task / "task.probe.jsonl").read_text(encoding="utf-8").splitlines()]
    calls = [one for one in lines if one.get("label_probabilities")]
    assert len(calls) == len(MODELS) * EXAMPLES
    for one in calls:
        assert set(one["label_probabilities"]) <= set(LABELS)
        assert fsum(one["label_probabilities"].values()) + one["missing_mass"] == pytest.approx(1, abs=1e-9)
        assert 0 < one["confidence"] <= 1
    assert report["spent_usd"] == pytest.approx(fsum(one["cost_usd"] for one in calls))


def test_formats_are_compared_on_real_constrained_answers(task: Path, addresses: dict[str, str]) -> None:
    """Both models in four formats: a schema is kept to by the engine's grammar, in the only form in which this server takes one."""
    lines = (task / "examples.jsonl").read_text(encoding="utf-8").splitlines()[:40]
    (task / "examples.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, report, _ = probe(task, addresses, "--all", "--formats", "--max-tokens", "40")
    assert code in (0, 4)
    found = {(one["model"], one["format"]): one for one in report["formats"]}
    assert found.keys() == {(model, one) for model in MODELS for one in ("label_code", "free_text", "schema", "schema_reason_first")}
    for model in MODELS:
        assert found[model, "schema"]["n"] == 40
        assert found[model, "schema"]["invalid_share"] == 0
        assert found[model, "schema"]["tokens_out"] > found[model, "free_text"]["tokens_out"]
        assert found[model, "free_text"]["score"] == found[model, "label_code"]["score"]


def test_a_report_is_made_again_without_a_call(task: Path, addresses: dict[str, str]) -> None:
    """With the servers out of reach, `--from` gives the scores of the run file."""
    _, first, _ = probe(task, addresses)
    command = [sys.executable, "-m", "slmdecide", "probe", "task.yaml", "--from", "task.probe.jsonl", "--format", "json"]
    done = subprocess.run(command, cwd=task, capture_output=True, text=True, timeout=120, check=False)
    again = json.loads(done.stdout)
    assert again["models"] == first["models"]
    assert again["ladder"] == first["ladder"]


def test_the_run_is_a_cascade_to_replay(task: Path, addresses: dict[str, str]) -> None:
    """Both models on every example: `slmdecide cascade` reads the run file and finds both models and their scores."""
    _, report, _ = probe(task, addresses, "--all")
    command = [sys.executable, "-m", "slmdecide", "cascade", "task.probe.jsonl", "--format", "json"]
    done = subprocess.run(command, cwd=task, capture_output=True, text=True, timeout=120, check=False)
    replayed = json.loads(done.stdout)
    assert replayed["n"] == EXAMPLES
    scores = {one["model"]: one["accuracy"] for one in report["models"]}
    for part in ("small", "large"):
        assert replayed[part]["correct"] == pytest.approx(scores[replayed[part]["name"]] * EXAMPLES)
    assert replayed["verdict"] in ("cascade", "small", "large")


def test_data_that_may_not_leave_does_not(task: Path, addresses: dict[str, str]) -> None:
    """The same profile with an address that is not loopback is refused before any call, and the line that forbids it is named."""
    code, report, _ = probe(task, {**addresses, "far": "http://203.0.113.7:8000/v1"})
    assert code == 2
    assert "task.yaml:5" in report["error"]["message"]
    assert not (task / "task.probe.jsonl").exists()


def test_the_decision_rests_on_what_was_measured(task: Path, addresses: dict[str, str]) -> None:
    """`assess` takes the better of the two, which is shown to reach the floor, and says what that rests on; the other is out."""
    _, report, _ = probe(task, addresses)
    (task / "report.json").write_text(json.dumps(report), encoding="utf-8")
    command = [sys.executable, "-m", "slmdecide", "assess", "task.yaml", "--measured", "report.json", "--format", "json"]
    command += ["--measured-as", "tiny=qwen3-4b", "--measured-as", "mid=llama-3.1-8b"]
    done = subprocess.run(command, cwd=task, capture_output=True, text=True, check=True)
    decision = json.loads(done.stdout)
    sources = {one["model"]: one["quality"] for one in decision["options"] if one["quality"]["source"] == "measured_here"}
    assert set(sources) == {"qwen3-4b", "llama-3.1-8b"}
    assert sources["qwen3-4b"]["p_good_enough"] < 0.025
    assert sources["llama-3.1-8b"]["p_good_enough"] > 0.975
    assert decision["verdict"]["option_id"].startswith("llama-3.1-8b:prompted:")
    assert str(report["ladder"][1]["n"]) in decision["verdict"]["reasons"][0]
