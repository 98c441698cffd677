"""`slmdecide assess` as a user meets it: formats, files, exit codes, errors as documents."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from slmdecide.core.naming import provider_words
from slmdecide.readers.catalog import load_catalog

ROOT = Path(__file__).parents[1]
READY = ROOT / "profiles" / "catalogue"
TRIAGE = READY / "support-triage.yaml"
DESIGN_KEYS = {
    "schema_version", "task", "verdict", "score", "criteria", "options", "break_even", "flips", "next_steps", "assumptions", "evidence",
    "stages", "data",
}  # fmt: skip
OPTION_KEYS = {
    "id", "family", "model", "mode", "hosting", "feasible", "vetoes", "quality", "monthly_cost_usd", "one_time_cost_usd", "unpriced",
    "latency_ms",
}  # fmt: skip


def run(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The finished command."""
    command = [sys.executable, "-m", "slmdecide", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_json_has_the_keys_that_others_build_on() -> None:
    """Keys of the design, section 10; stdout holds JSON only and stderr nothing."""
    done = run("assess", TRIAGE, "--format", "json")
    document = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert document.keys() >= DESIGN_KEYS
    assert document["verdict"].keys() >= {"family", "option_id", "p_good_enough", "summary", "reasons"}
    assert document["options"][0].keys() >= OPTION_KEYS
    assert document["options"][0]["quality"].keys() >= {"p_good_enough", "low", "high", "source", "n", "n_sources"}
    assert document["data"].keys() >= {"prices_as_of", "sha256", "version"}
    assert document["flips"][0].keys() >= {"input", "now", "at", "family"}


def test_every_ready_profile_cites_evidence_that_resolves() -> None:
    """`assess` on the whole catalogue: a total, and for each verdict at least one claim that exists."""
    document = json.loads(run("assess", *sorted(READY.glob("*.yaml")), "--format", "json").stdout)
    claims = load_catalog().claims
    assert document.keys() == {"schema_version", "tasks", "total"}
    for task in document["tasks"]:
        cited = [one["id"] for one in task["evidence"]]
        assert cited
        assert set(cited) <= set(claims)


@pytest.mark.parametrize("output_format", ["text", "markdown", "json"])
def test_same_input_same_bytes(output_format: str) -> None:
    """Two processes with different hash seeds print the same."""
    one, other = (run("assess", TRIAGE, READY / "internal-rag.yaml", "--format", output_format).stdout for _ in range(2))
    assert one == other
    assert one


def test_output_goes_whole_into_a_file(tmp_path: Path) -> None:
    """`--output` writes the report and prints nothing."""
    done = run("assess", TRIAGE, "--output", tmp_path / "report.txt")
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == run("assess", TRIAGE).stdout
    assert [one.name for one in tmp_path.iterdir()] == ["report.txt"]


def test_output_into_a_missing_folder_is_a_runtime_failure(tmp_path: Path) -> None:
    """Exit 1, one line, nothing left behind."""
    done = run("assess", TRIAGE, "--output", tmp_path / "no" / "report.txt")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "code", "fragment"),
    [
        (["assess", "no-such-file.yaml"], "invalid_data", "no-such-file.yaml: no such file"),
        (["assess"], "wrong_usage", "FILE"),
        (["assess", str(TRIAGE), "--frmt", "x"], "wrong_usage", "--frmt"),
    ],
)
def test_errors_are_documents_with_json(arguments: list[str], code: str, fragment: str) -> None:
    """With `--format json` stdout holds `{"error": …}` and nothing else."""
    done = run(*arguments, "--format", "json")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, done.stderr) == (2, "")
    assert error["code"] == code
    assert fragment in error["message"]


def test_one_wrong_file_of_many_is_named_and_nothing_is_printed(tmp_path: Path) -> None:
    """All mistakes of all files, exit 2, no half a portfolio."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("name: x\nnature: clasification\nvolume: {requests_per_month: -1, input_tokens: 1, output_tokens: 1}\n")
    done = run("assess", TRIAGE, wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'classification'" in done.stderr or "requests_per_month" in done.stderr


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    """`slmdecide assess … | head -1` ends quietly."""
    shell = f"{sys.executable} -m slmdecide assess {TRIAGE} | head -1"
    done = subprocess.run(["bash", "-c", shell], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.stdout.count("\n") == 1


def test_ready_profiles_fit_the_json_schema() -> None:
    """The committed schema, which editors use, accepts every ready profile."""
    import yaml  # noqa: PLC0415

    schema = json.loads((ROOT / "docs" / "task.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for path in sorted(READY.glob("*.yaml")):
        assert not list(validator.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))), path.name


def test_public_names_import_and_decide() -> None:
    """The example at the top of the package works."""
    import slmdecide  # noqa: PLC0415

    catalog = slmdecide.load_catalog()
    assessment = slmdecide.assess(slmdecide.load_profile(TRIAGE, catalog), catalog)
    assert assessment.verdict.summary
    assert {getattr(slmdecide, name).__name__ for name in slmdecide.__all__} == set(slmdecide.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = slmdecide.nothing  # type: ignore[attr-defined]  # that there is none is tested


def test_providers_have_names() -> None:
    """No report shows the id that a provider has in the price data in place of its name."""
    catalog = load_catalog()
    offers = [one for model in catalog.models.values() for one in (*model.prices, *model.fine_tuned_prices) if one in catalog.prices]
    unnamed = {provider for offer in offers if provider_words(provider := catalog.prices[offer].provider) == provider}
    assert len(offers) > 100
    assert unnamed == set()
