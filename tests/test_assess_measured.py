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
from slmdecide.records.profile_measured import MeasuredCascade, MeasuredModel
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
ONE = "measured: [{{model: qwen3-4b, against: large_model, n: 9, estimate: 0, low: 0, high: 0, metric: {metric}, source: x}}]\n"


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
    """Against a floor the score counts; no sentence says that published scores do not tell."""
    text = TASK.replace("{risk: high}", "{risk: high, floor: 0.8}")
    found = decided(measured(0.9, 0.85, 0.95, against="floor"), text=text)
    assert found.verdict.family == "small"
    assert not any(one.startswith("Open:") for one in found.verdict.reasons)
    large = decided(measured(0.7, 0.65, 0.75, against="floor", model="gpt-4o"), measured(0.9, 0.85, 0.95, against="floor"), text=text)
    assert option(large, "large", "gpt-4o").quality.p_good_enough == pytest.approx(0.001, abs=0.001)


def test_other_yardsticks_say_nothing() -> None:
    """What was measured against a floor does not tell how far the large model is, and the report says so."""
    found, before = decided(measured(0.9, 0.85, 0.95, against="floor")).verdict, decided().verdict
    assert replace(found, reasons=before.reasons) == before
    assert [one for one in found.reasons if one not in before.reasons] == [
        "Not counted: what was measured of llama-3.1-8b is against a floor, and the profile has none."
    ]


def test_a_measured_api_that_is_too_slow() -> None:
    """Its 95th percentile is held against the latency limit; GPUs are held against their own."""
    text = TASK.replace("quality:", "latency: {p95_ms: 800}\nquality:")
    slow = option(decided(measured(p95_ms=1200.0), text=text))
    assert [veto.id for veto in slow.vetoes] == ["latency"]
    assert not option(decided(measured(p95_ms=700.0), text=text)).vetoes
    said = [one for one in decided(measured(p95_ms=700.0), text=text).verdict.reasons if one.startswith("Latency:")]
    assert said == ["Latency: 95 of 100 answers of llama-3.1-8b took up to 700 ms when it was measured; 800 ms are wanted."]
    first = text.replace("{p95_ms: 800}", "{p95_ms: 800, ttft_ms: 300}")
    said = [one for one in decided(measured(p95_ms=700.0), text=first).verdict.reasons if one.startswith("Latency:")]
    assert "so the TTFT of 300 ms is not checked" in said[1]
    assert "so the 95 % latency of 800 ms and TTFT of 300 ms is not checked" in " ".join(decided(measured(), text=first).verdict.reasons)


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


def test_a_cascade_is_no_better_than_its_large_member() -> None:
    """Where the large model is shown to miss the floor, escalation makes up for nothing, published or replayed; nor past an open one."""
    text = TASK.replace("{risk: high}", "{risk: low, floor: 0.85}")
    small = measured(0.84, 0.82, 0.87, against="floor")
    low = (measured(0.7, 0.66, 0.74, against="floor", model="gpt-4o"), small)
    high = (measured(0.95, 0.94, 0.96, against="floor", model="gpt-4o"), small)
    missed, made_up = (option(decided(*one, text=text), "cascade").quality.p_good_enough for one in (low, high))
    assert missed is not None
    assert made_up is not None
    assert missed < made_up - 0.3
    replayed = option(decided(*low, text=text, cascade=REPLAYED), "cascade")
    assert (replayed.quality.source, replayed.quality.p_good_enough) == ("measured_here", pytest.approx(0.0009))
    beside = "gpt-oss-120b"
    found = decided(cascade=replace(REPLAYED, large=beside))
    alone = option(found, "large", beside).quality.p_good_enough
    assert alone is not None
    assert option(found, "cascade").quality.p_good_enough == pytest.approx(0.9 * alone)


def test_a_floor_wants_room_for_what_the_cascade_may_fall_behind() -> None:
    """A large model that just reaches the floor does not bring the cascade there, which may be 2 points behind; one well above does."""
    text = TASK.replace("{risk: high}", "{risk: low, floor: 0.85}")
    just, well = (measured(one, one - 0.01, one + 0.01, against="floor", model="gpt-4o") for one in (0.865, 0.95))
    assert option(decided(just, text=text, cascade=REPLAYED), "cascade").quality.p_good_enough < 0.3
    assert option(decided(well, text=text, cascade=REPLAYED), "cascade").quality.p_good_enough == pytest.approx(0.9, abs=0.001)


