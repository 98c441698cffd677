"""Each fault of a server by itself: which ones pass, what is recorded, and that no key gets out."""

from __future__ import annotations

import asyncio
import json
import random
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from slmdecide.probe.faults import Fault, fault_of, one_line, seconds_to_wait
from slmdecide.probe.pace import MOST_DELAY_S, Pace, delay_s
from tests.fault_server import TRANSIENT, Asked, Server, faulty, first_times
from tests.probe_case import LABELS, ROADS, Case, Road, number_of, right
from tests.running import run

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk-secret-0123456789abcdef"


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("kind", [*TRANSIENT, "hang:3"])
def test_a_fault_that_passes_is_tried_again(tmp_path: Path, kind: str, road: Road) -> None:
    """Each question is asked twice under one id, billed once, and answered."""
    server = Server(answer=right, script=first_times(kind, 1))
    case = Case(tmp_path, server, n=6, road=road)
    done = case.probe("--all", "--concurrency", 6, "--timeout", 1 if kind.startswith("hang") else 60)
    assert done.code == 4  # six examples show nothing
    rows = case.rows()
    assert [row["correct"] for row in rows] == [1.0] * 6
    assert {row["attempts"] for row in rows} == {2}
    assert {row["error"] for row in rows} == {None}
    assert len(server.bill) == 6
    assert set(server.requests.values()) == {2}
    unbilled = kind.startswith(("429",))
    assert all((row["unsure_usd"] == 0) == unbilled for row in rows)


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("kind", ["no_usage", "no_logprobs", "minus_infinity", "all_minus_infinity", "markup", "slow:0.01"])
def test_an_odd_answer_is_an_answer(tmp_path: Path, kind: str, road: Road) -> None:
    """It is read for what it says; what is missing is unknown, never 0."""
    server = Server(answer=right, script=lambda _: kind)
    case = Case(tmp_path, server, n=6, road=road)
    case.probe("--all", "--concurrency", 6)
    rows = case.rows()
    assert len(rows) == 6
    assert {row["attempts"] for row in rows} == {1}
    if kind == "no_usage":
        assert {(row["tokens_in"], row["cost_usd"], row["correct"]) for row in rows} == {(None, None, 1.0)}
        assert all(row["unsure_usd"] > 0 for row in rows)
    elif kind == "no_logprobs":
        assert {(row["confidence"], row["confidence_kind"], row["correct"]) for row in rows} == {(None, None, 1.0)}
    elif kind == "all_minus_infinity":
        assert {(row["label"], row["uncertain"], row["missing_mass"]) for row in rows} == {(None, True, 1.0)}
    else:
        assert {(row["correct"], row["confidence_kind"]) for row in rows} == {(1.0, "label_likelihood")}


@pytest.mark.parametrize("road", ROADS)
def test_an_answer_that_trickles_in_is_given_up(tmp_path: Path, road: Road) -> None:
    """The time limit is for the whole answer: no pause is long, and still it ends."""
    server = Server(answer=right, script=lambda asked: "slow:0.5" if asked.times == 0 else None)
    case = Case(tmp_path, server, n=3, road=road)
    case.probe("--all", "--timeout", 2)
    assert [(row["attempts"], row["correct"]) for row in case.rows()] == [(2, 1.0)] * 3


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("empty_choices", "empty_answer"),
        ("null_content", "empty_answer"),
        ("status:400:context length is 512 tokens", "context_length"),
        ("status:400:flagged by the content filter", "content_filter"),
        ("status:422:what is this", "bad_request"),
    ],
)
def test_a_fault_that_stays_is_not_tried_again(tmp_path: Path, kind: str, error: str, road: Road) -> None:
    """One request, one line with the kind of the error; the other examples go on."""
    server = Server(answer=right, script=lambda asked: kind if number_of(asked) % 4 == 3 else None)
    case = Case(tmp_path, server, n=12, road=road)
    document = case.document("--all", "--concurrency", 1)
    assert document["models"][0]["errors"] == {error: 3}
    assert document["models"][0]["n"] == 9
    again = road == "litellm" and "422" in kind  # litellm asks once more without a field that is refused
    assert set(server.requests.values()) == ({1, 2} if again else {1})
    failed = [row for row in case.rows() if row["error"]]
    assert {(row["error_kind"], row["correct"]) for row in failed} == {(error, None)}
    assert "without an answer" in run("probe", "--from", case.run_file).out


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("[1, 2]", "the answer is no JSON object"),
        ('{"error": {"message": "overloaded with work"}}', "overloaded with work"),
        ('{"object": "list"}', "the answer is no chat completion"),
        (
            '{"choices": [{"message": {"content": "A"}, "logprobs": {"content": [{"top_logprobs": [{}]}]}}]}',
            "the answer is no chat completion",
        ),
    ],
)
def test_an_answer_with_a_status_of_200_that_is_none(tmp_path: Path, body: str, said: str) -> None:
    """Recorded with what it says; it may have been billed, and is not tried again."""
    server = Server(answer=right, script=lambda asked: f"body:{body}" if number_of(asked) % 4 == 3 else None)
    case = Case(tmp_path, server, n=12)
    document = case.document("--all", "--concurrency", 1)
    assert document["models"][0]["errors"] == {"bad_response": 3}
    assert {row["error"] for row in case.rows() if row["error"]} == {said}
    assert document["unsure_usd"] > 0
    assert set(server.requests.values()) == {1}


