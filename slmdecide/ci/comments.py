"""One comment on a pull request that is kept up to date, through GitHub's comments API and nothing but the standard library.

Ours is the oldest comment that begins with a hidden marker and was written by a bot, or by the owner of the token: anybody can
write the marker, and a comment of somebody else could be changed behind our back.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from http.client import HTTPException
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from slmdecide.ci.fitting import MOST_COMMENT_BYTES, fitted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Kept = Literal["created", "updated", "unchanged", "not_needed"]

_TIMEOUT_S = 20.0
_MOST_PAGES = 100
_MOST_BYTES = 30_000_000
"""A hundred comments of the longest kind, escaped."""
_MOST_WAIT_S = 60.0
_TRIES = 3
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,]*\brel="?next"?')
_OK, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _SERVER = 200, 403, 404, 429, 500


class NoCommentError(Exception):
    """The comment could not be kept, and why; never with the token in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Thread:
    """Where the comment stands, and who writes it."""

    api_url: str
    """Address of the API, as GITHUB_API_URL gives it."""
    repository: str
    """owner/name."""
    number: int
    """Of the pull request."""
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        if not _is_safe(self.api_url):
            raise NoCommentError("the address of the API is not an https one, and the token is not sent anywhere else")
        if not _REPOSITORY.fullmatch(self.repository):
            raise NoCommentError("the name of the repository is not of the form owner/name")
        if not self.token or not self.token.isascii() or not self.token.isprintable():
            raise NoCommentError("there is no token")


class _Answer(NamedTuple):
    status: int
    body: Any
    link: str
    retry_after: str


def marker(key: str) -> str:
    """The hidden first line of our comment; `key` tells several of one pull request apart."""
    return f"<!-- slmdecide: {re.sub(r'[^A-Za-z0-9 ._/]', '_', key)[:100]} -->"


def keep_comment(
    thread: Thread,
    markdown: str,
    *,
    key: str,
    create: bool = True,
    wait: Callable[[float], None] = time.sleep,
) -> Kept:
    """Write the Markdown into our comment, which is made if there is none. NoCommentError if that cannot be.

    Without `create` only a comment that stands already is brought up to date.
    """
    first = marker(key)
    body = fitted(f"{first}\n{markdown}", MOST_COMMENT_BYTES)
    api = _Api(thread, wait)
    ours = api.find(first)
    if ours is not None and _same(ours["body"], body):
        return "unchanged"
    if ours is not None and api.update(ours["id"], body):
        return "updated"
    if not create:
        return "not_needed"
    api.add(body)
    return "created"


def _same(one: str, other: str) -> bool:
    """Whether two bodies are the same but for line ends and what surrounds them, which GitHub may change."""
    return one.replace("\r\n", "\n").strip() == other.strip()


