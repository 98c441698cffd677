"""What is measured on a group, the profiles and pipelines that are made of it, and what the groups come to."""

from __future__ import annotations

import json
import random
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from slmdecide.records.band import Band
from slmdecide.records.traffic import Call, Period
from slmdecide.traffic.labels import labels_of
from slmdecide.traffic.names import _telling
from slmdecide.traffic.period import period_of, uncertainty_of, volume
from slmdecide.traffic.samples import sample_of
from slmdecide.traffic.spoken import languages_of
from tests import traffic_logs as logs
from tests.running import run
from tests.test_traffic_formats import document

Row = dict[str, Any]
SORTS = "You sort messages of customers. Answer with the name of the queue only."


_WORDS = """
account transfer balance card payment statement branch reply customer today please check limit rate pending fee refund travel weather
recipe order status parcel answer clear simple detail option next step help team policy value change useful quick lamp chair phone window
invoice delivery garden kitchen battery screen colour green wooden broken missing late early wrong second another evening morning
"""


def said(k: int) -> str:
    """What a person wrote: nine words, others for each k."""
    return " ".join(random.Random(k).sample(_WORDS.split(), 9))  # noqa: S311  (no secret)


def sorter(n: int = 90, **changed: Any) -> list[Row]:
    """Calls of one classifier with three labels, two of three for the first."""
    found = []
    for call in logs.calls(n):
        k = call["k"]
        label = ("billing", "billing", "returns", "billing", "other", "billing")[k % 6]
        found.append({**call, "system": SORTS, "user": said(k), "answer": label, **changed})
    return found


def write(tmp_path: Path, calls: list[Row], name: str = "l.jsonl") -> Path:
    """A chat log of them."""
    return logs.write_lines(tmp_path / name, [logs.chat_log(call) for call in calls])


def only_group(found: Row) -> Row:
    """The one group of a report."""
    assert len(found["groups"]) == 1
    group: Row = found["groups"][0]
    return group


def measures(group: Row) -> dict[str, Any]:
    """The values of a group's measures by name."""
    return {one["name"]: one["value"] for one in group["evidence"]}


# Languages

TEXTS = {
    "en": ["where is the parcel that I ordered last week", "please cancel my subscription today", "how do I change the address"],
    "de": [
        "wo ist das Paket, das ich letzte Woche bestellt habe",
        "bitte kündigen Sie mein Abonnement heute",
        "wie ändere ich die Adresse",
    ],
    "fr": ["où est le colis que j'ai commandé la semaine dernière", "veuillez annuler mon abonnement", "comment changer l'adresse"],
    "ja": ["先週注文した荷物はどこですか", "今日サブスクリプションを解約してください", "住所を変更するにはどうすればいいですか"],
}


@pytest.mark.parametrize("code", TEXTS)
def test_the_language_of_texts_is_told(code: str) -> None:
    """Of texts in one language that language, and no other."""
    found = languages_of(TEXTS[code] * 4)
    assert dict(found.shares) == {code: 1}
    assert (found.told, found.sampled) == (12, 12)


def test_what_all_prompts_share_does_not_decide_their_language() -> None:
    """An English instruction around German messages is the program's."""
    prompts = [f"Which queue should this message of a customer go to? Answer with its name. {text}" for text in TEXTS["de"] * 5]
    assert next(iter(languages_of(prompts).shares)) == "de"


def test_shares_of_several_languages_add_up_whatever_the_order() -> None:
    """Two of three texts are English."""
    texts = TEXTS["en"] * 20 + TEXTS["fr"] * 10
    shares = languages_of(texts).shares
    assert dict(shares) == pytest.approx({"en": 2 / 3, "fr": 1 / 3})
    assert languages_of(texts[::-1]).shares == shares


def test_texts_that_say_nothing_have_no_language() -> None:
    """Numbers, codes and single words are not guessed at."""
    found = languages_of(["12345", "ok", "A-7", "", "x" * 3] * 3)
    assert (dict(found.shares), found.told) == ({}, 0)


def _turned(text: str, k: int) -> str:
    """The words of a text in another order."""
    words = text.split()
    random.Random(k).shuffle(words)  # noqa: S311  (no secret)
    return " ".join(words)


