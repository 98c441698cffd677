"""A server on loopback that plays GitHub's comments API: pages of thirty, links to the next one, refusals when it is told to."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "ghs_SeCrEt0123456789"  # noqa: S105  (of a server that does not exist)
BOT = {"login": "github-actions[bot]", "type": "Bot"}
_PAGE = 30
_LONGEST = 65_536


@dataclass
class Played:
    """What the server holds, how it answers, and what it was asked."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    user: dict[str, Any] = field(default_factory=lambda: dict(BOT))
    """Who writes."""
    refusals: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    """By method the statuses and headers with which the next requests are refused."""
    for_good: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    """By method the status and headers with which every other request is refused."""
    raw: bytes | None = None
    """In place of every list of comments."""
    raw_refusal: bytes | None = None
    """In place of the words of a refusal."""
    next_link: str | None = None
    """In place of the true link to the next page."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    url: str = ""

    def add(self, body: str, user: dict[str, Any] | None = None) -> dict[str, Any]:
        """A comment that somebody wrote."""
        comment = {"id": 1000 + len(self.comments), "body": body, "user": user if user is not None else dict(self.user)}
        self.comments.append(comment)
        return comment

    def chatter(self, number: int) -> None:
        """So many comments of a person."""
        for i in range(number):
            self.add(f"comment {i}", {"login": "octocat", "type": "User"})


class _Handler(BaseHTTPRequestHandler):
    played: Played

    def do_GET(self) -> None:
        if self._refused():
            return
        parts = urlsplit(self.path)
        if parts.path == "/user":
            bot = self.played.user["type"] == "Bot"
            self._answer(403 if bot else 200, {"message": "Resource not accessible by integration"} if bot else self.played.user)
            return
        if self.played.raw is not None:
            self._send(200, self.played.raw, {})
            return
        page = int(parse_qs(parts.query).get("page", ["1"])[0])
        found = self.played.comments[(page - 1) * _PAGE : page * _PAGE]
        headers = {}
        if page * _PAGE < len(self.played.comments):
            link = self.played.next_link or f"{self.played.url}{parts.path}?per_page=100&page={page + 1}"
            headers["Link"] = f'<{self.played.url}{parts.path}?page=1>; rel="first", <{link}>; rel="next"'
        self._answer(200, found, headers)

    def do_POST(self) -> None:
        body = self._body()
        if self._refused():
            return
        if len(body) > _LONGEST:
            self._answer(422, {"message": "body is too long (maximum is 65536 characters)"})
            return
        self._answer(201, self.played.add(body))

    def do_PATCH(self) -> None:
        body = self._body()
        if self._refused():
            return
        number = int(self.path.rpartition("/")[2])
        comment = next((one for one in self.played.comments if one["id"] == number), None)
        if comment is not None:
            comment["body"] = body
        self._answer(200 if comment is not None else 404, comment or {"message": "Not Found"})

    def _body(self) -> str:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return str(content["body"])

    def _refused(self) -> bool:
        self.played.asked.append((self.command, self.path))
        self.played.tokens.add(self.headers.get("Authorization", ""))
        queue = self.played.refusals.get(self.command, [])
        refusal = queue.pop(0) if queue else self.played.for_good.get(self.command)
        if refusal is None:
            return False
        if self.played.raw_refusal is not None:
            self._send(refusal[0], self.played.raw_refusal, refusal[1])
            return True
        self._answer(refusal[0], {"message": f"refused, and your token is {TOKEN}"}, refusal[1])
        return True

    def _answer(self, status: int, content: object, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(content).encode(), headers or {})

    def _send(self, status: int, text: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def comments_api() -> Iterator[Played]:
    """The server, as long as the block runs."""
    played = Played()
    handler = type("Handler", (_Handler,), {"played": played})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    played.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield played
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
