"""`slmdecide probe` as a user meets it: against a real server on loopback, from the YAML to the report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.fault_server import Asked, Server, serving
from tests.probe_case import LABELS, PRICE, PROFILE, ROADS, Case, Road, mostly_right, number_of, right
from tests.running import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEYS = {"models", "verdict", "spent_usd", "cap_usd", "schema_version", "ladder", "formats", "examples", "method", "notes", "data"}
MODEL_KEYS = {
    "model", "n", "score", "low", "high", "metric", "uncertain_share", "ece", "auroc", "latency_ms", "ttft_ms", "cost_usd", "errors",
}  # fmt: skip
SIZES = ("m-70b", "m-1b", "m-8b")
OPEN = """name: Questions
description: Answer the question in a few words.
nature: summarization
task: {output: short_text}
volume: {requests_per_month: 1000, input_tokens: 100, output_tokens: 20}
quality: {floor: 0.5}
"""


SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "number": {"type": "integer"}},
    "required": ["city", "number"],
    "additionalProperties": False,
}


def by_model(shares: dict[str, float]) -> Callable[[Asked], str]:
    """An answer that is right as often as its model is good."""
    return lambda asked: mostly_right(shares[asked.model])(asked)


def test_the_ladder_climbs_to_the_first_model_that_is_good_enough(tmp_path: Path) -> None:
    """Smallest first, by the size in the name; the large one is never asked, and the small one no longer than it takes."""
    server = Server(answer=by_model({"m-1b": 0.3, "m-8b": 1.0, "m-70b": 1.0}))
    case = Case(tmp_path, server, n=150, models=SIZES)
    done = case.probe("--format", "json")
    document = json.loads(done.out)
    assert done.code == 0
    assert document.keys() >= KEYS
    assert document["models"][0].keys() >= MODEL_KEYS
    assert document["verdict"]["status"] == "good_enough"
    assert document["verdict"]["model"] == "m-8b"
    assert [(one["model"], one["status"]) for one in document["ladder"]] == [
        ("m-1b", "not_good_enough"),
        ("m-8b", "good_enough"),
        ("m-70b", "not_measured"),
    ]
    asked = [one.model for one in server.seen]
    assert "m-70b" not in asked
    assert len(asked) < 150
    assert document["spent_usd"] == pytest.approx(server.billed_usd)
    stopped = {one["model"]: one["stopped_after"] for one in document["ladder"]}
    assert asked.count("m-1b") <= stopped["m-1b"] + 8


def test_without_a_floor_the_large_model_is_the_yardstick(tmp_path: Path) -> None:
    """Both are asked the same examples; a small model that is far worse is not good enough."""
    profile = PROFILE.replace("quality: {floor: 0.8}\n", "")
    server = Server(answer=by_model({"m-1b": 0.3, "m-70b": 1.0}))
    case = Case(tmp_path, server, n=120, models=("m-70b", "m-1b"), profile=profile)
    document = case.document()
    assert document["verdict"]["status"] == "not_good_enough"
    assert [one["status"] for one in document["ladder"]] == ["not_good_enough", "reference"]
    texts = [{asked.text for asked in server.seen if asked.model == model} for model in ("m-1b", "m-70b")]
    assert len(texts[0] ^ texts[1]) <= 8


def test_too_few_examples_say_how_many_more(tmp_path: Path) -> None:
    """Exit 4, with a number of examples and their price."""
    case = Case(tmp_path, Server(answer=mostly_right(0.9)), n=30)
    done = case.probe("--format", "json")
    verdict = json.loads(done.out)["verdict"]
    assert done.code == 4
    assert verdict["status"] == "not_enough_examples"
    assert verdict["needed_examples"] > 0
    assert verdict["needed_usd"] > 0
    text = run("probe", "--from", case.run_file)
    assert (text.code, "more would tell" in " ".join(text.out.split())) == (4, True)


def test_all_measures_every_model_on_every_example(tmp_path: Path) -> None:
    """Accuracy, macro-F1, percentiles and calibration of each; a small model is not spared."""
    case = Case(tmp_path, Server(answer=by_model({"m-1b": 0.3, "m-8b": 1.0})), n=60, models=("m-8b", "m-1b"))
    document = case.document("--all")
    assert [(one["model"], one["n"], round(one["accuracy"], 3)) for one in document["models"]] == [("m-1b", 60, 0.3), ("m-8b", 60, 1.0)]
    assert all(one["latency_ms"]["p50"] <= one["latency_ms"]["p95"] <= one["latency_ms"]["p99"] for one in document["models"])
    assert len(case.rows()) == 120


def test_repeats_show_what_wavers(tmp_path: Path) -> None:
    """Each example is asked twice under two ids; answers that differ lower the agreement."""
    seen: set[str] = set()

    def wavering(asked: Asked) -> str:
        again = asked.text in seen
        seen.add(asked.text)
        return right(asked) if not again or number_of(asked) >= 6 else "ABC"[(number_of(asked) + 1) % 3]

    case = Case(tmp_path, Server(answer=wavering), n=12)
    document = case.document("--all", "--repeat", 2, "--concurrency", 1)
    assert len({row["request_id"] for row in case.rows()}) == 24
    assert (document["models"][0]["n"], document["models"][0]["calls"]) == (12, 24)
    assert document["models"][0]["agreement"] == pytest.approx(0.5)
    assert document["models"][0]["score"] == pytest.approx(0.75)


def test_likelihoods_and_margin(tmp_path: Path) -> None:
    """Spellings are summed, what is missing is kept at full precision, and a close call is uncertain and no label."""
    listed = [("A", -0.5), (" a", -2.0), ("B", -1.5), ("the", -4.0)]
    case = Case(tmp_path, Server(answer=right, likely=lambda *_: listed), n=9)
    case.probe("--all", "--margin", 0.9)
    row = case.rows()[0]
    assert row["label_probabilities"] == pytest.approx({"alpha": 0.7418659, "beta": 0.2231302}, rel=1e-6)
    assert row["missing_mass"] == pytest.approx(1 - 0.9649961, rel=1e-5)
    assert row["margin"] == pytest.approx(0.5375528, rel=1e-5)
    assert (row["uncertain"], row["label"], row["confidence_kind"]) == (True, None, "label_likelihood")
    assert {one["max_tokens"] for one in (asked.body for asked in case.server.seen)} == {1}
    report = json.loads(run("probe", "--from", case.run_file, "--format", "json").out)
    assert (report["models"][0]["uncertain_share"], report["models"][0]["score"]) == (1, 0)


def test_votes_where_there_are_no_log_probabilities(tmp_path: Path) -> None:
    """The label of most of the samples, with its share; each sample has an id of its own, all are paid."""

    def answer(asked: Asked) -> str:
        return right(asked) if asked.id.endswith(("#0", "#1")) else "nonsense"

    case = Case(tmp_path, Server(answer=answer), n=6)
    case.probe("--all", "--samples", 3)
    rows = case.rows()
    assert {(row["confidence_kind"], row["samples"], row["correct"]) for row in rows} == {("vote_share", 3, 1.0)}
    assert [row["confidence"] for row in rows] == pytest.approx([2 / 3] * 6)
    assert len(case.server.bill) == 18
    assert sum(row["cost_usd"] for row in rows) == pytest.approx(case.server.billed_usd)
    assert not any("logprobs" in asked.body for asked in case.server.seen)
    assert {row["answer"] for row in rows} <= {"A", "B", "C"}


def test_formats_are_compared_on_the_same_examples(tmp_path: Path) -> None:
    """Free text, constrained, and constrained with a reason first, each against free text."""

    def answer(asked: Asked) -> str:
        schema = asked.body.get("response_format", {}).get("json_schema", {}).get("schema", {}).get("properties")
        label = LABELS[number_of(asked) % 3]
        if schema is None:
            return right(asked) if asked.body["max_tokens"] == 1 else f"The label is {label}."
        return json.dumps({**({"reason": "so"} if "reason" in schema else {}), "label": label if number_of(asked) % 2 else "alpha"})

    case = Case(tmp_path, Server(answer=answer), n=30)
    document = case.document("--formats", "--all")
    found = {one["format"]: one for one in document["formats"]}
    assert found.keys() == {"label_code", "free_text", "schema", "schema_reason_first"}
    assert {one["n"] for one in found.values()} == {30}
    assert found["free_text"]["score"] == 1
    assert found["schema"]["difference"] < 0
    orders = [
        list(asked.body["response_format"]["json_schema"]["schema"]["properties"])
        for asked in case.server.seen
        if "response_format" in asked.body
    ]
    assert ["reason", "label"] in orders
    assert json.loads(case.probe("--dry-run", "--formats", "--format", "json").out)["calls"] == 120


def test_a_judge_scores_and_is_paid(tmp_path: Path) -> None:
    """Its verdict is the score, its calls stand in lines of their own, and its bill counts."""

    def answer(asked: Asked) -> str:
        if asked.model != "grader":
            return f"an answer to {number_of(asked)}"
        return json.dumps({"verdict": ["right", "partly", "wrong"][number_of(asked) % 3]})

    server = Server(answer=answer)
    case = Case(tmp_path, server, n=9, profile=OPEN)
    server.prices = {**server.prices, "grader": (5.0, 5.0)}
    with serving(server):
        judge = ("--judge", f"grader={server.url}", "--price", "grader=5/5")
        document = json.loads(run(*case.arguments("--all", *judge, "--format", "json")).out)
    assert document["models"][0]["metric"] == "judge"
    assert document["models"][0]["score"] == pytest.approx(0.5)
    assert document["spent_usd"] == pytest.approx(server.billed_usd)
    assert sorted({row["model"] for row in case.rows()}) == ["grader", "small"]
    assert len(case.rows()) == 18


@pytest.mark.parametrize("road", ROADS)
def test_streaming_measures_the_first_token(tmp_path: Path, road: Road) -> None:
    """TTFT, tokens and likelihoods come out of a stream as well; a stream that breaks off is tried again."""
    server = Server(answer=lambda asked: right(asked) + "." * 20, script=lambda asked: "stream_cut" if asked.times == 0 else None)
    case = Case(tmp_path, server, n=6, road=road)
    document = case.document("--all", "--stream")
    rows = case.rows()
    assert all(0 < row["ttft_ms"] < row["latency_ms"] for row in rows)
    assert {(row["correct"], row["attempts"], row["tokens_out"], row["confidence_kind"]) for row in rows} == {
        (1.0, 2, 1, "label_likelihood")
    }
    assert document["models"][0]["ttft_ms"]["p50"] > 0


def test_an_open_task_is_scored_by_its_metric(tmp_path: Path) -> None:
    """Token F1 for short texts, the input in plain words, no labels and no likelihoods."""
    case = Case(tmp_path, Server(answer=lambda asked: f"it is {LABELS[number_of(asked) % 3]}"), n=20, profile=OPEN)
    document = case.document("--all")
    assert document["models"][0]["metric"] == "token_f1"
    assert document["models"][0]["score"] == pytest.approx(0.5)
    assert document["models"][0]["macro_f1"] is None
    assert case.server.seen[0].text.startswith("text number")
    contains = Case(tmp_path, case.server, n=20, profile=OPEN)
    contains.run_file.unlink()
    assert contains.document("--all", "--metric", "contains")["models"][0]["score"] == 1


@pytest.mark.parametrize(
    ("change", "more", "metric"),
    [
        ("", (), "token_f1"),
        ("metric: rouge_l", (), "rouge_l"),
        ("metric: ROUGE-L", (), "rouge_l"),
        ("metric: exact match", (), "exact_match"),
        ("metric: happiness", (), "token_f1"),
        ("metric: happiness", ("--metric", "contains"), "contains"),
        ("metric: json_schema", ("--schema", "{schema}"), "json_schema"),
        ("", ("--schema", "{schema}"), "json_schema"),
    ],
)
def test_which_metric_a_profile_means(tmp_path: Path, change: str, more: tuple[str, ...], metric: str) -> None:
    """Its own, where it can be scored; otherwise what fits the output, and then the report says so."""
    profile = OPEN.replace("quality: {floor: 0.5}", f"quality: {{floor: 0.5{', ' if change else ''}{change}}}")
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(SCHEMA), encoding="utf-8")
    case = Case(tmp_path, Server(answer=right), profile=profile)
    plan = json.loads(case.probe("--dry-run", "--format", "json", *(one.format(schema=schema) for one in more)).out)
    assert (plan["metric"], plan["format"], plan["floor"]) == (metric, "free_text", 0.5)
    assert any("happiness is not measured" in note for note in plan["notes"]) == ("happiness" in change and not more)


@pytest.mark.parametrize(("word", "said"), [("macro_f1", "the ladder tests accuracy"), ("mcc", "mcc is not measured"), ("accuracy", None)])
def test_labels_are_measured_by_accuracy(tmp_path: Path, word: str, said: str | None) -> None:
    """Whatever the profile names; where it names something else the report says so."""
    case = Case(tmp_path, Server(answer=right), profile=PROFILE.replace("floor: 0.8", f"floor: 0.8, metric: {word}"))
    plan = json.loads(case.probe("--dry-run", "--format", "json").out)
    assert (plan["metric"], [said in note for note in plan["notes"] if said]) == ("exact_label", [True] if said else [])


def test_labels_of_the_examples_where_the_profile_lists_none(tmp_path: Path) -> None:
    """They are taken, in alphabetical order, and the report says so."""
    case = Case(tmp_path, Server(answer=right), n=9, profile=PROFILE.replace("task: {labels: [alpha, beta, gamma]}\n", ""))
    document = case.document("--all")
    assert document["models"][0]["accuracy"] == 1
    assert any("lists no labels; the 3 of the examples" in note for note in document["notes"])


def test_documents_are_scored_field_by_field(tmp_path: Path) -> None:
    """With a schema: in free text and constrained, with the reason left out of what is compared."""

    def answer(asked: Asked) -> str:
        document = {"city": "Bonn", "number": number_of(asked) if number_of(asked) % 2 else -1}
        reasons = asked.body.get("response_format", {}).get("json_schema", {}).get("schema", {}).get("properties", {})
        return json.dumps({"reason": "so", **document} if "reason" in reasons else document)

    case = Case(tmp_path, Server(answer=answer), n=8, profile=OPEN)
    rows = [{"input": f"number {i}", "expected": {"city": "bonn", "number": i}} for i in range(8)]
    (tmp_path / "examples.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    document = case.document("--all", "--formats", "--metric", "json_fields", "--schema", tmp_path / "schema.json")
    assert {one["format"]: one["score"] for one in document["formats"]} == {"free_text": 0.75, "schema": 0.75, "schema_reason_first": 0.75}
    assert json.dumps(SCHEMA) in case.server.seen[0].body["messages"][0]["content"]


def test_open_answers_are_taken_out_of_their_objects(tmp_path: Path) -> None:
    """Constrained, an open answer stands in a field; what is no such object is scored as it is."""

    def answer(asked: Asked) -> str:
        label = LABELS[number_of(asked) % 3]
        if "response_format" not in asked.body:
            return label
        return [json.dumps({"answer": label}), label, json.dumps({"other": label}), json.dumps({"answer": 3})][number_of(asked) % 4]

    case = Case(tmp_path, Server(answer=answer), n=12, profile=OPEN)
    found = {one["format"]: one["score"] for one in case.document("--all", "--formats", "--metric", "exact_match")["formats"]}
    assert found == {"free_text": 1, "schema": 0.5, "schema_reason_first": 0.5}


def test_a_judge_that_gives_no_verdict(tmp_path: Path) -> None:
    """The answer stays unscored, and the report counts it as an error of that kind."""

    def script(asked: Asked) -> str | None:
        return "status:400:context length" if asked.model == "grader" and number_of(asked) == 1 else None

    server = Server(answer=lambda asked: "hm" if asked.model == "grader" else "an answer", script=script)
    case = Case(tmp_path, server, n=3, profile=OPEN)
    texts = [{"input": f"number {i}", "expected": f"number {i}"} for i in range(3)]
    (tmp_path / "examples.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in texts), encoding="utf-8")
    with serving(server):
        judge = ("--judge", f"grader={server.url}", "--price", "grader=5/5")
        document = json.loads(run(*case.arguments("--all", *judge, "--format", "json")).out)
    assert document["verdict"]["status"] == "not_enough_examples"
    assert {row["error_kind"] for row in case.rows() if row["model"] == "small"} == {"no_verdict"}


def test_a_prompt_of_ones_own(tmp_path: Path) -> None:
    """System and user part, with the input in its place; what stands in an input is no place."""
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("You sort: {labels}.\n---\nText: {input}\nLabel:", encoding="utf-8")
    words = {"A": "alpha", "B": "beta", "C": "gamma"}
    server = Server(answer=lambda asked: words[right(asked)], likely=lambda _, answer: [(answer[:3], -0.2), ("x", -2.0)])
    case = Case(tmp_path, server, n=6)
    rows = [{"input": f"{{labels}} {{codes}} number {i}", "expected": LABELS[i % 3]} for i in range(6)]
    (tmp_path / "examples.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    case.probe("--all", "--prompt", prompt, "--codes", "labels")
    messages = case.server.seen[0].body["messages"]
    assert messages[0] == {"role": "system", "content": "You sort: alpha, beta, gamma."}
    assert messages[1]["content"].startswith("Text: {labels} {codes} number ")
    assert {row["correct"] for row in case.rows()} == {1.0}
    refused = run(*case.arguments("--prompt", prompt, "--dry-run"))
    assert (refused.code, "{codes}" in refused.err) == (2, True)


def test_a_prompt_without_a_system_part_in_every_format(tmp_path: Path) -> None:
    """The user part alone; constrained formats get the sentence that asks for their form."""
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("One of:\n{codes}\nText: {input}\n", encoding="utf-8")
    server = Server(
        answer=lambda asked: json.dumps({"label": LABELS[number_of(asked) % 3]}) if "response_format" in asked.body else right(asked)
    )
    case = Case(tmp_path, server, n=3)
    document = case.document("--all", "--formats", "--prompt", prompt)
    assert {one["format"]: one["n"] for one in document["formats"]} == dict.fromkeys(
        ("label_code", "free_text", "schema", "schema_reason_first"), 3
    )
    messages = [asked.body["messages"] for asked in server.seen]
    assert {len(one) for one in messages} == {1}
    assert sum("Answer with one JSON object" in one[0]["content"] for one in messages) == 6
    prompt.write_text("a\n---\n{input} {codes}\n---\nb", encoding="utf-8")
    assert "more than one line of three dashes" in run(*case.arguments("--prompt", prompt, "--dry-run")).err


def test_more_labels_than_one_token_can_tell(tmp_path: Path) -> None:
    """They are asked for in words, and the report says that there are no likelihoods."""
    labels = [f"label{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(40)]
    profile = PROFILE.replace("[alpha, beta, gamma]", json.dumps(labels))
    case = Case(tmp_path, Server(answer=lambda asked: labels[number_of(asked) % 40]), n=80, profile=profile)
    rows = [{"input": f"number {i}", "expected": labels[i % 40]} for i in range(80)]
    (tmp_path / "examples.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    document = case.document("--all")
    assert document["models"][0]["accuracy"] == 1
    assert any("40 labels are more than one token" in note for note in document["notes"])
    case.run_file.unlink()
    case.probe("--all", "--samples", 3)
    assert {(row["confidence_kind"], row["confidence"], row["correct"]) for row in case.rows()} == {("vote_share", 1.0, 1.0)}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"expected": "gama"}, "did you mean 'gamma'?"),
        ({"input": ""}, None),
        ({"answer": 3}, None),
    ],
)
def test_examples_are_checked_against_the_profile(tmp_path: Path, change: dict[str, object], said: str | None) -> None:
    """A label that the profile does not list is refused before any call; an empty input is left out and reported."""
    case = Case(tmp_path, Server(answer=right), n=30)
    path = tmp_path / "examples.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows[4].update(change)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    done = case.probe("--all", "--format", "json")
    if said is not None:
        assert (done.code, said in done.err + done.out, case.server.seen) == (2, True, [])
    else:
        assert json.loads(done.out)["examples"]["n_usable"] == (29 if "input" in change else 30)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "a task profile is missing"),
        (["none.yaml"], "no such file"),
        (["--from", "none.jsonl"], "no such file"),
        (["--from", "x.jsonl", "--resume"], "do not go with it"),
        (["--from", "x.jsonl", "--dry-run"], "do not go with it"),
    ],
)
def test_wrong_usage(arguments: list[str], said: str) -> None:
    """Exit 2 and one line; with --format json that line is a document."""
    done = run("probe", *arguments)
    assert (done.code, said in done.err) == (2, True), done.err
    document = json.loads(run("probe", *arguments, "--format", "json").out)
    assert said in document["error"]["message"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--metric", "exactness"], "allowed: exact_label"),
        (["--metric", "judge"], "no judge is named"),
        (["--metric", "json_fields"], "cannot be scored by it, the first on line 1"),
        (["--prompt", "{examples}"], "{input}"),
        (["--schema", "{examples}"], "is not JSON"),
        (["--schema", "{labels}"], "the answers of this task are labels"),
        (["--metric", "json_schema", "--schema", "{list}"], "an object is expected"),
        (["--metric", "json_schema", "--schema", "{number}"], '"type": "object"'),
        (["--metric", "json_schema"], "needs a schema"),
        (["--examples", "{empty}"], "no example is left"),
        (["--samples", "3", "--metric", "contains"], "a majority needs a closed set of labels"),
        (["--metric", "contains", "--judge", "x=http://127.0.0.1:9/v1"], "a judge scores"),
        (["--judge", "small"], "does not grade itself"),
        (["--model", "small=http://127.0.0.1:9/v1"], "named twice"),
    ],
)
def test_what_cannot_be_probed_is_refused_before_a_call(tmp_path: Path, more: list[str], said: str) -> None:
    """With the reason; nothing is asked."""
    case = Case(tmp_path, Server(answer=right))
    files = {"examples": tmp_path / "examples.jsonl"}
    contents = {"labels": json.dumps(SCHEMA), "list": "[]", "number": '{"type": "number"}', "empty": '{"input": "", "expected": "alpha"}'}
    for name, content in contents.items():
        files[name] = tmp_path / f"{name}.json"
        files[name].write_text(content, encoding="utf-8")
    done = case.probe(*(one.format(**files) for one in more))
    assert (done.code, said in done.err, case.server.seen) == (2, True, []), done.err


def test_a_pipeline_and_missing_examples_are_refused(tmp_path: Path) -> None:
    """A probe is of one step, and needs examples; a profile may name their file, relative to itself."""
    stages = "stages:\n" + "".join(
        f"  - {{name: {one}, nature: routing, volume: {{input_tokens: 1, output_tokens: 1}}}}\n" for one in ("a", "b")
    )
    case = Case(tmp_path, Server(answer=right), profile=PROFILE + stages)
    assert "has stages" in case.probe().err
    (tmp_path / "task.yaml").write_text(PROFILE, encoding="utf-8")
    model = ("--model", "m=http://127.0.0.1:9/v1", "--price", "m=0/0", "--dry-run")
    assert "names no examples" in run("probe", tmp_path / "task.yaml", *model).err
    (tmp_path / "task.yaml").write_text(f"{PROFILE}data: {{examples_file: examples.jsonl}}\n", encoding="utf-8")
    assert run("probe", tmp_path / "task.yaml", *model).code == 0


def test_progress_is_for_terminals_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Count, spend, time left and running score, on stderr; without a terminal only the plan."""
    monkeypatch.setenv("COLUMNS", "200")
    server = Server(answer=right, delay_s=0.1)
    case = Case(tmp_path, server, n=90)
    with serving(server):
        seen = run(*case.arguments("--all", "--concurrency", 8), terminal=True)
    assert "of at most 90" in seen.err
    assert "of $1" in seen.err
    assert "left" in seen.err
    assert "small 1 on " in seen.err
    assert "\r" not in seen.out
    case.run_file.unlink()
    assert "\r" not in case.probe("--all").err