def test_languages_stand_in_report_and_profile(tmp_path: Path) -> None:
    """The measure says how many of the sampled prompts it rests on; the profile lists what is not rare."""
    calls = [{**call, "user": _turned(TEXTS[("de", "de", "fr")[k % 3]][k % 3], k)} for k, call in enumerate(sorter(60))]
    group = only_group(document(write(tmp_path, calls)))
    assert group["languages"] == pytest.approx({"de": 2 / 3, "fr": 1 / 3}, abs=0.02)
    assert group["profile"]["task"]["languages"] == ["de", "fr"]
    assert re.fullmatch(r"told for \d+ of 60 sampled prompts", next(one["says"] for one in group["evidence"] if one["name"] == "language"))


# Temperature, repetition, turns, times


def test_temperature_turns_repetition_and_times_are_measured(tmp_path: Path) -> None:
    """Each share is that of the calls that were written."""
    rows = []
    for call in sorter(80):
        k = call["k"]
        row = logs.chat_log({**call, "user": call["user"] if k % 4 else "the same question as ever"})
        row["request"]["temperature"] = 0 if k % 2 else 0.8
        if k % 5 == 0:
            earlier = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]
            row["request"]["messages"] = [row["request"]["messages"][0], *earlier, row["request"]["messages"][1]]
        rows.append({**row, "latency_ms": 1000 + k, "ttft_ms": 100 + k})
    group = only_group(document(logs.write_lines(tmp_path / "l.jsonl", rows)))
    found = measures(group)
    assert found["temperature 0"] == 0.5
    assert found["multi-turn"] == pytest.approx(0.2)
    # Of the 20 calls with the same question 4 have earlier turns, and are no repetition of the other 16.
    assert found["exact duplicates"] == pytest.approx((80 - (60 + 2)) / 80)
    assert found["most frequent answer"] == pytest.approx(54 / 80, abs=0.01)
    assert found["latency p95"] == "1.08 s"
    assert found["TTFT p95"].endswith("ms")
    says = {one["name"]: one["says"] for one in group["evidence"]}
    assert says["temperature 0"].endswith("0.4 on average")


def test_a_cacheable_prompt_is_measured_from_its_beginning(tmp_path: Path) -> None:
    """A long instruction before the message can be cached, one after it cannot."""
    instruction = "Sort the message of the customer below into the queue that can help best and answer with the name of that queue only."
    before = [{**call, "system": None, "user": f"{instruction} {call['user']}"} for call in sorter(60)]
    after = [{**call, "system": None, "user": f"{call['user']}. {instruction}"} for call in sorter(60)]
    first, second = (
        measures(only_group(document(write(tmp_path, calls, f"{name}.jsonl")))) for name, calls in (("b", before), ("a", after))
    )
    assert first["cacheable prompt"] > 0.6
    assert second["cacheable prompt"] < 0.1


def test_repeated_answers_are_a_share_of_the_sample() -> None:
    """Word for word, spaces around them aside."""
    assert sample_of(["a", "b", "c", "d"], ["yes", "yes ", "no", "maybe"]).repeated_answers == 0.5
    assert sample_of(["a"], []).repeated_answers is None


# Volume


def test_a_month_is_scaled_from_the_covered_days_with_its_uncertainty() -> None:
    """30.4375 days; the spread is the 95 % interval of the mean day."""
    days = (100.0, 120.0, 80.0, 100.0, 100.0)
    period = period_of(0.0, 4.5 * 86_400, days, None)
    assert period.months == pytest.approx(4.5 / 30.4375)
    # Of the four whole days: mean 100, standard deviation 16.33, so 1.96 × 16.33 / √4 / 100.
    assert period.uncertainty_share == pytest.approx(0.16, abs=0.001)


def test_few_calls_are_less_sure_than_many() -> None:
    """To the period's uncertainty comes that of a count (Poisson); never more than 90 %."""
    period = Period(from_s=None, to_s=None, days=30.4375, months=1.0, uncertainty_share=0.06, explanation="")
    assert uncertainty_of(1_000_000, period) == pytest.approx(0.06, abs=1e-4)
    assert uncertainty_of(600, period) == pytest.approx((0.06**2 + (1.96**2) / 600) ** 0.5)
    assert uncertainty_of(1, period) == 0.9
    assert volume(600, period).typical == 600
    assert volume(600, period).low == pytest.approx(600 * (1 - uncertainty_of(600, period)))