def test_a_promise_does_not_settle_a_floor() -> None:
    """A cascade that stays near a large model that nobody held against the floor is as open as that one; one that was is not."""
    text = TASK.replace("{risk: high}", "{risk: medium, floor: 0.85}")
    open_floor = decided(cascade=REPLAYED, text=text)
    assert (open_floor.verdict.family, option(open_floor, "cascade").quality.source) == ("undecided", "not_measured")
    known = decided(measured(0.95, 0.94, 0.96, against="floor", model="gpt-4o"), cascade=REPLAYED, text=text)
    assert known.verdict.family == "cascade"
    assert not any("replay them" in one for one in known.verdict.reasons)


def test_a_fine_tuned_model_that_was_measured_needs_no_labels() -> None:
    """It has been fine-tuned: neither the veto nor the steps ask for examples to do so; models that were not are ruled out."""
    found = decided(measured(mode="fine_tuned"))
    assert found.verdict.family == "fine_tuned_small"
    assert not any(step.do.startswith(("Label", "Fine-tune", "Set aside")) for step in found.next_steps)
    assert not any(one.startswith("Labels:") for one in found.verdict.reasons)
    assert "too_few_labels" in {veto.id for veto in option(found, "fine_tuned_small", "qwen3-4b").vetoes}
    tuned = decided(cascade=replace(REPLAYED, small_mode="fine_tuned"))
    assert not option(tuned, "cascade").vetoes


def test_what_was_measured_is_told_of_those_that_are_not_chosen() -> None:
    """Each with its score, once; where all were shown not to reach a floor, the answer says that quality stands in the way."""
    bad = decided(measured(-0.2, -0.25, -0.15))
    assert sum("−20.0 points" in one for one in bad.verdict.reasons) == 1
    text = TASK.replace("{risk: high}", "{risk: high, floor: 0.85}")
    none = decided(*(measured(0.6, 0.55, 0.65, against="floor", model=one) for one in ("llama-3.1-8b", "qwen3-4b", "gpt-4o")), text=text)
    assert none.verdict.family == "infeasible"
    assert "likely enough to reach the floor of 0.85" in none.verdict.summary
    assert sum(one.startswith("Measured: ") for one in none.verdict.reasons) == 3


def test_no_large_model_that_is_good_enough() -> None:
    """The reason says that there is none to compare the money with, not that none may be used."""
    text = TASK.replace("{risk: high}", "{risk: high, floor: 0.8}")
    found = decided(measured(0.7, 0.65, 0.75, against="floor", model="gpt-4o"), measured(0.9, 0.85, 0.95, against="floor"), text=text)
    assert found.verdict.family == "small"
    assert any("no saving to state" in one for one in found.verdict.reasons)
    assert not any("may be used, and no other" in one for one in found.verdict.reasons)


def test_stages_with_floors_of_their_own() -> None:
    """The same measurement of the same task is enough for one floor and not for the other."""
    task = "nature: classification, task: {labels: [a, b, c]}, volume: {input_tokens: 400, output_tokens: 5}"
    seen = "measured: [{model: llama-3.1-8b, against: floor, n: 900, estimate: 0.85, low: 0.82, high: 0.88, source: x}]"
    text = TASK.replace("task: {labels: [alpha, beta, gamma]}\n", "") + "".join(
        ["stages:\n", *(f"- {{name: at {floor}, {task}, quality: {{floor: {floor}}}, {seen}}}\n" for floor in (0.8, 0.95))]
    )
    low, high = assess(parse_profile(text, "task.yaml", CATALOG), CATALOG).stages
    likely = [next(one.quality.p_good_enough for one in stage.options if one.id == "llama-3.1-8b:prompted:api") for stage in (low, high)]
    assert likely[0] == pytest.approx(0.999)
    assert likely[1] == pytest.approx(0.001)


def test_an_open_large_model_is_to_be_measured() -> None:
    """Where it is the yardstick only because no API may be used, one step says to measure it; with a floor it is no yardstick."""
    text = TASK.replace("quality:", "privacy: {may_leave: own_cloud}\nquality:").replace("gpt-4o]", "llama-3.3-70b]")
    floor = text.replace("{risk: high}", "{risk: high, floor: 0.8}")
    reached = measured(0.95, 0.94, 0.96, against="floor", model="llama-3.3-70b")
    for found, steps in ((decided(text=text), 1), (decided(reached, text=floor), 0)):
        assert found.verdict.option_id is not None
        assert found.verdict.option_id.startswith("llama-3.3-70b:prompted:")
        assert sum(step.do.startswith("Measure llama-3.3-70b on") for step in found.next_steps) == steps
    assert decided(text=floor).verdict.family == "undecided"


