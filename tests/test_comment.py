"""The one comment on a pull request, against a server that plays the API; annotations; what is cut to fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from slmdecide.ci.comments import NoCommentError, Thread, keep_comment, marker
from slmdecide.ci.fitting import MOST_COMMENT_BYTES, fitted
from slmdecide.ci.workflow import annotation, append_output, append_summary, pull_request_number
from slmdecide.errors import RunError
from tests.comments_api import TOKEN, Played, comments_api

KEY = "ci/decide"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    """The server; no proxy stands between."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with comments_api() as played:
        yield played


def keep(api: Played, markdown: str = "report", *, create: bool = True, waits: list[float] | None = None) -> str:
    """What became of the comment on pull request 7."""
    thread = Thread(api_url=api.url, repository="acme/shop", number=7, token=TOKEN)
    return keep_comment(thread, markdown, key=KEY, create=create, wait=(waits if waits is not None else []).append)


def test_made_once_then_kept_up_to_date(api: Played) -> None:
    """One comment, whatever the number of runs; the same text is not written again."""
    assert [keep(api, "one"), keep(api, "two"), keep(api, "two")] == ["created", "updated", "unchanged"]
    assert [one["body"] for one in api.comments] == [f"{marker(KEY)}\ntwo"]
    assert api.asked[-1][0] == "GET"
    assert api.tokens == {f"Bearer {TOKEN}"}


def test_found_beyond_the_first_page(api: Played) -> None:
    """After thirty-one, and after ninety-five comments of others."""
    api.chatter(31)
    assert keep(api, "one") == "created"
    assert keep(api, "two") == "updated"
    assert len(api.comments) == 32
    api.comments[:0] = [{"id": i, "body": "x", "user": {"login": "a", "type": "User"}} for i in range(95)]
    assert keep(api, "three") == "updated"
    assert sum(one["body"].startswith(marker(KEY)) for one in api.comments) == 1


def test_only_ours_is_changed(api: Played) -> None:
    """A person's comment with our marker, a quotation of it, and the comment of another job stay as they are."""
    first = marker(KEY)
    api.add(f"{first}\nmine now", {"login": "mallory", "type": "User"})
    api.add(f"> {first}\nquoted")
    api.add(f"{marker('ci/other')}\nanother job")
    api.comments.append({"id": 5, "body": f"{first}\nof a deleted user", "user": None})
    before = [one["body"] for one in api.comments]
    assert keep(api) == "created"
    assert [one["body"] for one in api.comments[:-1]] == before
    assert keep(api, "again") == "updated"


def test_a_person_s_token_knows_its_own_comment(api: Played) -> None:
    """With the token of a person the comment of that person is ours."""
    api.user = {"login": "dana", "type": "User"}
    assert [keep(api, "one"), keep(api, "two")] == ["created", "updated"]
    api.add(f"{marker('x')}\n", {"login": "mallory", "type": "User"})
    assert len(api.comments) == 2


def test_no_comment_is_made_for_nothing(api: Played) -> None:
    """Without anything to tell none is made, and one that stands is brought up to date."""
    assert keep(api, create=False) == "not_needed"
    assert api.comments == []
    assert keep(api, "one") == "created"
    assert keep(api, "two", create=False) == "updated"


def test_a_comment_deleted_meanwhile_is_made_again(api: Played) -> None:
    """The answer 404 to a change is no failure."""
    keep(api, "one")
    api.refusals["PATCH"] = [(404, {})]
    assert keep(api, "two") == "created"


@pytest.mark.parametrize(
    ("method", "status", "fragment"),
    [
        ("GET", 401, "not valid"),
        ("GET", 403, "fork"),
        ("POST", 403, "pull-requests: write"),
        ("GET", 404, "no such pull request"),
        ("POST", 404, "no such pull request"),
        ("POST", 410, "switched off"),
        ("POST", 422, "refused"),
        ("GET", 301, "answered 301"),
        ("POST", 500, "failed"),
        ("GET", 503, "failed"),
    ],
)
def test_a_refusal_is_told_without_the_token(api: Played, method: str, status: int, fragment: str) -> None:
    """What the API says is not repeated: it may echo anything."""
    api.for_good[method] = (status, {"Location": "http://127.0.0.1:1/elsewhere"} if status == 301 else {})
    with pytest.raises(NoCommentError) as caught:
        keep(api)
    assert fragment in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert len([one for one in api.asked if one[0] == "POST"]) == (1 if method == "POST" else 0)


