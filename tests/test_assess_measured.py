"""`slmdecide assess` with what was measured on the user's own examples, from files, from the profile and measured now."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdecide.core.assess import assess
from slmdecide.core.measured import more_examples, p_good_enough, settled
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.profile import parse_profile
from slmdecide.records.assessment import AssessedOption, Assessment
from slmdecide.records.profile import MeasuredCascade, MeasuredModel
from tests.cascade_rows import knowing_rows, write_csv
from tests.fault_server import Server, serving
from tests.probe_case import LABELS, mostly_right, right
from tests.running import run

CATALOG = load_catalog()
TASK = """\
name: triage
nature: classification
task: {labels: [alpha, beta, gamma]}
volume: {requests_per_month: 3M, input_tokens: 400, output_tokens: 5}
quality: {risk: high}
candidates: [llama-3.1-8b, qwen3-4b, gpt-4o]
"""
SOURCE = "triage.json"


def measured(estimate: float = 0.004, low: float = -0.015, high: float = 0.02, **other: Any) -> MeasuredModel:
    """A measurement of llama-3.1-8b."""
    return MeasuredModel(
        **{"model": "llama-3.1-8b", "against": "large_model", "n": 340, "source": SOURCE, **other}, estimate=estimate, low=low, high=high
    )


def decided(*models: MeasuredModel, text: str = TASK, cascade: MeasuredCascade | None = None) -> Assessment:
    """The decision with these measurements."""
    return assess(replace(parse_profile(text, "task.yaml", CATALOG), measured=models, cascade=cascade), CATALOG)


def option(found: Assessment, family: str = "small", model: str = "llama-3.1-8b") -> AssessedOption:
    """The first option of a model."""
    return next(one for one in found.options if one.family == family and one.model.startswith(model))


shares = st.floats(-1, 1, allow_nan=False)


@given(st.tuples(shares, shares, shares).map(sorted), shares, st.sampled_from([0.01, 0.05, 0.2]))
def test_likelihood_is_what_the_bounds_promise(three: list[float], asked: float, error_rate: float) -> None:
    """Above what is asked it is at least 1 − half the error rate once it is shown, below at most half of it; rising with the estimate."""
    low, estimate, high = three
    found = measured(estimate, low, high, error_rate=error_rate)
    p, known = p_good_enough(found, asked), settled(found, asked)
    assert 0 < p < 1
    assert known is not True or p >= 1 - error_rate / 2 - 1e-9
    assert known is not False or p <= error_rate / 2 + 1e-9
    assert (p >= 0.5) == (estimate >= asked) or estimate == pytest.approx(asked, abs=1e-9)
    assert p >= p_good_enough(found, min(1.0, asked + 0.1))


def test_likelihood_where_a_bound_touches() -> None:
    """With the bound exactly on what is asked it is what the bound promises."""
    assert p_good_enough(measured(0.01, -0.02, 0.05), -0.02) == pytest.approx(0.975)
    assert p_good_enough(measured(-0.05, -0.09, -0.02), -0.02) == pytest.approx(0.025)


def test_more_examples() -> None:
    """Bounds twice as wide as they should be take three times as many examples on top; settled takes none, a tie no number."""
    assert more_examples(measured(0.0, -0.04, 0.04, n=100), -0.02) == 300
    assert more_examples(measured(0.0, -0.01, 0.04), -0.02) == 0
    assert more_examples(measured(-0.02, -0.04, 0.04), -0.02) is None


def test_what_is_shown_goes_before_what_is_published() -> None:
    """A small model that is shown good enough is chosen at high risk, one that is shown not to be is not; the report says so."""
    before = decided()
    assert before.verdict.family != "small"
    good = decided(measured())
    assert (good.verdict.family, option(good).quality.source, option(good).quality.n) == ("small", "measured_here", 340)
    assert "it is shown to be good enough" in good.verdict.reasons[0]
    bad = decided(measured(-0.2, -0.25, -0.15))
    assert option(bad).quality.p_good_enough == pytest.approx(0.001)
    assert bad.verdict.option_id != option(bad).id
    assert option(bad, model="qwen3-4b").quality == option(before, model="qwen3-4b").quality


def test_the_hosting_of_a_measured_model_does_not_matter() -> None:
    """The likelihood holds for every way to run the model in that mode, and for no other mode."""
    found = decided(measured())
    sources = {(one.mode, one.quality.source) for one in found.options if one.model == "llama-3.1-8b"}
    assert sources == {("prompted", "measured_here"), ("fine_tuned", "reference_class")}
    tuned = decided(measured(mode="fine_tuned"))
    assert option(tuned, "fine_tuned_small").quality.source == "measured_here"
    assert option(tuned).quality.source == "reference_class"


def test_tolerance_turns_it() -> None:
    """Measured, a decision still has a flip at the tolerance at which it turns, and assessing there turns it."""
    found = decided(measured(-0.018, -0.024, -0.012, n=4000))
    flip = next(one for one in found.flips if one.input == "quality.tolerance")
    again = decided(measured(-0.018, -0.024, -0.012, n=4000), text=TASK.replace("{risk: high}", f"{{risk: high, tolerance: {flip.at}}}"))
    assert again.verdict.family == flip.family != found.verdict.family


def test_open_measurements_say_how_many_more() -> None:
    """With nothing else that would do, the answer names the model, the examples and the money; the step goes on with the probe."""
    text = TASK.replace("candidates: [llama-3.1-8b, qwen3-4b, gpt-4o]", "candidates: [llama-3.1-8b]").replace(
        "nature: classification", "nature: classification\nprivacy: {may_leave: nowhere}"
    )
    found = decided(measured(-0.01, -0.04, 0.02), text=text)
    assert found.verdict.family == "undecided"
    assert "more examples would settle it" in found.verdict.summary
    assert any("--resume" in (step.command or "") for step in found.next_steps)


def test_a_floor_is_settled_by_measuring() -> None:
    """Against a floor the score counts; the sentence that published scores do not settle it is gone."""
    text = TASK.replace("{risk: high}", "{risk: high, floor: 0.8}")
    found = decided(measured(0.9, 0.85, 0.95, against="floor"), text=text)
    assert found.verdict.family == "small"
    assert not any("not settled by published scores" in one for one in found.verdict.reasons)
    large = decided(measured(0.7, 0.65, 0.75, against="floor", model="gpt-4o"), measured(0.9, 0.85, 0.95, against="floor"), text=text)
    assert option(large, "large", "gpt-4o").quality.p_good_enough == pytest.approx(0.001, abs=0.001)


def test_other_yardsticks_say_nothing() -> None:
    """What was measured against a floor does not tell how far the large model is, and the other way round."""
    assert decided(measured(0.9, 0.85, 0.95, against="floor")).verdict == decided().verdict


def test_a_measured_api_that_is_too_slow() -> None:
    """Its 95th percentile is held against the latency limit; GPUs are held against their own."""
    text = TASK.replace("quality:", "latency: {p95_ms: 800}\nquality:")
    slow = option(decided(measured(p95_ms=1200.0), text=text))
    assert [veto.id for veto in slow.vetoes] == ["latency"]
    assert not option(decided(measured(p95_ms=700.0), text=text)).vetoes


def test_a_model_beyond_the_candidates_is_an_option_once_it_is_measured() -> None:
    """It is considered as if the profile had named it."""
    found = decided(measured(model="gemma-3-12b"))
    assert option(found, model="gemma-3-12b").quality.source == "measured_here"


REPLAYED = MeasuredCascade(
    small="llama-3.1-8b", large="gpt-4o", threshold=0.62, confidence="margin", escalation_share=0.1, escalation_low=0.08,
    escalation_high=0.12, tolerance=2.0, delta=0.1, n=900, source="cascade.json",
)  # fmt: skip


def test_a_replayed_cascade() -> None:
    """Its escalation is billed and its promise counts, if it covers the tolerance; against it, it is ruled out."""
    found = option(decided(cascade=REPLAYED), "cascade")
    assert found.model == "llama-3.1-8b>gpt-4o"
    assert (found.quality.source, found.quality.p_good_enough) == ("measured_here", 0.9)
    assert found.cost_model is not None
    share = found.cost_model.members[1].share
    assert (share.low, share.typical, share.high) == (0.08, 0.1, 0.12)
    wide = option(decided(cascade=replace(REPLAYED, tolerance=5.0)), "cascade")
    assert wide.quality.source == "published_cascades"
    no = option(decided(cascade=MeasuredCascade(small="llama-3.1-8b", large="gpt-4o")), "cascade")
    assert "not_worth_it" in {veto.id for veto in no.vetoes}


def test_a_replayed_cascade_says_its_threshold() -> None:
    """Where it is chosen, the step names the threshold and the members."""
    found = decided(cascade=REPLAYED)
    assert found.verdict.family == "cascade"
    assert any("0.62" in step.do and "gpt-4o" in step.do for step in found.next_steps)


# From the command line


def save(path: Path, text: str) -> Path:
    """Write a file."""
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A profile with examples, in the working folder."""
    monkeypatch.chdir(tmp_path)
    rows = [{"input": f"text number {i}", "expected": LABELS[i % 3]} for i in range(200)]
    save(tmp_path / "examples.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    return save(tmp_path / "task.yaml", TASK + "data: {examples_file: examples.jsonl}\n")


def probing(server: Server, *models: str) -> list[str]:
    """Options that ask the server for these models."""
    return [word for model in models for word in ("--model", f"{model}={server.url}", "--price", f"{model}=0.01/0.02")]


def test_a_probe_folded_into_the_decision(task: Path) -> None:
    """`--probe` measures on a real server and decides on it; the saved report says the same with `--measured`, and in the profile."""
    server = Server(answer=lambda asked: right(asked) if asked.model == "gpt-4o" else mostly_right(1.0)(asked))
    with serving(server):
        ran = run("assess", task, "--probe", *probing(server, "llama-3.1-8b", "gpt-4o"), "--format", "json")
    assert ran.code in (0, 4), ran.err
    document = json.loads(ran.out)
    found = next(one for one in document["options"] if one["model"] == "llama-3.1-8b" and one["mode"] == "prompted")
    assert found["quality"]["source"] == "measured_here"
    assert len(server.seen) > 100
    calls = len(server.seen)
    report = task.parent / "report.json"
    assert run("probe", "--from", "task.probe.jsonl", "--format", "json", "-o", report).code in (0, 4)
    again = json.loads(run("assess", task, "--measured", report, "--format", "json").out)
    assert (again["verdict"]["family"], again["options"][0]["quality"]["n"]) == (
        document["verdict"]["family"],
        document["options"][0]["quality"]["n"],
    )
    assert again["profile"]["measured"][0]["source"] == "report.json"
    assert len(server.seen) == calls
    shown = run("report", save(task.parent / "saved.json", ran.out)).out
    assert "of yours" in shown


def test_a_second_probe_goes_on(task: Path) -> None:
    """What was asked before is not asked again."""
    server = Server(answer=right)
    with serving(server):
        arguments = ("assess", task, "--probe", *probing(server, "llama-3.1-8b", "gpt-4o"))
        first, calls = run(*arguments), len(server.seen)
        second = run(*arguments)
    assert (second.out, len(server.seen)) == (first.out, calls)


def test_a_cap_that_ends_the_probe(task: Path) -> None:
    """Exit 4, with the decision on what is known."""
    server = Server(answer=right)
    with serving(server):
        ran = run("assess", task, "--probe", *probing(server, "llama-3.1-8b", "gpt-4o"), "--max-cost", 0.00001)
    assert (ran.code, "triage" in ran.out) == (4, True), ran.err


def test_a_cascade_folded_into_the_decision(task: Path) -> None:
    """The report of `slmdecide cascade` gives the cascade option its escalation and its promise."""
    results = write_csv(task.parent / "results.csv", knowing_rows(10_000))
    save(task, TASK.replace("{risk: high}", "{risk: high, tolerance: 5}"))
    report = task.parent / "cascade.json"
    assert run("cascade", results, "--tolerance", 0.05, "--format", "json", "-o", report).code == 0
    ran = run(
        "assess", task, "--measured", report, "--measured-as", "small=llama-3.1-8b", "--measured-as", "large=gpt-4o", "--format", "json"
    )
    document = json.loads(ran.out)
    chosen = json.loads(report.read_text(encoding="utf-8"))["chosen"]
    found = next(one for one in document["options"] if one["family"] == "cascade")
    assert found["cost_model"]["members"][1]["share"]["typical"] == chosen["escalation_rate"]["value"]
    assert found["quality"]["source"] == "measured_here"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--measured", "absent.json"), 2, "absent.json"),
        (("--measured", "task.yaml"), 2, "task.yaml"),
        (("--measured", "run.jsonl"), 2, "run file"),
        (("--measured", "models.json"), 2, "is no report of `slmdecide probe`"),
        (("--measured", "odd.json"), 2, "--measured-as mystery=ID"),
        (("--measured", "odd.json", "--measured-as", "mystery=llama-3.1-8"), 2, "llama-3.1-8b"),
        (("--measured", "odd.json", "--measured-as", "mystery"), 2, "NAME=ID"),
        (("--measured", "step=odd.json"), 2, "step=odd.json"),
        (("--measured-as", "a=gpt-4o"), 2, "--measured FILE"),
        (("--measured", "floor.json"), 2, "measured against a floor"),
        (("--model", "gpt-4o"), 2, "--probe"),
        (("other.yaml", "--measured", "odd.json"), 2, "one profile"),
        (("other.yaml", "--probe"), 2, "one profile"),
        (("--probe", "--examples", "absent.jsonl"), 2, "absent.jsonl"),
    ],
)
def test_mistakes(task: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    """Each is refused with what is wrong and what to do."""
    folder = task.parent
    save(folder / "other.yaml", TASK)
    save(folder / "run.jsonl", "{}\n")
    save(folder / "models.json", run("models", "--format", "json").out)
    for name, model, floor in (("odd", "mystery", None), ("floor", "llama-3.1-8b", 0.5)):
        server = Server(answer=right)
        with serving(server):
            asked = ("--floor", floor) if floor is not None else ()
            options = (*probing(server, model, "gpt-4o"), *asked, "--run", f"{name}.jsonl")
            run("probe", task, *options, "--format", "json", "-o", folder / f"{name}.json")
    ran = run("assess", task, *arguments)
    assert (ran.code, said in ran.err, ran.out) == (code, True, ""), ran.err


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("measured: [{model: llama-3.1-8, against: floor, n: 5, estimate: 0.5, low: 0.4, high: 0.6, source: x}]", "measured[0].model"),
        ("measured: [{model: gpt-4o, against: floors, n: 5, estimate: 0.5, low: 0.4, high: 0.6, source: x}]", "'floor'"),
        ("measured: [{model: gpt-4o, against: floor, n: 5, estimate: 0.7, low: 0.4, high: 0.6, source: x}]", "lies between low"),
        ("measured: [{model: gpt-4o, against: floor, n: 0, estimate: 0.5, low: 0.4, high: 0.6, source: x}]", "measured[0].n"),
        ("cascade: {small: llama-3.1-8b, large: gpt-4o, threshold: 0.5}", "escalation_share"),
        ("cascade: {small: llama-3.1-8b, large: gpt4o, threshold: 0.5, escalation_share: 0.2}", "cascade.large"),
        ("cascade: {small: llama-3.1-8b, large: gpt-4o, threshold: 0.5, escalation_share: 0.2, delta: 0.1}", "tolerance"),
        ("cascade: {small: llama-3.1-8b, large: gpt-4o, threshold: 0.5, escalation_share: 0.2, escalation_low: 0.3}", "lies between"),
    ],
)
def test_mistakes_in_the_profile(tmp_path: Path, lines: str, said: str) -> None:
    """With file, line and field."""
    ran = run("validate", save(tmp_path / "task.yaml", f"{TASK}{lines}\n"))
    assert ran.code == 2
    assert f"task.yaml:{TASK.count(chr(10)) + 1}" in ran.err
    assert said in ran.err