def test_the_volume_stands_in_report_and_profile(tmp_path: Path) -> None:
    """Both say the same, and the profile's uncertainty is that of the group."""
    found = document(write(tmp_path, sorter(90)), "--days", "3")
    group = only_group(found)
    assert group["requests_per_month"]["typical"] == pytest.approx(90 * 30.4375 / 3)
    assert group["profile"]["volume"]["requests_per_month"] == pytest.approx(913)
    share = group["profile"]["volume"]["uncertainty_share"]
    assert group["requests_per_month"]["low"] == pytest.approx(913.1 * (1 - share), rel=0.01)


# Names


@pytest.mark.parametrize(
    ("text", "nouns", "expected"),
    [
        ("You sort messages for Anna Meier", False, ["sort", "messages"]),
        ("Translate this into French: <quoted>", False, ["translate", "french"]),
        ("Return JSON for order <number>", False, ["json", "order"]),
        ("Sortiere die Nachrichten der Kunden", True, ["sortiere", "nachrichten", "kunden"]),
        ("Sortiere die Nachrichten der Kunden", False, ["sortiere"]),
        ("Customer: Maria Schneider. Sort the ticket", False, ["customer", "sort", "ticket"]),
        ("あなたは田中様のメッセージを部署に振り分けます。Sort by queue", False, ["sort", "queue"]),
        ("您是王伟的助手，请把消息分类", False, []),
        ("ग्राहक का संदेश पढ़ें", False, ["ग्राहक", "का", "संदेश", "पढ़ें"]),
    ],
)
def test_words_of_a_name_are_no_names(text: str, nouns: bool, expected: list[str]) -> None:
    """A capital letter shows a name, but not in German; where no spaces are written a word is a sentence, and says too much."""
    assert _telling(text, nouns=nouns) == expected


# Profiles


def test_every_profile_is_valid_and_says_what_it_rests_on(tmp_path: Path) -> None:
    """`validate` takes it, `assess` reads it and decides as the report says, and its comments hold each measure."""
    found = document(write(tmp_path, logs.calls(120)), "--write-profiles", tmp_path / "p")
    assert len(list((tmp_path / "p").iterdir())) == len(found["groups"]) == 3
    for group in found["groups"]:
        file = Path(group["profile_file"])
        text = file.read_text(encoding="utf-8")
        assert yaml.safe_load(text) == group["profile"]
        for measure in group["evidence"]:
            assert f"{measure['name']}: " in text
            assert measure["says"] in text
        assert run("validate", file).code == 0
        ran = run("assess", file, "--format", "json")
        assert ran.code == 0, ran.err
        assert json.loads(ran.out)["verdict"]["family"] == group["family"]


def test_logged_answers_count_as_examples_that_can_be_had(tmp_path: Path) -> None:
    """Those of a month, each prompt once; at least what the log has; none where no text was logged."""
    calls = sorter(60)
    group = only_group(document(write(tmp_path, [*calls, *calls[:20]])))
    month = group["requests_per_month"]["typical"]
    assert group["profile"]["data"]["obtainable_examples"] == pytest.approx(month * 60 / 80, abs=1)
    year = only_group(document(write(tmp_path, [*calls, *calls[:20]]), "--days", "365"))
    assert year["profile"]["data"]["obtainable_examples"] == 60
    rows = [{"time": call["start"], "model": "gpt-4o", "input_tokens": 10, "output_tokens": 2} for call in calls]
    silent = only_group(document(logs.write_lines(tmp_path / "t.jsonl", rows)))
    assert "data" not in silent["profile"]


# Pipelines


