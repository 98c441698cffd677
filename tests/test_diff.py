"""`slmdecide diff` and `assess --against`: what is different between two decisions, and which change did it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slmdecide.core.assess import assess
from slmdecide.core.diff import diff
from slmdecide.core.diff_world import offers_of, outcome, recorded, world_of
from slmdecide.core.profile_fields import different, with_fields
from slmdecide.readers.catalog import load_catalog
from slmdecide.records.settings import Thresholds
from slmdecide.report.diff import as_sections, build
from slmdecide.report.document import from_document, record_document, to_document, to_json
from slmdecide.report.markdown import write as as_markdown
from slmdecide.report.text import write as as_text
from tests.decided import READY, decided, loaded, other_volume, profile, save, with_prices
from tests.example_assessments import EXAMPLES, HOSTILE, SMALL, with_strings
from tests.running import run

if TYPE_CHECKING:
    from slmdecide.records.assessment import Assessment
    from slmdecide.records.catalog import Catalog
    from slmdecide.records.diff import Diff, TaskDiff
    from slmdecide.records.profile import TaskProfile

TRIAGE = READY / "support-triage.yaml"
NAMES = sorted(one.stem for one in READY.glob("*.yaml"))


def compared(old: Assessment, new: Assessment, thresholds: Thresholds | None = None) -> Diff:
    """The difference by the data at hand."""
    return diff([old], [new], load_catalog(), names=("old.json", "new.json"), thresholds=thresholds or Thresholds())


def only(found: Diff) -> TaskDiff:
    """The one task that is different."""
    (task,) = found.changes
    return task


def changed(name: str, **sections: dict[str, object]) -> TaskProfile:
    """A ready profile with some fields of its sections changed."""
    one = profile(name)
    return replace(one, **{section: replace(getattr(one, section), **values) for section, values in sections.items()})


@pytest.mark.parametrize("name", NAMES)
def test_a_decision_does_not_differ_from_itself(name: str) -> None:
    """Nothing is told of the same decision, read back from its JSON."""
    again = from_document(json.loads(to_json(to_document(decided(name)))))
    found = compared(decided(name), again)
    assert (found.changed, found.changes, found.unchanged) == (False, (), 1)


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_decision_can_be_made_again(name: str) -> None:
    """Profile and prices of the file lead to its answer and its cost, whether or not the prices at hand are the same."""
    one = from_document(json.loads(to_json(to_document(decided(name)))))
    assert one.profile is not None
    world = world_of(one, one.profile, load_catalog())
    assert outcome(world, load_catalog()) == recorded(one)
    apart = replace(world, offers=offers_of(one), gpu_prices={price.gpu: price for price in one.gpu_prices}, prices_as_of="2026-01-01")
    assert outcome(replace(apart, prices_as_of=world.prices_as_of), load_catalog()) == recorded(one)


def test_the_file_holds_what_decides_and_no_more() -> None:
    """The profile without its description, and each offer with its price, day and name."""
    document = to_document(decided())
    assert document["profile"]["volume"]["requests_per_month"] == 3_000_000
    assert document["profile"]["description"] is None
    assert document["profile"]["today"] == "gpt-4o"
    (price,) = [one for one in document["prices"] if (one["model"], one["mode"]) == ("gpt-4o", "prompted")]
    assert price.keys() >= {"id", "input_usd_per_mtok", "output_usd_per_mtok", "as_of"}
    addresses = changed("support-triage", privacy={"inside_endpoints": ("secret.internal:8000",)}, data={"examples_file": "names.csv"})
    text = to_json(to_document(assess(addresses, load_catalog())))
    assert "secret.internal" not in text
    assert "names.csv" not in text


def test_an_input_that_turned_the_answer_is_named() -> None:
    """A thousandth of the volume: the large model's API stays, and the report says that the volume did it."""
    task = only(compared(decided(), other_volume(3000)))
    assert (task.verdict_changed, task.old.family, task.new.family) == (True, "fine_tuned_small", "large")
    assert task.why is not None
    (cause,) = task.why.causes
    assert (cause.kind, cause.name, cause.turns_verdict, cause.families) == ("input", "volume.requests_per_month", True, ("large",))
    assert task.why.together == ()
    assert task.why.not_known is None
    text = as_text(build(compared(decided(), other_volume(3000))))  # type: ignore[arg-type]  # it is different
    assert "What turns it, alone: volume.requests_per_month (3,000,000 → 3,000)." in " ".join(text.split())