def test_stages_have_their_own(tmp_path: Path) -> None:
    """A stage is measured by its name; the profile as a whole is not."""
    pipeline = Path(__file__).parents[1] / "profiles" / "catalogue" / "internal-rag.yaml"
    report = tmp_path / "report.json"
    examples = save(
        tmp_path / "examples.jsonl", "".join(f'{{"input": "text number {i}", "expected": "{LABELS[i % 3]}"}}\n' for i in range(90))
    )
    server = Server(answer=right)
    with serving(server):
        done = run(
            "probe",
            save(tmp_path / "step.yaml", TASK),
            "--examples",
            examples,
            "--run",
            tmp_path / "run.jsonl",
            *probing(server, "llama-3.1-8b", "gpt-4o"),
            "--format",
            "json",
            "-o",
            report,
        )
    assert done.code in (0, 4)
    document = json.loads(run("assess", pipeline, "--format", "json").out)
    stage = document["stages"][0]["name"]
    assert f"--measured {stage}=FILE" in run("assess", pipeline, "--measured", report).err
    again = json.loads(run("assess", pipeline, "--measured", f"{stage}={report}", "--format", "json").out)
    assert {
        one["quality"]["source"] for one in again["stages"][0]["options"] if one["model"] == "llama-3.1-8b" and one["mode"] == "prompted"
    } == {"measured_here"}
    assert "measured_here" not in json.dumps(again["stages"][1]["options"])