def _is_safe(url: str) -> bool:
    """Whether a token may be sent there: by https, or to this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.username is not None or parts.query or parts.fragment or not host:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class _NoRedirect(HTTPRedirectHandler):
    """A redirect is an answer like any other: following it would carry the token along."""

    def redirect_request(self, *_: object) -> None:
        return None


class _Api:
    """The four calls that are made."""

    def __init__(self, thread: Thread, wait: Callable[[float], None]) -> None:
        self._thread = thread
        self._wait = wait
        self._base = f"{thread.api_url.rstrip('/')}/repos/{thread.repository}"
        self._open = build_opener(_NoRedirect()).open

    def find(self, first: str) -> dict[str, Any] | None:
        """Our comment on the pull request; None if there is none."""
        for comment in self._all():
            body = comment.get("body")
            if isinstance(body, str) and body.startswith(first) and isinstance(comment.get("id"), int) and self._is_ours(comment):
                return comment
        return None

    def _all(self) -> Iterator[dict[str, Any]]:
        """Every comment, page by page, the oldest first."""
        url = f"{self._base}/issues/{self._thread.number}/comments?per_page=100"
        for _ in range(_MOST_PAGES):
            answer = self._call("GET", url)
            if not isinstance(answer.body, list):
                raise NoCommentError("the API did not answer with a list of comments")
            yield from (one for one in answer.body if isinstance(one, dict))
            following = _NEXT.search(answer.link)
            if following is None:
                return
            url = following[1]
            if _origin(url) != _origin(self._base):
                raise NoCommentError("the API names another machine for the next page, and the token is not sent there")
        raise NoCommentError(f"the pull request has more than {_MOST_PAGES} pages of comments")

    def _is_ours(self, comment: dict[str, Any]) -> bool:
        if "user" not in comment:
            return True
        user = comment["user"]
        if not isinstance(user, dict):
            return False
        if user.get("type") == "Bot":
            return True
        try:
            me = self._call("GET", f"{self._thread.api_url.rstrip('/')}/user").body
        except NoCommentError:  # the token of a workflow has no user
            return False
        return isinstance(me, dict) and me.get("login") is not None and me.get("login") == user.get("login")

    def update(self, number: int, body: str) -> bool:
        """Whether the comment was there to be changed."""
        answer = self._call("PATCH", f"{self._base}/issues/comments/{number}", {"body": body}, also=(_NOT_FOUND,))
        return answer.status != _NOT_FOUND

    def add(self, body: str) -> None:
        """Write a new comment."""
        self._call("POST", f"{self._base}/issues/{self._thread.number}/comments", {"body": body})

    def _call(self, method: str, url: str, content: object = None, *, also: tuple[int, ...] = ()) -> _Answer:
        """The API's answer, asked again where it says so. NoCommentError with its status otherwise."""
        left = _TRIES
        while True:
            answer = self._once(method, url, content)
            if _OK <= answer.status < _OK + 100 or answer.status in also:
                return answer
            left -= 1
            seconds = _pause(answer, method)
            if seconds is None or not left:
                raise NoCommentError(_reason(answer.status))
            self._wait(seconds)

    def _once(self, method: str, url: str, content: object) -> _Answer:
        request = Request(  # noqa: S310  (https, or this machine: Thread sees to it)
            url,
            method=method,
            data=json.dumps(content).encode() if content is not None else None,
            headers={
                "Authorization": f"Bearer {self._thread.token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
                "User-Agent": "slmdecide",
                **({"Content-Type": "application/json"} if content is not None else {}),
            },
        )
        try:
            try:
                response = self._open(request, timeout=_TIMEOUT_S)
            except HTTPError as error:
                response = error
            with response:
                text = response.read(_MOST_BYTES + 1)
                status = int(response.status)
                link, retry = response.headers.get("Link", ""), response.headers.get("Retry-After", "")
        except (URLError, HTTPException, OSError, ValueError) as error:
            raise NoCommentError(f"the API cannot be reached ({type(getattr(error, 'reason', error)).__name__})") from None
        if len(text) > _MOST_BYTES:
            raise NoCommentError("the API's answer is too long")
        try:
            return _Answer(status, json.loads(text) if text.strip() else None, link, retry)
        except ValueError:
            if _OK <= status < _OK + 100:
                raise NoCommentError("the API did not answer with JSON") from None
            return _Answer(status, None, link, retry)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port


def _pause(answer: _Answer, method: str) -> float | None:
    """Seconds after which it is worth asking again; None if it is not. What may have been written is not written twice."""
    if answer.status in (_TOO_MANY, _FORBIDDEN) and answer.retry_after:
        seconds = float(answer.retry_after) if re.fullmatch(r"[0-9]{1,6}", answer.retry_after) else _MOST_WAIT_S + 1
        return seconds if seconds <= _MOST_WAIT_S else None
    if answer.status == _TOO_MANY:
        return 1.0
    return 1.0 if answer.status >= _SERVER and method != "POST" else None


def _reason(status: int) -> str:
    told = {
        401: "the token is not valid",
        _FORBIDDEN: "the token may not write comments, as in a run for a fork; `permissions: pull-requests: write` allows it elsewhere",
        _NOT_FOUND: "there is no such pull request, or the token may not see it",
        410: "comments are switched off",
        422: "the comment was refused",
        _TOO_MANY: "too many requests",
    }
    return f"the API answered {status}: {told.get(status, 'it failed' if status >= _SERVER else 'it refused')}"