@pytest.mark.parametrize("at_hand", ["old", "new"])
def test_the_price_that_turned_the_answer_is_named(at_hand: str) -> None:
    """Of two price snapshots: the model that got dear is named, and not the one that merely got cheaper; on either day."""
    later = with_prices({"nova-micro": 40, "gpt-4o-mini": 0.9}, as_of="2027-01-05")
    new = assess(profile("support-triage"), later)
    catalog = load_catalog() if at_hand == "old" else later
    found = diff([decided()], [new], catalog, names=("old.json", "new.json"), thresholds=Thresholds())
    task = only(found)
    assert (task.old.option_id, task.new.option_id) == ("nova-micro:fine_tuned:api", "llama-3.1-8b:fine_tuned:rented_gpu")
    assert task.why is not None
    turning = [one for one in task.why.causes if one.turns_verdict]
    assert [(one.kind, one.name) for one in turning] == [("price", "amazon.nova-micro-v1:0 (nova-micro)")]
    moved = {one.field: (one.old, one.new) for one in turning[0].moved}
    assert moved["input_usd_per_mtok"] == (0.035, pytest.approx(1.4))
    assert {one.model for one in task.prices} == {"nova-micro", "gpt-4o-mini"}
    assert "amazon.nova-micro-v1:0" in as_markdown(build(found))  # type: ignore[arg-type]  # it is different
    assert task.why.not_known is None


def test_changes_that_turn_it_only_together_are_named_together() -> None:
    """Less volume and a higher least saving: neither is enough, both are; a third change that does nothing is not blamed."""
    both = changed(
        "support-triage",
        volume={"requests_per_month": 800_000.0},
        decision={"min_saving_usd_per_month": 2000.0},
        team={"cascade_setup_hours": 25.0},
    )
    task = only(compared(decided(), assess(both, load_catalog())))
    assert task.new.family == "large"
    assert task.why is not None
    assert not any(one.turns_verdict for one in task.why.causes)
    assert set(task.why.together) == {"volume.requests_per_month", "decision.min_saving_usd_per_month"}
    assert {one.name for one in task.why.causes} == set(task.why.together)
    text = " ".join(as_text(build(compared(decided(), assess(both, load_catalog())))).split())  # type: ignore[arg-type]  # it is different
    assert "What turns it, only together: " in text
    assert "turns the answer only together with the other; alone at the same cost, the same answer." in text


def test_fields_that_contradict_each_other_alone_are_tried_together() -> None:
    """A shorter prompt cannot hold the old text, so both lengths are one change; another field stays its own."""
    shorter = changed("support-triage", volume={"input_tokens": 200.0, "text_tokens": 100.0, "requests_per_month": 2e6})
    task = only(compared(decided(), assess(shorter, load_catalog())))
    assert task.why is not None
    assert {one.name for one in task.why.causes} == {"volume.input_tokens and volume.text_tokens", "volume.requests_per_month"}


def test_a_field_that_makes_no_sense_alone_is_said_to_make_none() -> None:
    """Labels and their number contradict each other whichever comes first; where no pair helps, all of the section go together."""
    old = assess(changed("support-triage", task={"labels": None, "n_labels": 12}), load_catalog())
    task = only(compared(old, assess(changed("support-triage", task={"labels": ("a", "b")}), load_catalog())))
    assert {one.field for one in task.inputs} == {"task.labels", "task.n_labels"}
    assert task.why is None or {one.name for one in task.why.causes} <= {"task.labels and task.n_labels"}