def test_the_profiles_candidates_are_tried(tmp_path: Path) -> None:
    """Encoders are left out with a note, the model in use today is the yardstick, and the dry run shows offers and prices."""
    profile = PROFILE.replace("quality: {floor: 0.8}\n", "candidates: [bert-base, llama-3.1-8b, gpt-4o-mini]\ntoday: gpt-4o\n")
    case = Case(tmp_path, Server(answer=right), profile=profile, models=())
    plan = json.loads(run(*case.arguments("--dry-run", "--format", "json")).out)
    assert [one["model"] for one in plan["models"]] == ["llama-3.1-8b", "gpt-4o-mini", "gpt-4o"]
    assert any("bert-base" in note for note in plan["notes"])
    assert plan["models"][1]["asked_as"] == "openai/gpt-4o-mini"
    text = run(*case.arguments("--dry-run")).out
    assert "nothing was sent" in text
    assert "priced as" in text


def test_the_usual_candidates_and_a_profile_on_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody names a model the usual ones are taken, with a note; the run file is named after the profile."""
    monkeypatch.chdir(tmp_path)
    case = Case(tmp_path, Server(answer=right), models=())
    arguments = ("probe", "-", "--examples", "examples.jsonl")
    plan = json.loads(run(*arguments, "--dry-run", "--format", "json", stdin=PROFILE.encode()).out)
    assert len(plan["models"]) > 5
    assert any("the usual candidates were taken" in note for note in plan["notes"])
    with serving(case.server):
        more = ("--model", f"m={case.server.url}", "--price", "m=0/0")
        assert run(*arguments, *more, stdin=PROFILE.encode()).code == 0
    assert (tmp_path / "task.probe.jsonl").exists()


def test_the_report_names_no_folder_but_the_files_as_given(tmp_path: Path) -> None:
    """Profile, examples with their hash, prices' date, endpoints and version stand in the report."""
    case = Case(tmp_path, Server(answer=right), n=6)
    data = case.document("--all")["data"]
    assert data.keys() >= {"profile", "examples_sha256", "profile_sha256", "prices_as_of", "endpoints", "run_id", "seed", "version"}
    assert case.server.url in data["endpoints"]
    assert PRICE == (1.0, 2.0)