def test_a_rate_limit_is_waited_for(api: Played) -> None:
    """429, and 403 with Retry-After: as long as it says, and not for ever."""
    api.refusals["GET"] = [(429, {"Retry-After": "3"}), (403, {"Retry-After": "2"})]
    waits: list[float] = []
    assert keep(api, waits=waits) == "created"
    assert waits == [3.0, 2.0]
    api.for_good["GET"] = (429, {"Retry-After": "1"})
    waits.clear()
    with pytest.raises(NoCommentError, match="too many requests"):
        keep(api, waits=waits)
    assert waits == [1.0, 1.0]
    for long in ("3600", "Wed, 21 Oct 2026 07:28:00 GMT", "-1"):
        api.for_good["GET"] = (429, {"Retry-After": long})
        waits.clear()
        with pytest.raises(NoCommentError):
            keep(api, waits=waits)
        assert waits == []


def test_a_passing_failure_is_tried_again(api: Played) -> None:
    """502 on a question is asked again; on a new comment it is not, which could then stand twice."""
    api.refusals["GET"] = [(502, {})]
    assert keep(api, "one") == "created"
    api.refusals["PATCH"] = [(502, {})]
    assert keep(api, "two") == "updated"


def test_the_token_goes_to_no_other_machine(api: Played) -> None:
    """A link to elsewhere is not followed."""
    api.chatter(31)
    with comments_api() as other:
        api.next_link = f"{other.url}/repos/acme/shop/issues/7/comments?page=2"
        with pytest.raises(NoCommentError, match="another machine"):
            keep(api)
        assert other.asked == []


@pytest.mark.parametrize(
    "values",
    [
        {"api_url": "http://api.example.org"},
        {"api_url": ""},
        {"api_url": "file:///etc/passwd"},
        {"api_url": "https://user:word@api.example.org"},
        {"api_url": "https://[bad"},
        {"repository": "acme"},
        {"repository": "acme/../x/y"},
        {"repository": "acme/shop?x"},
        {"token": ""},
        {"token": "a\r\nX: y"},
    ],
    ids=str,
)
def test_where_no_token_is_sent(values: dict[str, str]) -> None:
    """Only by https or to this machine, for a repository, with a token that is one."""
    right = {"api_url": "https://api.example.org", "repository": "acme/shop", "token": TOKEN}
    assert TOKEN not in repr(Thread(number=7, **right))
    with pytest.raises(NoCommentError) as caught:
        Thread(number=7, **{**right, **values})
    assert TOKEN not in str(caught.value)


def test_nobody_there() -> None:
    """A refused connection is told in a line."""
    thread = Thread(api_url="http://127.0.0.1:9", repository="a/b", number=7, token=TOKEN)
    with pytest.raises(NoCommentError, match="cannot be reached"):
        keep_comment(thread, "x", key=KEY, wait=lambda _: None)


def test_a_long_report_is_cut_to_fit(api: Played) -> None:
    """At most 65,536 bytes, letters whole, everything that was opened closed, and the reader told."""
    long = "## Title\n\n<details>\n<summary>x</summary>\n\n" + "| 漢字🙂 | é |\n" * 9000 + "</details>\n"
    assert keep(api, long) == "created"
    body = api.comments[0]["body"]
    assert len(body.encode()) <= MOST_COMMENT_BYTES
    assert body.startswith(f"{marker(KEY)}\n## Title")
    assert body.count("<details>") == body.count("</details>") == 1
    assert "Cut here" in body
    assert keep(api, long) == "unchanged"


@pytest.mark.parametrize("most", [300, 1000, 5000])
def test_what_is_cut_is_closed(most: int) -> None:
    """Code fences too; what fits stays as it is."""
    text = "a\n```mermaid\n" + "x --> y\n" * 1000
    cut = fitted(text, most)
    assert len(cut.encode()) <= most
    assert sum(line.startswith("```") for line in cut.splitlines()) % 2 == 0
    assert fitted("short", most) == "short"


