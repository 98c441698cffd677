"""No word that a customer wrote or a model answered stands in a report or a profile, from any format, unless it is asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import traffic_logs as logs
from tests.running import run

Row = dict[str, Any]
_LETTERS = "abcdefghij"
CANARY = re.compile(r"qx[a-z]+", re.IGNORECASE)


def canary(field: str, k: int) -> str:
    """A word that nobody else writes, another one for each field and call: letters only, since digits are masked."""
    return f"qx{field}{''.join(_LETTERS[int(digit)] for digit in str(k))}"


def calls() -> list[Row]:
    """The calls of the other tests, with a word of a customer's in each text that may hold one."""
    found = []
    for call in logs.calls(90):
        k = call["k"]
        system = f"{call['system']} You talk to {canary('system', k)}." if call["system"] else None
        answer = call["answer"]
        if k % 3 == 1:
            answer = json.dumps({**json.loads(answer), canary("key", k): canary("value", k)})
        elif k % 3 == 2:
            answer = f"{answer} {canary('answer', k)}"
        found.append({**call, "system": system, "user": f"{call['user']} {canary('user', k)}", "answer": answer})
    # One customer who says the same thing over and over, but for a number.
    for k in range(9):
        words = f"this is {canary('often', 0)} again about {canary('often', 1)} {canary('often', 2)} number {k} please"
        found.append({**found[0], "k": 900 + k, "system": None, "user": words, "answer": canary("label", 0)})
    return found


def chat_log(call: Row) -> Row:
    """With earlier turns, a tool's answer, an error and a user's name."""
    row = logs.chat_log(call)
    k = call["k"]
    history = [
        {"role": "user", "content": canary("history", k)},
        {"role": "assistant", "content": canary("earlier", k)},
        {"role": "tool", "tool_call_id": "x", "content": canary("tool", k)},
    ]
    row["request"]["messages"] = [*row["request"]["messages"][:-1], *history, row["request"]["messages"][-1]]
    row["request"]["user"] = canary("person", k)
    row["response"]["choices"][0]["message"]["reasoning_content"] = canary("thought", k)
    return row


def odd_chat_log(call: Row) -> Row:
    """One that has to be read row by row, with function calls and parts."""
    row = chat_log(call)
    k = call["k"]
    function = {"name": "find", "arguments": json.dumps({"q": canary("argument", k)})}
    row["response"]["choices"][0]["message"]["tool_calls"] = [{"id": "c", "type": "function", "function": function}]
    row["request"]["messages"][-1]["content"] = [{"type": "text", "text": canary("part", k)}, {"type": "text", "text": call["user"]}]
    row["metadata"] = {"customer": canary("meta", k), "end_user": canary("end", k)}
    return row


def spend_log(call: Row) -> Row:
    """With a hashed key, an end user, metadata and a request body."""
    k = call["k"]
    body = {"messages": logs.messages(call), "user": canary("person", k)}
    extra = {"api_key": canary("apikey", k), "end_user": canary("end", k), "user": canary("person", k), "team_id": canary("team", k)}
    metadata = json.dumps({"spend_logs_metadata": {"note": canary("meta", k)}, "user_api_key_alias": canary("alias", k)})
    return {**logs.spend_log(call), **extra, "metadata": metadata, "proxy_server_request": json.dumps(body)}


def logging_payload(call: Row) -> Row:
    """With an error text and metadata."""
    k = call["k"]
    metadata = {"user_api_key_user_email": canary("mail", k), "requester_metadata": {"note": canary("meta", k)}}
    return {**logs.logging_payload(call), "metadata": metadata, "error_str": canary("error", k), "end_user": canary("end", k)}