@pytest.mark.parametrize(("text", "said"), [("", "HTTP 418"), ("x" * 20_000, "x" * 50)])
def test_an_error_that_says_nothing_or_too_much(tmp_path: Path, text: str, said: str) -> None:
    """The status stands in for a reason; of a long one the beginning is kept."""
    server = Server(answer=right, script=lambda asked: f"status:418:{text}" if number_of(asked) == 3 else None)
    case = Case(tmp_path, server, n=12)
    case.document("--all", "--concurrency", 1)
    (error,) = [row["error"] for row in case.rows() if row["error"]]
    assert said in error
    assert len(error) <= 300


def test_an_answer_of_ten_megabytes(tmp_path: Path) -> None:
    """It is read; the run file keeps a bounded part of it."""
    server = Server(answer=right, script=lambda asked: "huge" if number_of(asked) == 1 else None)
    case = Case(tmp_path, server, n=3)
    case.probe("--all")
    assert [row["error"] for row in case.rows()] == [None] * 3
    assert case.run_file.stat().st_size < 200_000


def test_markup_and_control_characters_act_nowhere(tmp_path: Path) -> None:
    """Neither a terminal nor Markdown takes an answer, an id or an error for more than text."""
    evil = "\x1b[2J<img src=x onerror=alert(1)> [x](http://example.com) `|`"
    server = Server(answer=lambda _: evil, script=lambda asked: f"status:422:{evil}" if number_of(asked) == 1 else "markup")
    case = Case(tmp_path, server, n=6)
    outputs = [
        case.probe("--all", "--format", "markdown"),
        *(run("probe", "--from", case.run_file, "--format", one) for one in ("text", "json")),
    ]
    for done in outputs:
        assert "\x1b" not in done.out + done.err
        assert "\u202e" not in done.out
        assert "<img" not in done.out


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(("status", "said"), [(401, "bad key"), (403, "not yours"), (404, "no model small")])
def test_a_refusal_for_good_stops_the_model(tmp_path: Path, status: int, said: str, road: Road) -> None:
    """Exit 1 with the reason, the address and how to go on; no second request of a question."""
    server = Server(answer=right, script=lambda _: f"status:{status}:{said}")
    case = Case(tmp_path, server, n=60, road=road)
    done = case.probe("--concurrency", 2)
    assert done.code == 1
    assert said in done.err
    assert server.url in done.err
    assert "--resume" in done.err
    assert len(server.seen) <= 4
    assert case.rows() == []


def test_a_used_up_quota_stops_the_model(tmp_path: Path) -> None:
    """A 429 that no waiting helps against."""
    server = Server(answer=right, script=lambda _: "quota")
    done = Case(tmp_path, server, n=60).probe("--concurrency", 2)
    assert (done.code, "quota" in done.err) == (1, True)
    assert len(server.seen) <= 4


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """A few attempts, then the reason, within seconds."""
    case = Case(tmp_path, Server(answer=right), models=())
    done = run(*case.arguments("--model", "m=http://127.0.0.1:9/v1", "--price", "m=1/1", "--concurrency", 4))
    assert (done.code, "http://127.0.0.1:9/v1" in done.err) == (1, True)