def test_what_was_assumed_then_is_a_change_too() -> None:
    """A default of an earlier version that turned out otherwise now is tried like an input, and named as assumed."""
    cheap = changed("support-triage", team={"rate_usd_per_hour": 9.0})
    old = replace(assess(cheap, load_catalog()), profile=decided().profile)
    assumed = tuple(replace(one, value=9.0) if one.field == "team.rate_usd_per_hour" else one for one in decided().assumptions)
    task = only(compared(replace(old, assumptions=assumed), decided()))
    assert [(one.field, one.old, one.new) for one in task.assumptions] == [("team.rate_usd_per_hour", 9.0, 90.0)]
    assert task.why is not None
    assert [(one.kind, one.name) for one in task.why.causes] == [("assumption", "team.rate_usd_per_hour")]


def test_other_rules_are_blamed_where_inputs_and_prices_do_not_explain_it() -> None:
    """A file whose own inputs lead to another answer today was made by other rules or data."""
    old = replace(decided(), verdict=replace(decided().verdict, family="large", option_id="gpt-4o:prompted:api"))
    task = only(compared(old, decided()))
    assert task.why is not None
    assert [(one.kind, one.turns_verdict) for one in task.why.causes] == [("rules", True)]


def test_a_file_without_its_inputs_is_compared_all_the_same() -> None:
    """A file of an earlier version holds no profile: what differs is told, and why it does is said not to be known."""
    task = only(compared(replace(decided(), profile=None, prices=(), gpu_prices=()), other_volume(3000)))
    assert task.verdict_changed
    assert task.why is not None
    assert task.why.not_known == "the older file does not hold the profile and the prices that it was made from"


def test_a_model_that_is_gone_is_no_crash() -> None:
    """A candidate of the old file that is no longer known: why is not known."""
    assert decided().profile is not None
    gone = replace(decided().profile, candidates=("no-such-model",))  # type: ignore[type-var]  # a profile
    task = only(compared(replace(decided(), profile=gone), other_volume(3000)))
    assert task.why is not None
    assert task.why.not_known is not None
    assert "no-such-model" in task.why.not_known


def test_a_step_of_a_pipeline_is_named() -> None:
    """The step whose answer is another one, by its name."""
    one = profile("internal-rag")
    assert one.stages is not None
    stages = tuple(replace(step, quality=replace(step.quality, risk="high")) if step.name == "route" else step for step in one.stages)
    task = only(compared(decided("internal-rag"), assess(replace(one, stages=stages), load_catalog())))
    assert [step.name for step in task.stages] == ["route"]
    assert task.why is not None
    assert [cause.name for cause in task.why.causes] == ["stages[0].quality.risk"]


def test_options_that_came_went_or_stand_otherwise() -> None:
    """Another candidate is new, a dropped one is gone, one whose data may not leave is ruled out now."""
    one = profile("support-triage")
    assert one.candidates is not None
    other = replace(one, candidates=(*one.candidates[1:], "mistral-7b"), privacy=replace(one.privacy, may_leave="own_cloud"))
    moved = {option.id: option for option in only(compared(decided(), assess(other, load_catalog()))).options}
    assert moved["mistral-7b:fine_tuned:rented_gpu"].change == "new"
    assert moved["bert-base:fine_tuned:rented_gpu"].change == "gone"
    assert (moved["gpt-4o:prompted:api"].change, moved["gpt-4o:prompted:api"].vetoes) == ("now_ruled_out", ("data_may_not_leave",))


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "requests_per_month": st.sampled_from([2e3, 5e5, 3e7]),
            "output_tokens": st.sampled_from([4.0, 40.0, 400.0]),
            "input_tokens": st.sampled_from([250.0, 2000.0]),
            "peak_to_mean": st.sampled_from([1.5, 20.0]),
        },
    ),
    st.sampled_from(["low", "medium", "high"]),
    st.sampled_from(["anywhere", "own_cloud", "nowhere"]),
)
def test_laws_of_a_difference(volume: dict[str, object], risk: str, may_leave: str) -> None:
    """Backward is the opposite of forward; all fields of the new profile in the old one make the new one; who turns it is told."""
    other = changed("support-triage", volume=volume, quality={"risk": risk}, privacy={"may_leave": may_leave})
    old, new = decided(), assess(other, load_catalog())
    there, back = compared(old, new), compared(new, old)
    assert there.changed == back.changed == (other != profile("support-triage"))
    for one, opposite in zip(there.changes, back.changes, strict=True):
        assert [(c.name, c.old, c.new) for c in one.costs] == [(c.name, c.new, c.old) for c in opposite.costs]
        assert [(m.field, m.old, m.new) for m in one.inputs] == [(m.field, m.new, m.old) for m in opposite.inputs]
        if one.verdict_changed:
            assert one.why is not None
            assert one.why.not_known is None
            assert one.why.together or any(cause.turns_verdict for cause in one.why.causes)
            assert len(one.why.together) != 1
    assert old.profile is not None
    assert new.profile is not None
    assert with_fields(old.profile, {one.road: one.new for one in different(old.profile, new.profile)}) == new.profile