def test_one_example() -> None:
    """In the singular."""
    assert "measured on 1 example of yours" in option(decided(measured(0.0, -1.0, 1.0, n=1))).quality.explanation


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
    assert (document["command"], again["command"]) == (
        f"slmdecide assess {task} --probe",
        f"slmdecide assess {task} --measured {report}",
    )
    assert (again["verdict"]["family"], again["options"][0]["quality"]["n"]) == (
        document["verdict"]["family"],
        document["options"][0]["quality"]["n"],
    )
    assert again["profile"]["measured"][0]["source"] == "report.json, against gpt-4o"
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


def test_a_promise_at_the_tolerance_itself(task: Path) -> None:
    """7 points in the report are the 7 points of the profile, although 100 × 0.07 is a little more."""
    results = write_csv(task.parent / "results.csv", knowing_rows(4000))
    save(task, TASK.replace("{risk: high}", "{risk: high, tolerance: 7}"))
    report = task.parent / "cascade.json"
    assert run("cascade", results, "--tolerance", 7, "--format", "json", "-o", report).code == 0
    names = ("--measured-as", "small=llama-3.1-8b", "--measured-as", "large=gpt-4o")
    document = json.loads(run("assess", task, "--measured", report, *names, "--format", "json").out)
    found = next(one for one in document["options"] if one["family"] == "cascade")
    assert found["quality"]["source"] == "measured_here"
    turned = run("assess", task, "--measured", report, "--measured-as", "small=gpt-4o", "--measured-as", "large=gpt-4o")
    assert (turned.code, "does not count as small" in turned.err) == (2, True)


def probed(task: Path, name: str, *models: str) -> Path:
    """The report of a probe of these models, all of them right."""
    server = Server(answer=right)
    with serving(server):
        report = task.parent / f"{name}.json"
        ran = run("probe", task, *probing(server, *models), "--run", f"{name}.jsonl", "--format", "json", "-o", report)
    assert ran.code in (0, 4), ran.err
    return report


def test_measured_against_a_small_model(task: Path) -> None:
    """How far a model is behind a small one says nothing of a large one: it is refused."""
    ran = run("assess", task, "--measured", probed(task, "small", "qwen3-4b", "llama-3.1-8b"))
    assert (ran.code, ran.out) == (2, "")
    assert "compared the models with llama-3.1-8b, which is a small model" in ran.err


def test_a_probe_of_small_models_alone_asks_nothing(task: Path) -> None:
    """It is refused before the first call, because its answer could not be used."""
    server = Server(answer=right)
    with serving(server):
        ran = run("assess", task, "--probe", *probing(server, "qwen3-4b", "llama-3.1-8b"))
    assert (ran.code, ran.out, server.seen) == (2, "", [])
    assert "none is a large model" in ran.err


def test_a_cap_that_allows_no_call(task: Path) -> None:
    """The decision on what is published, with exit code 4 and a note."""
    server = Server(answer=right)
    with serving(server):
        ran = run("assess", task, "--probe", *probing(server, "llama-3.1-8b", "gpt-4o"), "--max-cost", 0)
    assert (ran.code, server.seen) == (4, [])
    assert "note: nothing was measured" in ran.err
    assert "nothing is measured on your data yet" in " ".join(ran.out.split())


def test_a_diff_names_what_was_measured(task: Path) -> None:
    """What turned the answer is the measurement, with its figures; before there was none."""
    report = probed(task, "one", "llama-3.1-8b", "gpt-4o")
    for name, options in (("old", ()), ("new", ("--measured", report))):
        assert run("assess", task, *options, "--format", "json", "-o", f"{name}.json").code == 0
    told = " ".join(run("diff", "old.json", "new.json").out.split())
    assert "What turns it, alone: measured (– → llama-3.1-8b, prompted: against the large model 0 (-0.0" in told


def test_metric_and_date_are_taken_over_and_shown(task: Path) -> None:
    """A probe says by which metric and on which day, of the run's own calls; the decision, its profile, the page and a diff say so."""
    report = probed(task, "one", "llama-3.1-8b", "gpt-4o")
    days = {
        json.loads(line)["started_at"][:10] for line in (task.parent / "one.jsonl").read_text("utf-8").splitlines() if "started_at" in line
    }
    saved = json.loads(report.read_text(encoding="utf-8"))
    assert saved["measured_on"] == max(days)
    ran = run("assess", task, "--measured", report, "--format", "json")
    taken = json.loads(ran.out)["profile"]["measured"][0]
    assert (taken["metric"], taken["measured_on"]) == ("exact_label", max(days))
    assert f"of yours by exact label on {max(days)} (one.json, against gpt-4o)" in " ".join(
        run("assess", task, "--measured", report).out.split()
    )
    del saved["measured_on"]
    old = save(task.parent / "old.json", json.dumps(saved))
    assert run("report", old).code == 0
    assert json.loads(run("assess", task, "--measured", old, "--format", "json").out)["profile"]["measured"][0]["measured_on"] is None