def test_with_all_the_other_models_go_on(tmp_path: Path) -> None:
    """One that is given up is noted; the others are measured."""
    server = Server(answer=right, script=lambda asked: "status:401:no" if asked.model == "closed" else None)
    case = Case(tmp_path, server, n=90, models=("closed", "open"))
    document = case.document("--all")
    assert [(one["model"], one["n"]) for one in document["models"]] == [("open", 90)]
    assert any("closed was given up" in note for note in document["notes"])


@pytest.mark.parametrize("listed", [5, 0])
def test_a_server_that_lists_fewer_log_probabilities(tmp_path: Path, listed: int) -> None:
    """It is asked for as many as it takes; with none the answer itself is read."""

    def script(asked: Asked) -> str | None:
        return "status:400:top_logprobs must be at most 5" if asked.body.get("top_logprobs", 0) > listed else None

    case = Case(tmp_path, Server(answer=right, script=script), n=9)
    case.probe("--all", "--concurrency", 1)
    rows = case.rows()
    assert [row["correct"] for row in rows] == [1.0] * 9
    assert {row["confidence_kind"] for row in rows} == ({"label_likelihood"} if listed else {None})
    assert rows[-1]["attempts"] == 1


def test_compared_formats_wait_out_their_faults(tmp_path: Path) -> None:
    """The ladder's end drops what it does not need any more, and nothing of the comparison of formats."""
    server = Server(answer=lambda _: "alpha", script=lambda asked: "500" if asked.times == 0 and asked.body["max_tokens"] > 1 else None)
    case = Case(tmp_path, server, n=9)
    case.probe("--all", "--formats")
    assert sorted(row["format"] for row in case.rows()) == sorted(["label_code", "free_text", "schema", "schema_reason_first"] * 9)
    assert {row["attempts"] for row in case.rows() if row["format"] != "label_code"} == {2}


def test_a_server_that_takes_no_temperature(tmp_path: Path) -> None:
    """It is asked without one from then on."""

    def script(asked: Asked) -> str | None:
        return "status:400:'temperature' does not support 0.0 with this model" if "temperature" in asked.body else None

    case = Case(tmp_path, Server(answer=right, script=script), n=9)
    case.probe("--all", "--concurrency", 1)
    assert [row["correct"] for row in case.rows()] == [1.0] * 9
    assert sum(case.server.faults.values()) == 1


def in_json(asked: Asked) -> str:
    """The right label as a JSON document where one is asked for, as its code where one token is, and in a sentence else."""
    label = LABELS[number_of(asked) % 3]
    if "response_format" in asked.body:
        return json.dumps({"reason": "so", "label": label})
    return right(asked) if asked.body["max_tokens"] == 1 else f"It is {label}."


def test_a_server_that_takes_a_schema_in_the_older_form_alone(tmp_path: Path) -> None:
    """It says so as an error of its own, as llama-cpp-python's does, to many requests at once: each is sent again in that form."""

    def script(asked: Asked) -> str | None:
        wrong = asked.body.get("response_format", {}).get("type") == "json_schema"
        return "status:500:1 validation error: ('body', 'response_format', 'type'): input should be 'json_object'" if wrong else None

    case = Case(tmp_path, Server(answer=in_json, script=script, delay_s=0.02), n=30)
    document = case.document("--all", "--formats", "--concurrency", 16)
    found = {one["format"]: one for one in document["formats"]}
    assert {one["n"] for one in found.values()} == {30}
    assert (found["schema"]["score"], found["schema_reason_first"]["score"]) == (1, 1)
    assert all(row["error"] is None for row in case.rows())
    assert max(row["attempts"] for row in case.rows()) == 2
    sent = [asked.body["response_format"] for asked in case.server.seen if "response_format" in asked.body]
    assert {"alpha", "beta", "gamma"} == set(next(one["schema"]["properties"]["label"]["enum"] for one in sent if "schema" in one))