def test_thresholds_silence_small_changes() -> None:
    """A cost that moves by less than every threshold says is not worth a word; the JSON still has it, as not changed."""
    near = other_volume(3_030_000)
    cost = next(one for one in only(compared(decided(), near)).costs if one.name == "total_usd_per_month")
    assert cost.change_usd is not None
    assert 0 < cost.change_usd < 2
    assert compared(decided(), near).changed
    assert compared(decided(), near, Thresholds(usd_per_month=cost.change_usd)).changed
    assert not compared(decided(), near, Thresholds(usd_per_month=5)).changed
    assert not compared(decided(), near, Thresholds(share=0.05)).changed
    assert not compared(decided(), near, Thresholds(usd_per_month=0.01, share=0.05)).changed
    assert build(compared(decided(), near, Thresholds(usd_per_month=5))) is None
    assert compared(decided(), other_volume(3000), Thresholds(usd_per_month=1e9)).changed  # the verdict turned


def test_other_dates_and_hashes_alone_do_not_matter() -> None:
    """The data got a new day and changed nothing: silence, and the JSON says what is new."""
    later = replace(decided(), data=replace(decided().data, prices_as_of="2027-01-05", sha256="0" * 64))
    found = compared(decided(), later)
    assert (found.changed, build(found), as_sections(found)) == (False, None, ())
    assert {one.field for one in only(found).data} == {"prices_as_of", "sha256"}


def test_portfolios_are_joined_by_name() -> None:
    """Tasks that came, went, changed and stayed, in any order; and the totals."""
    rag, code = decided("internal-rag"), decided("code-review")
    found = diff([decided(), rag], [code, other_volume(3000)], load_catalog(), names=("old.json", "new.json"), thresholds=Thresholds())
    assert [one.task for one in found.changes] == ["Support triage"]
    assert [one.task for one in found.added] == [code.task.name]
    assert [one.task for one in found.removed] == ["Internal knowledge base"]
    assert {one.name for one in found.total_change} >= {"monthly_cost_usd", "total_usd_per_month"}
    text = " ".join(as_text(build(found)).split())  # type: ignore[arg-type]  # it is different
    assert "Changes: 1 of 1 task different, 1 added, 1 removed" in text
    same = diff([decided(), rag], [rag, decided()], load_catalog(), names=("a", "b"), thresholds=Thresholds())
    assert (same.changed, same.changes, same.unchanged) == (False, (), 2)


def test_a_renamed_task_is_the_same_task() -> None:
    """Two files of one task each belong together, and the old name is told."""
    found = compared(decided(), replace(other_volume(3000), task=replace(decided().task, name="Triage")))
    assert only(found).renamed_from == "Support triage"


def test_command_is_silent_about_the_same_file(tmp_path: Path) -> None:
    """No output and exit 0; as JSON a document that says so; as a file an empty one."""
    file = save(tmp_path / "decision.json", decided())
    for output_format in ("text", "markdown"):
        done = run("diff", file, file, "--format", output_format)
        assert (done.code, done.out, done.err) == (0, "", "")
    document = json.loads(run("diff", file, file, "--format", "json").out)
    assert (document["schema_version"], document["changed"], document["changes"]) == (1, False, [])
    assert run("diff", file, file, "--output", tmp_path / "out.txt").code == 0
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == ""