def agent(n: int = 40) -> list[Row]:
    """Traces in which a router is followed by a search, called two or three times, and an answer; the order of the first two varies."""
    rows = []
    for k in range(n):
        start = logs.START + k * 3600
        spoken = said(k)
        steps = [
            ("You route questions. Answer with one word.", spoken, ("index", "web", "none")[k % 3], 0),
            *(
                ("Rewrite the question so that it can be searched for.", said(1000 * j + k), said(2000 * j + k + 1), j + 1)
                for j in range(2 + k % 2)
            ),
            ("Answer the question of the user politely and at length.", spoken, " ".join(said(9000 + 10 * k + j) for j in range(12)), 5),
        ]
        for position, (system, user, answer, seconds) in enumerate(steps):
            call = {**logs.calls(1)[0], "k": 10 * k + position, "system": system, "user": user, "answer": answer, "start": start + seconds}
            rows.append({**logs.chat_log(call), "trace_id": f"trace-{k}"})
    return rows


def test_groups_of_one_trace_are_a_pipeline_with_a_profile_of_its_own(tmp_path: Path) -> None:
    """Steps stand in their order with calls a trace; the profile has a stage each, is valid, and is decided as the report says."""
    found = document(logs.write_lines(tmp_path / "l.jsonl", agent()), "--write-profiles", tmp_path / "p")
    names = {group["id"]: group["profile"]["name"] for group in found["groups"]}
    assert len(found["pipelines"]) == 1
    pipeline = found["pipelines"][0]
    assert pipeline["traces"] == 40
    assert [names[step].split()[0] for step in pipeline["steps"]] == ["route", "rewrite", "question"]
    assert pipeline["calls_per_trace"] == pytest.approx([1, 2.5, 1])
    profile = yaml.safe_load(Path(pipeline["profile_file"]).read_text(encoding="utf-8"))
    assert profile == pipeline["profile"]
    assert [stage["volume"].get("calls_per_request", 1) for stage in profile["stages"]] == [1, 2.5, 1]
    assert profile["volume"]["requests_per_month"] == pytest.approx(40 / found["period"]["months"], rel=0.01)
    assert run("validate", pipeline["profile_file"]).code == 0
    ran = run("assess", pipeline["profile_file"], "--format", "json")
    assert ran.code == 0, ran.err
    decided = json.loads(ran.out)
    assert decided["verdict"]["family"] == pipeline["family"]
    assert [stage["name"] for stage in decided["stages"]] == [names[step] for step in pipeline["steps"]]
    assert "Pipelines" in run("traffic", tmp_path / "l.jsonl").out


def test_steps_that_run_side_by_side_are_one_pipeline(tmp_path: Path) -> None:
    """Which of two groups began first may change from trace to trace."""
    rows = agent(40)
    for position, row in enumerate(rows):
        if position % 2:
            row["response"]["created"] -= 3
    found = document(logs.write_lines(tmp_path / "l.jsonl", rows))
    assert [one["traces"] for one in found["pipelines"]] == [40]


def test_a_conversation_within_one_group_is_no_pipeline(tmp_path: Path) -> None:
    """Many calls of one group under one trace."""
    rows = [{**logs.chat_log(call), "trace_id": f"c{call['k'] // 10}"} for call in sorter(60)]
    assert document(logs.write_lines(tmp_path / "l.jsonl", rows))["pipelines"] == []


# Portfolio


def test_what_saves_too_little_is_told_with_what_it_would_save(tmp_path: Path) -> None:
    """A small bill stays with the large model; the report says that a small one would do, for how much, and why it stays."""
    asked = "Summarize the text below in one sentence.\n\n"
    calls = [{**call, "system": None, "user": f"{asked}{call['user']}", "answer": said(call["k"] + 500)} for call in sorter(60)]
    path = write(tmp_path, calls)
    found = document(path)
    group = only_group(found)
    assert (group["family"], group["held_back"]["family"]) == ("large", "small")
    assert found["held_back_usd_per_month"] == group["held_back"]["saving_usd_per_month"]
    assert 0 < found["held_back_usd_per_month"]["typical"] < 100 == found["least_saving_usd_per_month"]
    assert "less than $100 a month" in run("traffic", path).out
    # The same traffic in a minute of the time is a bill that is worth the work.
    dear = only_group(document(path, "--days", "0.002"))
    assert (dear["family"], dear["held_back"]) == ("small", None)
    assert dear["saving_usd_per_month"]["typical"] > 100