def test_a_format_that_a_server_does_not_take_is_dropped(tmp_path: Path) -> None:
    """After a few questions, with the reason; the ladder's answer stands."""

    def script(asked: Asked) -> str | None:
        return "status:400:response_format is not supported by this model" if "response_format" in asked.body else None

    case = Case(tmp_path, Server(answer=in_json, script=script), n=60)
    done = case.probe("--formats", "--concurrency", 2, "--format", "json")
    document = json.loads(done.out)
    assert (done.code, document["verdict"]["status"]) == (0, "good_enough")
    assert {one["format"] for one in document["formats"]} >= {"label_code", "free_text"}
    assert any("small, schema: not compared any further: response_format is not supported" in note for note in document["notes"])
    assert "small is not asked for schema any more" in done.err
    assert sum("response_format" in asked.body for asked in case.server.seen) < 20


@pytest.mark.parametrize(("kind", "said"), [("length", "--max-tokens"), ("status:400:no such field", "no such field")])
def test_a_model_that_never_answers_is_given_up(tmp_path: Path, kind: str, said: str) -> None:
    """One that thinks until its tokens are used up, or refuses everything, is not paid for every example."""
    case = Case(tmp_path, Server(answer=right, script=lambda _: kind), n=60)
    done = case.probe("--concurrency", 2)
    assert (done.code, said in done.err) == (1, True), done.err
    assert len(case.server.seen) <= 8


@pytest.mark.parametrize("road", ROADS)
def test_no_key_gets_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, road: Road) -> None:
    """Not into a file, a message or a report, even where the server repeats it; a provider's key is not sent to another address."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("SLMDECIDE_API_KEY", "own-key-9876543210")
    monkeypatch.setenv("LITELLM_LOG", "DEBUG")
    server = Server(
        answer=right,
        script=lambda asked: f"status:400:{asked.headers.get('authorization')} {KEY} is wrong" if number_of(asked) % 2 else None,
    )
    case = Case(tmp_path, server, n=12, road=road)
    outputs = [case.probe("--all", "--format", "json"), run("probe", "--from", case.run_file)]
    said = "".join(one.out + one.err for one in outputs)
    files = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    for secret in (KEY, "own-key-9876543210"):
        assert secret not in said
        assert secret.encode() not in files
    assert {asked.headers["authorization"] for asked in server.seen} == {f"Bearer {KEY if road == 'litellm' else 'own-key-9876543210'}"}
    assert "[key]" in said + files.decode()


def test_many_faults_at_once_change_nothing(tmp_path: Path) -> None:
    """A fifth of the requests fail in every way that passes, some several times; the result is the same as without."""
    faults = Case(tmp_path, Server(answer=right, script=faulty(0.2)), n=90)
    (plain_folder := tmp_path / "plain").mkdir()
    plain = Case(plain_folder, Server(answer=right), n=90)
    one, other = faults.document("--all", "--concurrency", 32), plain.document("--all", "--concurrency", 32)
    assert sum(faults.server.faults.values()) > 5
    assert one["verdict"] == other["verdict"]
    assert one["spent_usd"] == pytest.approx(other["spent_usd"]) == pytest.approx(faults.server.billed_usd)
    assert [row["example_id"] for row in sorted(faults.rows(), key=lambda row: row["position"])] == [
        row["example_id"] for row in sorted(plain.rows(), key=lambda row: row["position"])
    ]
    assert not faults.server.billed_twice


# By themselves


def named(name: str, message: str = "", **more: object) -> Exception:
    """An exception of a provider that litellm asks without the openai package: its name is all there is."""
    error = type(name, (Exception,), {})(message)
    for key, value in more.items():
        setattr(error, key, value)
    return error


@pytest.mark.parametrize(
    ("error", "kind", "billed"),
    [
        (named("AuthenticationError"), "authentication", False),
        (named("InternalServerError", "Missing credentials. Please pass an `api_key`"), "authentication", False),
        (named("NotFoundError"), "not_found", False),
        (named("BadRequestError", "LLM Provider NOT provided."), "not_found", False),
        (named("RateLimitError"), "rate_limit", False),
        (named("RateLimitError", "insufficient_quota"), "quota", False),
        (named("ServiceUnavailableError"), "server_error", True),
        (named("APIError", "Empty or invalid response"), "truncated", True),
        (named("BadRequestError", "prompt is too long"), "context_length", False),
        (named("UnsupportedParamsError", "no such thing"), "bad_request", False),
        (named("ConnectError"), "connection", False),
        (named("APIConnectionError"), "connection", True),
        (named("RemoteProtocolError"), "truncated", True),
        (named("ReadTimeout"), "timeout", True),
        (named("SomethingElse"), "other", True),
    ],
)
def test_faults_by_name_alone(error: Exception, kind: str, *, billed: bool) -> None:
    """Which kind it is, and whether the server may have done the work."""
    found = fault_of(error, {})
    assert (found.kind, found.may_be_billed) == (kind, billed)
    assert str(found) == found.message


def test_a_date_without_a_zone_is_utc() -> None:
    """As the standard says of HTTP dates."""
    assert seconds_to_wait({"retry-after": "Tue, 24 Nov 2026 12:00:05 -0000"}, datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)) == 5


def test_secrets_are_taken_out_of_messages() -> None:
    """Values of the environment that are named like secrets, and what looks like a key anywhere."""
    environment = {"MY_API_KEY": "plain-words", "HOME": "/home/me", "X_TOKEN": "abc"}
    said = one_line("plain-words abc /home/me sk-proj-abcdefghijklmnop Bearer zzz http://u:p@h/ ?key=q1 workload_identity", environment)
    assert said == "[key] abc /home/me [key] Bearer [key] http://[key]h/ ?key=[key] workload_identity"
    assert one_line("litellm.Timeout: APITimeoutError - late\n\x1b[31m", {}) == "late \\x1b[31m"
    assert len(one_line("x" * 10_000, {})) == 300


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": format_datetime(datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC), usegmt=True)}, 30.0),
        ({"retry-after": format_datetime(datetime(2026, 11, 24, 11, 0, 0, tzinfo=UTC), usegmt=True)}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_how_long_a_server_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds or a date; nonsense is no wish."""
    assert seconds_to_wait(headers, datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)) == seconds