def test_command_in_each_format(tmp_path: Path) -> None:
    """Text, Markdown and JSON say the same; standard input may hold the older file."""
    old, new = save(tmp_path / "old.json", decided()), save(tmp_path / "new.json", other_volume(3000))
    text, page = run("diff", old, new), run("diff", old, new, "--format", "markdown")
    assert (text.code, page.code) == (0, 0)
    assert text.out.startswith("Support triage: fine-tuned small model became large model\n")
    assert page.out.startswith("## Support triage: fine-tuned small model became large model\n")
    document = json.loads(run("diff", old, new, "--format", "json").out)
    (task,) = document["changes"]
    assert task["why"]["causes"][0]["name"] == "volume.requests_per_month"
    assert (document["old"], document["changed"]) == (old.as_posix(), True)
    piped = run("diff", "-", new, stdin=old.read_bytes())
    assert piped.out.splitlines()[0] == text.out.splitlines()[0]


def test_assess_against_a_file(tmp_path: Path) -> None:
    """The report says what is different since; with the same decision it is the report alone."""
    same, other = save(tmp_path / "same.json", decided()), save(tmp_path / "other.json", other_volume(3000))
    assert run("assess", TRIAGE, "--against", same).out == run("assess", TRIAGE).out
    for output_format in ("text", "markdown", "html"):
        out = run("assess", TRIAGE, "--against", other, "--format", output_format).out
        assert "large model became fine-tuned small model" in " ".join(out.split())
    document = json.loads(run("assess", TRIAGE, "--against", other, "--format", "json").out)
    assert document["diff"]["changes"][0]["verdict_changed"] is True
    assert from_document(document) == replace(decided(), command=document["command"])


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        ("{", "is not JSON"),
        ("", "is empty"),
        ("[]", "holds no JSON object"),
        ('{"schema_version": 2, "task": {}}', "schema_version is 2; this slmdecide reads 1"),
        ('{"schema_version": 2, "tasks": []}', "schema_version is 2; this slmdecide reads 1"),
        ('{"schema_version": true, "task": {}}', "schema_version is true"),
        ('{"schema_version": 1, "models": []}', "holds no decision"),
        ('{"schema_version": 1, "task": {"name": 3}}', "task.name: found 3"),
        ('{"schema_version": 1, "tasks": 7}', "tasks: found 7"),
        ('{"error": {"code": "invalid_data", "message": "x"}}', "the error of a failed run"),
        ('{"schema_version": 1, "score": NaN}', "NaN"),
        ('{"schema_version": 1, "score": 1e999}', "too large"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path: Path, content: str, fragment: str) -> None:
    """Exit 2, one line that names the file, whichever side it is on."""
    bad, good = tmp_path / "bad.json", save(tmp_path / "good.json", decided())
    bad.write_text(content, encoding="utf-8")
    for arguments in ((bad, good), (good, bad)):
        done = run("diff", *arguments)
        assert (done.code, done.out) == (2, "")
        (line,) = done.err.splitlines()
        assert line.startswith(f"error: {bad.as_posix()}")
        assert fragment in line
    assert run("diff", tmp_path / "no.json", good).code == 2


def test_a_file_cut_short_is_one_line(tmp_path: Path) -> None:
    """Every prefix of a real file is refused in one line."""
    good = save(tmp_path / "good.json", decided())
    content = good.read_bytes()
    for share in (0.1, 0.5, 0.99):
        bad = tmp_path / "bad.json"
        bad.write_bytes(content[: int(len(content) * share)])
        done = run("diff", bad, good)
        assert (done.code, len(done.err.splitlines())) == (2, 1)


def test_a_later_version_may_add_keys(tmp_path: Path) -> None:
    """Unknown keys are skipped at any depth, in the profile too."""
    file = save(tmp_path / "later.json", decided())
    document = loaded(file)
    document["later"] = document["profile"]["later"] = {"a": 1}  # type: ignore[index]  # a JSON object
    document["profile"]["volume"]["later"] = [1]  # type: ignore[index]  # a JSON object
    file.write_text(json.dumps(document), encoding="utf-8")
    assert run("diff", file, save(tmp_path / "now.json", decided())).out == ""