def test_a_cascade_is_judged_on_a_run_file(tmp_path: Path) -> None:
    """The run file of a probe is what `slmdecide cascade` reads."""
    server = Server(
        answer=by_model({"m-1b": 0.6, "m-8b": 1.0}), likely=lambda asked, answer: [(answer, -0.01 * (1 + number_of(asked) % 7)), ("Z", -4)]
    )
    case = Case(tmp_path, server, n=60, models=("m-1b", "m-8b"))
    case.probe("--all")
    done = run("cascade", case.run_file, "--format", "json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["n"] == 60
    assert (document["small"]["correct"], document["large"]["correct"]) == (36, 60)


def test_examples_from_standard_input(tmp_path: Path) -> None:
    """`--examples -` reads them as a file is read; the profile cannot be there as well."""
    case = Case(tmp_path, Server(answer=right), n=12)
    examples = (tmp_path / "examples.jsonl").read_bytes()
    model = ("--model", "m=http://127.0.0.1:1/v1", "--price", "m=0/0")
    found = run("probe", tmp_path / "task.yaml", "--examples", "-", *model, "--dry-run", stdin=examples)
    assert (found.code, "12 examples" in found.out) == (0, True), found.err
    both = run("probe", "-", "--examples", "-", "--dry-run", stdin=case.profile.encode())
    assert (both.code, "cannot both be standard input" in both.err) == (2, True)


def test_an_address_at_which_nobody_answers(tmp_path: Path) -> None:
    """Exit 1, with the address and the reason in words."""
    Case(tmp_path, Server(answer=right), n=12)
    where = ("--examples", tmp_path / "examples.jsonl", "--run", tmp_path / "run.jsonl")
    done = run("probe", tmp_path / "task.yaml", *where, "--model", "m=http://127.0.0.1:1/v1", "--price", "m=0/0")
    assert (done.code, "cannot connect to 127.0.0.1:1: Connection refused" in done.err) == (1, True), done.err


def test_the_report_is_as_wide_as_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """80 columns are enough for every line; 100 are the most."""
    case = Case(tmp_path, Server(answer=right), n=60)
    case.probe("--all", "--format", "json")
    for columns, most in (("80", 80), ("200", 100)):
        monkeypatch.setenv("COLUMNS", columns)
        out = run("probe", "--from", case.run_file).out
        assert 0.8 * most < max(map(len, out.splitlines())) <= most