def test_calls_of_a_small_model_are_no_calls_that_could_move(tmp_path: Path) -> None:
    """They have moved already, and are told apart."""
    found = document(write(tmp_path, sorter(60, model="gpt-4o-mini")), "--days", "0.001")
    assert found["could_move"]["calls"] == 0
    assert found["already_small"]["calls"] == 1


def test_a_model_without_a_price_is_named_and_never_free(tmp_path: Path) -> None:
    """Coverage is what was priced; with fewer than 9 of 10 the month is not known."""
    calls = [{**call, "model": "gpt-4o" if call["k"] % 5 else "house-model-9"} for call in sorter(60)]
    path = write(tmp_path, calls)
    found = document(path)
    assert (found["priced_calls"], found["unpriced_models"]) == (48, {"house-model-9": 12})
    assert found["spend_usd_per_month"] is None
    shown = run("traffic", path).out
    assert "48 of 60 calls priced" in shown
    assert "house-model-9 (12 calls)" in shown


def test_the_first_three_things_come_by_their_saving(tmp_path: Path) -> None:
    """With the command that measures, where profiles and examples were written; a cache counts too."""
    calls = []
    for call in logs.calls(240):
        k = call["k"]
        topic, task = (("Summarize the text below in one sentence.", "sum"), ("Condense the minutes below to their decisions.", "min"))[
            k % 2
        ]
        text = f"{topic}\n\n{logs.calls(240)[k]['user']} {task}" if k % 4 else f"{topic}\n\nthe same as ever"
        calls.append({**call, "system": None, "user": text, "answer": f"It says {task} {k if k % 4 else ''} in a sentence that goes on"})
    report = document(
        write(tmp_path, calls), "--days", "0.002", "--write-profiles", tmp_path / "p", "--examples", tmp_path / "e"
    )  # fmt: skip
    steps = report["first_steps"]
    assert len(steps) == 3
    savings = [step["saving_usd_per_month"] for step in steps]
    assert savings == sorted(savings, reverse=True)
    assert steps[0]["do"].startswith("Measure ")
    assert steps[2]["do"].startswith("Cache the answers of ")
    assert steps[0]["command"].startswith("slmdecide probe ")
    ran = run(*steps[0]["command"].split()[1:], "--dry-run", "--max-cost", "50")
    assert ran.code == 0, ran.err
    assert report["saving_usd_per_month"]["typical"] == pytest.approx(
        sum(group["saving_usd_per_month"]["typical"] for group in report["groups"] if group["saving_usd_per_month"]["typical"] > 0)
    )


def test_low_typical_and_high_are_in_order(tmp_path: Path) -> None:
    """A saving's band spans the cost's and the volume's."""
    band = Band(**document(write(tmp_path, logs.calls(120)), "--days", "0.001")["saving_usd_per_month"])
    assert band.low <= band.typical <= band.high


# The canonical call


def test_every_field_of_the_canonical_call_is_documented() -> None:
    """The page names the fields of the record, and no others."""
    page = (Path(__file__).parents[1] / "docs" / "traffic.md").read_text(encoding="utf-8")
    table = page.partition("## The canonical call")[2].partition("\n## ")[0]
    named = {word for line in table.splitlines() if line.startswith("| `") for word in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert named == {one.name for one in fields(Call)}


def test_of_a_set_of_answers_that_is_not_closed_only_those_stay_that_recur(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small set is counted with all spellings; of one that is larger than leaves the engine the rare answers stay there."""
    import ibis  # noqa: PLC0415  (heavy)

    monkeypatch.setattr("slmdecide.traffic.labels._MOST_ANSWERS", 4)
    small = [(0, one) for one in ("Yes", "yes", "no", "no", "no")]
    large = [(1, one) for one in ("x", "x", "x", "No", "no", "one", "two", "three")]
    rows = [{"group": group, "short": short, "answered": True} for group, short in small + large]
    found = labels_of(ibis.duckdb.connect().create_table("calls", ibis.memtable(rows)))
    assert found == {0: {"no": 3, "yes": 2}, 1: {"x": 3}}