def otel(call: Row) -> Row:
    """With an exception and a user's id on the spans."""
    row = logs.otel(call)
    for span in row["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        span["attributes"].append({"key": "enduser.id", "value": {"stringValue": canary("end", call["k"])}})
        span["status"] = {"message": canary("status", call["k"])}
        said = [{"key": "exception.message", "value": {"stringValue": canary("error", call["k"])}}]
        span["events"] = [{"name": "exception", "attributes": said}]
    return row


def langfuse(call: Row) -> Row:
    """With metadata, a status and a user."""
    k = call["k"]
    more = {"metadata": json.dumps({"note": canary("meta", k)}), "status_message": canary("status", k), "user_id": canary("person", k)}
    return {**logs.langfuse(call), **more, "comments": canary("comment", k), "input_text": canary("more", k)}


def lines(writer: Callable[[Row], Row]) -> Callable[[Path], list[object]]:
    """A log that has one line a call, and lines that cannot be read."""

    def write(folder: Path) -> list[object]:
        path = logs.write_lines(folder / "log.jsonl", [writer(call) for call in calls()])
        bad = [f'{{"{canary("badkey", 1)}": "{canary("bad", 1)}"}}', f"{canary('bad', 2)} is no JSON", f'{{"request": "{canary("bad", 3)}']
        path.write_text(path.read_text(encoding="utf-8") + "\n".join(bad) + "\n", encoding="utf-8")
        return [path]

    return write


def batch(folder: Path) -> list[object]:
    """Both halves of a batch, with metadata and an error."""
    asked = [logs.batch_input(call) for call in calls()]
    for row, call in zip(asked, calls(), strict=True):
        row["body"]["metadata"] = {"note": canary("meta", call["k"])}
    said = [logs.batch_output(call) for call in calls()]
    logs.write_lines(folder / "in.jsonl", asked)
    logs.write_lines(folder / "out.jsonl", said)
    return [folder]


def table(folder: Path) -> list[object]:
    """A table with a column that nobody mapped."""
    rows = [{**logs.table(call), "remark": canary("remark", call["k"])} for call in calls()]
    return [logs.write_csv(folder / "t.csv", rows), *(word for one in logs.MAP for word in ("--map", one))]


FORMATS: dict[str, Callable[[Path], list[object]]] = {
    "chat_log": lines(chat_log),
    "plain_chat_log": lines(logs.chat_log),
    "odd_chat_log": lines(odd_chat_log),
    "batch": batch,
    "spend_log": lines(spend_log),
    "logging_payload": lines(logging_payload),
    "otel": lines(otel),
    "old_otel": lines(logs.old_otel),
    "langfuse": lines(langfuse),
    "langfuse_csv": lambda folder: [logs.write_csv(folder / "o.csv", [langfuse(call) for call in calls()])],
    "table": table,
}


@pytest.mark.parametrize("name", FORMATS)
def test_no_word_of_a_customer_stands_anywhere(name: str, tmp_path: Path) -> None:
    """Not in the report in any form, on stdout, stderr or in a file; not in a profile, its comments or a file's name."""
    arguments = FORMATS[name](tmp_path)
    saved = tmp_path / "report.json"
    ran = run("traffic", *arguments, "--write-profiles", tmp_path / "p", "--format", "json", "--output", saved)
    assert ran.code == 0, ran.err
    seen = [ran.out, ran.err, saved.read_text(encoding="utf-8")]
    for form in ("text", "markdown", "html"):
        shown = run("report", saved, "--format", form)
        assert shown.code == 0, shown.err
        seen.append(shown.out)
    for file in (tmp_path / "p").iterdir():
        seen += [file.name, file.read_text(encoding="utf-8")]
    assert len(seen) > 7
    assert {word for text in seen for word in CANARY.findall(text)} == set()


def test_the_canaries_are_read_and_would_be_seen(tmp_path: Path) -> None:
    """--show-text brings them out, in the report and in unmasked examples: the test above does not look for what is not there."""
    path = lines(logs.chat_log)(tmp_path)[0]
    ran = run("traffic", path, "--show-text", "--examples", tmp_path / "e", "--write-profiles", tmp_path / "p")
    assert ran.code == 0, ran.err
    assert CANARY.search(ran.out)
    assert any(CANARY.search(file.read_text(encoding="utf-8")) for file in (tmp_path / "e").iterdir())
    assert "billing" in "".join(file.read_text(encoding="utf-8") for file in (tmp_path / "p").iterdir())


def test_a_name_in_a_system_prompt_is_no_part_of_a_group_s_name(tmp_path: Path) -> None:
    """Names of people begin with a capital letter inside a sentence; names of languages stay."""
    rows = []
    for call in logs.calls(60):
        system = "You are the gate keeper of Anna Meier's help desk. Translate each message into French."
        rows.append(logs.chat_log({**call, "system": system, "answer": f"Voici {call['k']} mots"}))
    ran = run("traffic", logs.write_lines(tmp_path / "l.jsonl", rows))
    assert ran.code == 0, ran.err
    assert not re.search(r"anna|meier", ran.out, re.IGNORECASE)
    assert "gate keeper help desk" in ran.out
    assert "french" in ran.out


def test_an_error_names_no_text(tmp_path: Path) -> None:
    """A log without a call is refused without quoting it."""
    path = tmp_path / "l.jsonl"
    path.write_text(f'{{"note": "{canary("note", 1)}"}}\n', encoding="utf-8")
    for form in ("text", "json"):
        ran = run("traffic", path, "--format", form)
        assert ran.code == 2
        assert not CANARY.search(ran.out + ran.err)
    ran = run("traffic", path, "--strict")
    assert ran.code == 2
    assert not CANARY.search(ran.out + ran.err)