@pytest.mark.parametrize("name", EXAMPLES)
def test_hostile_text_stays_text(name: str) -> None:
    """Escapes, markup, mentions and links in every field act in no format."""
    old, new = with_strings(EXAMPLES[name], HOSTILE), with_strings(replace(SMALL, score=0.5), HOSTILE + "x")
    found = compared(old, new)
    view = build(found)
    assert view is not None
    text, page = as_text(view), as_markdown(view)
    assert all(line.isprintable() for line in text.splitlines())
    assert "<script" not in page.replace("\\<script", "")
    assert "@octocat" not in page
    assert "](https" not in page.replace("\\]", "")
    assert to_json(record_document(found)).replace("\n", "").isprintable()
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert rows


def test_a_big_difference_fits_a_comment() -> None:
    """Many tasks that all turned, with names as long as they may be: under the limit, cut from the end."""
    old = [replace(decided(), task=replace(decided().task, name=f"{i} " + "n" * 190)) for i in range(25)]
    new = [replace(other_volume(3000), task=one.task) for one in old]
    view = build(diff(old, new, load_catalog(), names=("o", "n"), thresholds=Thresholds()))
    assert view is not None
    page = as_markdown(view)
    assert len(page.encode()) < 65_536
    assert "Changes: 25 of 25 tasks different" in page


@pytest.mark.parametrize("day", ["yesterday", "", "2026-1-1"])
def test_a_date_that_is_none_is_no_crash(day: str) -> None:
    """What differs is told; why is said not to be known."""
    old = replace(decided(), data=replace(decided().data, prices_as_of=day), prices=tuple(
        replace(one, deprecation_date="soon") for one in decided().prices
    ), total_usd_per_month=None)  # fmt: skip
    task = only(compared(old, decided()))
    assert task.why is not None
    assert task.why.not_known == "a date in one of the files is not one, such as 2026-08-21"


def test_stages_of_one_name_are_told_apart() -> None:
    """A pipeline with two steps of one name does not differ from itself."""
    one = profile("internal-rag")
    assert one.stages is not None
    twins = assess(replace(one, stages=tuple(replace(step, name="step") for step in one.stages)), load_catalog())
    assert compared(twins, twins).changes == ()


def test_a_task_that_became_a_pipeline_is_compared() -> None:
    """Both directions: what turns it is the stages with what else had to change, named together."""
    for old, new in ((decided(), decided("internal-rag")), (decided("internal-rag"), decided())):
        task = only(compared(old, new))
        assert task.verdict_changed
        assert task.why is not None
        assert "stages" in (*task.why.together, *(cause.name for cause in task.why.causes if cause.turns_verdict))


def with_rent(factor: float, gpus: set[str]) -> Catalog:
    """The data at hand with some GPUs dearer or cheaper to rent and to buy."""
    catalog = load_catalog()
    rents = {
        gpu: replace(band, low=band.low * factor, typical=band.typical * factor, high=band.high * factor) if gpu in gpus else band
        for gpu, band in catalog.rents.items()
    }
    bought = {gpu: replace(one, purchase_usd=(one.purchase_usd or 1) * factor) if gpu in gpus else one for gpu, one in catalog.gpus.items()}
    return replace(catalog, rents=rents, gpus=bought)


@pytest.mark.parametrize("at_hand", ["old", "new"])
def test_the_gpu_whose_rent_moved_the_cost_is_named(at_hand: str) -> None:
    """Of a self-hosted answer: the rent of the GPU that it runs on, by its id, and not a rule or a row of other data."""
    name = "llm-guard"
    (line,) = [one.note for option in decided(name).options if option.id == decided(name).verdict.option_id for one in option.lines[:1]]
    gpu = line.split("× ")[1].split(",")[0].split(";")[0]
    later = with_rent(3.0, {gpu})
    new = assess(profile(name), later)
    catalog = load_catalog() if at_hand == "old" else later
    task = only(diff([decided(name)], [new], catalog, names=("o", "n"), thresholds=Thresholds()))
    assert task.why is not None
    assert [(one.kind, one.name) for one in task.why.causes] == [("gpu_price", gpu)]
    assert [one.id for one in task.gpu_prices] == [gpu]
    assert {one.field for one in task.gpu_prices[0].moved} >= {"rent_usd_per_hour.typical"}
    text = " ".join(as_text(build(diff([decided(name)], [new], catalog, names=("o", "n"), thresholds=Thresholds()))).split())  # type: ignore[arg-type]  # it is different
    assert f"the price of the GPU {gpu}" in text