def draws() -> random.Random:
    """The same draws every time."""
    return random.Random(1)  # noqa: S311  (a test)


def test_delays_double_up_to_a_limit() -> None:
    """From half to all of 0.25 · 2^(n − 1) seconds; the same seed gives the same."""
    delays = [delay_s(attempt, draws()) for attempt in range(1, 12)]
    assert delays == [delay_s(attempt, draws()) for attempt in range(1, 12)]
    assert all(0.5 * min(MOST_DELAY_S, 0.25 * 2 ** (n - 1)) <= one <= MOST_DELAY_S for n, one in enumerate(delays, start=1))
    assert delays == sorted(delays)


def test_the_pace_falls_once_for_a_burst_and_rises_again() -> None:
    """Refusals of requests that were under way together halve the limit once; a round of answers adds one."""
    now = 0.0
    pace = Pace(16, clock=lambda: now)
    refused = Fault(kind="rate_limit", message="", may_be_billed=False)
    now = 1.0
    for _ in range(16):
        pace.failed(refused, started=0.5)
    assert pace.limit == 8
    pace.failed(refused, started=1.5)
    assert pace.limit == 4
    for _ in range(40):
        pace.answered()
    assert 8 < pace.limit < 10
    for _ in range(1000):
        pace.answered()
    assert pace.limit == 16
    for _ in range(20):
        now += 1
        pace.failed(refused, started=now)
    assert pace.limit == 1


def test_no_more_are_under_way_than_the_pace_allows() -> None:
    """However many want to be, and cancelled ones give their place back."""
    most = 0

    async def go() -> None:
        pace = Pace(4)
        active = 0

        async def one(i: int) -> None:
            nonlocal active, most
            async with pace:
                active += 1
                most = max(most, active)
                await asyncio.sleep(0.001)
                active -= 1
                if i % 3 == 0:
                    pace.answered()

        tasks = [asyncio.ensure_future(one(i)) for i in range(60)]
        await asyncio.sleep(0)
        for task in tasks[10:20]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert pace._active == 0

    asyncio.run(go())
    assert most == 4


def test_retry_after_holds_everybody_back(tmp_path: Path) -> None:
    """A request that is told to wait makes the others wait too."""
    times: list[float] = []

    def script(_: Asked) -> str | None:
        times.append(time.monotonic())
        return "429_retry_after:0.6" if len(times) == 1 else None

    case = Case(tmp_path, Server(answer=right, script=script), n=12)
    case.probe("--all", "--concurrency", 2)
    assert len(times) == 13
    soon = [one for one in times[1:] if one < times[0] + 0.6]
    assert len(soon) <= 1  # the one that was under way