def test_a_marker_is_one_comment_of_html() -> None:
    """Whatever the workflow is called, its name ends no comment and starts nothing."""
    found = marker("a --> <script>\n--" * 40)
    assert found.startswith("<!-- slmdecide: ")
    assert found.count("-->") == 1
    assert "\n" not in found


def test_an_annotation_is_one_command() -> None:
    """Nothing in a message or a name ends it, starts another, or adds a property."""
    line = annotation("error", "50% is\r\n::set-env name=x::y\x1b[31m", file="a,b:c%\n.yaml", line=3, title="t::,")
    assert line == "::error file=a%2Cb%3Ac%25%0A.yaml,line=3,title=t%3A%3A%2C::50%25 is%0D%0A::set-env name=x::y [31m"
    assert annotation("notice", "x") == "::notice title=slmdecide::x"
    assert annotation("error", "x", line=3) == "::error title=slmdecide::x"
    assert len(annotation("error", "y" * 10**6)) < 5000


def test_outputs_and_summary(tmp_path: Path) -> None:
    """Appended to what other steps wrote; an output cannot smuggle another; a summary stays under a mebibyte."""
    outputs, summary = tmp_path / "out", tmp_path / "summary.md"
    append_output(outputs, "json", "a.json")
    append_output(outputs, "changed", "true")
    assert outputs.read_text(encoding="utf-8") == "json=a.json\nchanged=true\n"
    with pytest.raises(RunError):
        append_output(outputs, "json", "a\ntoken=b")
    append_summary(summary, "## A\n")
    append_summary(summary, "b\n" * 1_000_000)
    assert summary.read_text(encoding="utf-8").startswith("## A\n")
    assert summary.stat().st_size < 2**20
    with pytest.raises(RunError):
        append_summary(tmp_path / "no" / "summary.md", "x")


@pytest.mark.parametrize(
    ("event", "ref", "number"),
    [
        ({"pull_request": {"number": 12}}, "", 12),
        ({"issue": {"number": 13, "pull_request": {}}}, "refs/heads/main", 13),
        ({"issue": {"number": 13}}, "refs/heads/main", None),
        ({}, "refs/pull/14/merge", 14),
        ({}, "refs/pull/x/merge", None),
        ({}, "refs/heads/main", None),
        ({"pull_request": {"number": "15"}}, "", None),
        ({"pull_request": []}, "", None),
        ({"pull_request": {"number": True}}, "", None),
    ],
)
def test_which_pull_request(event: dict[str, object], ref: str, number: int | None) -> None:
    """From the event, else from the ref; a push is about none."""
    assert pull_request_number(event, ref) == number


@pytest.mark.parametrize(
    ("answer", "fragment"),
    [(b'{"message": "x"}', "a list of comments"), (b"<html>", "not answer with JSON"), (b"[" + b" " * 30_000_000 + b"]", "too long")],
    ids=["no list", "no JSON", "too long"],
)
def test_an_answer_that_is_none(api: Played, answer: bytes, fragment: str) -> None:
    """A proxy's page, or anything else that is no list of comments, is told in a line."""
    api.raw = answer
    with pytest.raises(NoCommentError, match=fragment):
        keep(api)


def test_a_thread_without_end_is_left(api: Played) -> None:
    """A next page that is always the same one is not asked for ever."""
    api.chatter(31)
    api.next_link = f"{api.url}/repos/acme/shop/issues/7/comments?page=1"
    with pytest.raises(NoCommentError, match="more than 100 pages"):
        keep(api)
    api.next_link = "https://[bad"
    with pytest.raises(NoCommentError, match="another machine"):
        keep(api)


def test_a_refusal_without_words_is_told(api: Played) -> None:
    """A 503 with a page in place of JSON is asked again, then told; 429 without a time waits a second."""
    api.for_good["GET"] = (503, {})
    api.raw_refusal = b"<html>"
    waits: list[float] = []
    with pytest.raises(NoCommentError, match="answered 503"):
        keep(api, waits=waits)
    api.for_good["GET"] = (429, {})
    with pytest.raises(NoCommentError, match="answered 429"):
        keep(api, waits=waits)
    assert waits == [1.0] * 4