def test_an_offer_that_came_or_went_is_a_price() -> None:
    """A model that is no longer sold: the offer is gone, and that is what turned the answer; back again it is new."""
    catalog = load_catalog()
    models = {**{one: catalog.models[one] for one in catalog.models}}
    models["nova-micro"] = replace(models["nova-micro"], fine_tuned_prices=(), prices=())
    later = replace(
        catalog, models=models, prices={name: replace(catalog.prices[name], as_of="2027-01-05") for name in catalog.prices},
        prices_as_of="2027-01-05",
    )  # fmt: skip
    new = assess(profile("support-triage"), later)
    for old_, new_, gone in ((decided(), new, True), (new, decided(), False)):
        found = diff([old_], [new_], later, names=("o", "n"), thresholds=Thresholds())
        task = only(found)
        assert {one.model for one in task.prices} == {"nova-micro"}
        assert all((one.new_as_of is None) is gone and (one.old_as_of is None) is not gone for one in task.prices)
        assert task.why is not None
        assert [one.name for one in task.why.causes if one.turns_verdict] == ["amazon.nova-micro-v1:0 (nova-micro)"]
        words = "not offered any more" if gone else "not offered before"
        assert words in " ".join(as_text(build(found)).split())  # type: ignore[arg-type]  # it is different


def test_fields_of_every_kind_are_named() -> None:
    """Keys of a map, lists, and a part that only one profile has."""
    one = profile("internal-rag")
    assert one.stages is not None
    step = replace(one.stages[3], quality=replace(one.quality, tolerance=1.0), candidates=("gpt-6-sol",))
    other = replace(
        one,
        decision=replace(one.decision, price_factors={"gpt-6-sol": 0.5}, weights={"volume": 2.0}),
        privacy=replace(one.privacy, residency=("us",)),
        stages=(*one.stages[:3], step),
    )
    moved = {field.field: (field.old, field.new) for field in only(compared(decided("internal-rag"), assess(other, load_catalog()))).inputs}
    assert moved == {
        "decision.price_factors.gpt-6-sol": (None, 0.5),
        "decision.weights.volume": (None, 2.0),
        "privacy.residency": (None, ("us",)),
        "stages[3].quality": (None, "tolerance: 1, risk: medium"),
        "stages[3].candidates": (None, ("gpt-6-sol",)),
    }
    back = only(compared(assess(other, load_catalog()), decided("internal-rag"))).inputs
    assert {field.field: (field.new, field.old) for field in back} == moved


def test_a_default_of_a_stage_that_is_another_now() -> None:
    """A stage without the part that was assumed: the value is set beside what the stage takes from the profile."""
    old = decided("internal-rag")
    values = {"stages[3].quality.tolerance": 20.0, "stages[3].data.labelled_examples": 9000, "task.languages": "en, fr", "no.such": 1}
    assumed = tuple(replace(one, value=values.get(one.field, one.value)) for one in old.assumptions)
    world = world_of(replace(old, assumptions=assumed), old.profile, load_catalog())  # type: ignore[arg-type]  # it has one
    assert world.profile.stages is not None
    assert world.profile.stages[3].quality is not None
    assert world.profile.stages[3].quality.tolerance == 20.0
    assert world.profile.stages[3].quality.risk == profile("internal-rag").quality.risk
    assert world.profile.stages[3].data is not None
    assert world.profile.stages[3].data.labelled_examples == 9000


def test_a_newer_file_by_other_rules_is_said_to_be_one() -> None:
    """What the files show does not lead to the newer answer: that is said, and nothing is blamed for it."""
    new = replace(decided(), verdict=replace(decided().verdict, family="large", option_id="gpt-4o:prompted:api"))
    task = only(compared(other_volume(2e6), new))
    assert task.why is not None
    assert task.why.not_known is not None
    assert not any(one.turns_verdict for one in task.why.causes)