def test_a_report_by_another_metric_is_refused(task: Path) -> None:
    """Where the profile asks for another one, and where models were scored by different ones; a probe made now is not thrown away."""
    report = probed(task, "one", "llama-3.1-8b", "gpt-4o")
    text = task.read_text(encoding="utf-8")
    save(task, text.replace("{risk: high}", "{risk: high, metric: token_f1}"))
    ran = run("assess", task, "--measured", report)
    assert (ran.code, ran.out) == (2, "")
    assert "one.json: models[].metric: found 'exact_label' of llama-3.1-8b; quality.metric is token_f1; allowed: token_f1" in ran.err
    earlier = "measured: [{model: qwen3-4b, against: large_model, n: 9, estimate: 0, low: 0, high: 0, metric: rouge_l, source: x}]\n"
    save(task, text + earlier)
    ran = run("assess", task, "--measured", report)
    assert (ran.code, "found 'exact_label' of llama-3.1-8b, and 'rouge_l' of qwen3-4b (x); allowed: one metric" in ran.err) == (2, True)
    server = Server(answer=right)
    with serving(server):
        ran = run("assess", task, "--probe", *probing(server, "llama-3.1-8b", "gpt-4o"))
    assert ran.code in (0, 4), ran.err
    assert "so what x says of qwen3-4b by rouge_l is left out" in ran.err


@pytest.mark.parametrize("word", ["accuracy", "macro_f1", "Micro-F1", "exact_label", "our own score"])
def test_words_that_a_score_of_labels_is_held_against(task: Path, word: str) -> None:
    """Accuracy stands for each of them, as a probe says; of a name that is none of ours nothing is known."""
    save(task, f"{TASK.replace('{risk: high}', '{risk: high, metric: ' + word + '}')}{ONE.format(metric='exact_label')}")
    assert run("validate", task).code == 0


def test_notes_on_reports(task: Path) -> None:
    """A probe of a task with another name, and one that takes the place of another, are said; standard input is called so."""
    report = probed(task, "one", "llama-3.1-8b", "gpt-4o")
    save(task, TASK.replace("name: triage", "name: spam") + "data: {examples_file: examples.jsonl}\n")
    ran = run("assess", task, "--measured", report, "--measured", "-", "--format", "json", stdin=report.read_bytes())
    assert ran.code == 0, ran.err
    assert "note: one.json: is a probe of 'triage', and this is 'spam'" in ran.err
    assert "note: standard input: takes the place of what one.json, against gpt-4o says of llama-3.1-8b" in ran.err
    assert json.loads(ran.out)["profile"]["measured"][0]["source"] == "standard input, against gpt-4o"


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
        (ONE.format(metric="exact_labels"), "exact_label"),
        (ONE.format(metric="rouge_l, measured_on: 28.11.2026"), "a date such as 2026-11-28"),
        (
            (
                "measured: [{model: gpt-4o, against: floor, n: 5, estimate: 0.5, low: 0.4, high: 0.6, metric: numeric, source: x}, "
                "{model: qwen3-4b, against: floor, n: 5, estimate: 0.5, low: 0.4, high: 0.6, metric: contains, source: x}]"
            ),
            "measured[1].metric: found 'contains'; gpt-4o is by numeric; allowed: numeric",
        ),
        ("cascade: {small: gpt-4o, large: gpt-4o, threshold: 0.5, escalation_share: 0.2}", "does not count as small"),
        ("cascade: {small: qwen3-4b, large: llama-3.1-8b, threshold: 0.5, escalation_share: 0.2}", "does not count as large"),
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


def test_shares_as_people_write_them(tmp_path: Path) -> None:
    """Differences and scores may be percent, as the message for a share above 1 proposes."""
    line = "measured: [{model: gpt-4o, against: large_model, n: 9, estimate: -1%, low: -2.5%, high: 0.01, source: x}]\n"
    assert run("validate", save(tmp_path / "task.yaml", TASK + line)).code == 0
    found = parse_profile(TASK + line, "task.yaml", CATALOG).measured[0]
    assert (found.estimate, found.low, found.high) == pytest.approx((-0.01, -0.025, 0.01))
