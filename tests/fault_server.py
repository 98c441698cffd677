"""An OpenAI-compatible chat server on loopback that answers at once, misbehaves on demand, and keeps a bill.

It runs in a thread of the test's process, on the standard library alone. A request id (`Idempotency-Key`) is billed once,
as a provider does that honours it: a second request with the same id gets the same answer and costs nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Script = Callable[["Asked"], str | None]
"""From a request to the name of a fault, or None for an answer."""
TRANSIENT = ("429", "429_retry_after", "500", "503_retry_after", "reset_before", "reset_after", "truncated", "cut", "html")
"""Faults after which the same request is answered."""
NASTY = "\x1b[31mred\x07 \x00 \u202e <script>alert(1)</script> **bold** | ``` 😀 \ud83d half \r\n\u2028end"


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    id: str
    """Of the request; empty if none was sent."""
    model: str
    text: str
    """The last message."""
    body: dict[str, Any]
    headers: dict[str, str]
    times: int
    """How often this id was asked before."""


@dataclass
class Server:
    """What the server does, and what it has seen."""

    answer: Callable[[Asked], str]
    """The content of an answer."""
    script: Script = lambda _: None
    tokens_in: int | None = None
    """Prompt tokens that are billed; None: a quarter of the characters."""
    tokens_out: int = 1
    reasoning: int = 0
    delay_s: float = 0.0
    prices: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """USD per million tokens in and out, by model."""
    honours_ids: bool = True
    likely: Callable[[Asked, str], list[tuple[str, float]]] | None = None
    """Token and log-probability at the first place; by default the answer with most of the probability."""
    port: int = 0
    bill: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    """Model and tokens in and out by request id, once each."""
    requests: Counter[str] = field(default_factory=Counter)
    """How often each request id was asked."""
    faults: Counter[str] = field(default_factory=Counter)
    seen: list[Asked] = field(default_factory=list)
    most_at_once: int = 0
    _active: int = 0
    _unnamed: int = 0

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def billed_usd(self) -> float:
        """What has been billed."""
        total = 0.0
        for model, tokens_in, tokens_out in self.bill.values():
            usd_in, usd_out = self.prices.get(model, (0.0, 0.0))
            total += (tokens_in * usd_in + tokens_out * usd_out) / 1e6
        return total

    @property
    def billed_twice(self) -> list[str]:
        """Requests that were paid more than once."""
        return [one for one in self.bill if "/again/" in one]

    # One request

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self._active += 1
        self.most_at_once = max(self.most_at_once, self._active)
        try:
            while (head := await _head(reader)) is not None:
                path, headers = head
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                if not await self._answered(path, headers, body, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError, asyncio.CancelledError):
            pass
        finally:
            self._active -= 1
            writer.close()

    async def _answered(self, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        sent = json.loads(body or b"{}")
        name = headers.get("idempotency-key", "")
        asked = Asked(
            id=name,
            model=sent.get("model", ""),
            text=sent["messages"][-1]["content"],
            body=sent,
            headers=headers,
            times=self.requests[name],
        )
        self.requests[name] += 1
        self.seen.append(asked)
        if not path.endswith("/chat/completions"):
            return await self._send(writer, 404, {"error": {"message": f"no such path {path}"}})
        fault = self.script(asked)
        if fault is not None:
            self.faults[fault] += 1
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        return await self._acted(asked, fault, writer)

    async def _acted(self, asked: Asked, fault: str | None, writer: asyncio.StreamWriter) -> bool:  # noqa: C901, PLR0911, PLR0912
        kind, _, detail = (fault or "").partition(":")
        match kind:
            case "429":
                return await self._send(writer, 429, _error("slow down"))
            case "429_retry_after":
                return await self._send(writer, 429, _error("slow down"), {"Retry-After": detail or "0.05"})
            case "quota":
                return await self._send(writer, 429, _error("You exceeded your current quota, please check your plan and billing details."))
            case "500":
                return await self._send(writer, 500, _error("it broke, rate_limit is not the reason"))
            case "503_retry_after":
                return await self._send(writer, 503, _error("overloaded"), {"Retry-After": detail or "0.05"})
            case "status":
                status, _, text = detail.partition(":")
                return await self._send(writer, int(status), _error(text))
            case "reset_before":
                writer.transport.abort()
                return False
            case "hang":
                await asyncio.sleep(float(detail or 60))
                return False
            case "body":
                return await self._raw(writer, detail.encode())
            case "redirect":
                return await self._send(writer, 307, {}, {"Location": detail})
        answer = self.answer(asked)
        if kind == "markup":
            answer = f"{answer}. {NASTY}"
        elif kind == "huge":
            answer = answer + " x" * 5_000_000
        self._billed(asked)
        document = self._document(asked, answer, kind)
        content = json.dumps(document).encode()
        match kind:
            case "reset_after":
                writer.transport.abort()
                return False
            case "truncated":
                return await self._raw(writer, content[: len(content) // 2])
            case "cut":
                writer.write(_status_line(200, len(content), {}) + content[: len(content) // 2])
                await writer.drain()
                return False
            case "html":
                return await self._raw(writer, b"<html><body>502 Bad Gateway</body></html>", kind="text/html")
            case "slow":
                await self._dripped(writer, content, float(detail or 0.05))
                return True
        if asked.body.get("stream"):
            return await self._streamed(asked, document, kind, writer)
        return await self._raw(writer, content)

    def _billed(self, asked: Asked) -> None:
        name = asked.id
        if not name:
            self._unnamed += 1
            name = f"unnamed-{self._unnamed}"
        elif name in self.bill:
            if self.honours_ids:
                return
            name = f"{name}/again/{asked.times}"
        tokens_in = self.tokens_in if self.tokens_in is not None else sum(len(one["content"]) for one in asked.body["messages"]) // 4
        self.bill[name] = (asked.model, tokens_in, self.tokens_out + self.reasoning)

    def _document(self, asked: Asked, answer: str, kind: str) -> dict[str, Any]:
        tokens_in = self.tokens_in if self.tokens_in is not None else sum(len(one["content"]) for one in asked.body["messages"]) // 4
        choice: dict[str, Any] = {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
        if asked.body.get("logprobs") and kind not in ("no_logprobs", "length"):
            pairs = self.likely(asked, answer) if self.likely is not None else [(answer[:1], -0.1), ("\n", -3.0)]
            if kind == "minus_infinity":
                pairs = [*pairs, ("Z", float("-inf"))]
            if kind == "all_minus_infinity":
                pairs = [(token, float("-inf")) for token, _ in pairs]
            listed = [{"token": token, "logprob": value, "bytes": None} for token, value in pairs]
            choice["logprobs"] = {"content": [{**listed[0], "top_logprobs": listed}]}
        if kind == "length":
            choice["finish_reason"], choice["message"]["content"] = "length", ""
        if kind == "null_content":
            choice["message"]["content"] = None
        usage = {
            "prompt_tokens": tokens_in,
            "completion_tokens": self.tokens_out + self.reasoning,
            "total_tokens": tokens_in + self.tokens_out + self.reasoning,
            "completion_tokens_details": {"reasoning_tokens": self.reasoning},
        }
        document = {"id": f"x-{asked.id}", "object": "chat.completion", "created": 1, "model": asked.model}
        choices = [] if kind == "empty_choices" else [choice]
        return {**document, "choices": choices, **({} if kind == "no_usage" else {"usage": usage})}

    async def _streamed(self, asked: Asked, document: dict[str, Any], kind: str, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        head = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": asked.model}
        choice = document["choices"][0]
        text = choice["message"]["content"]
        for i in range(0, max(1, len(text)), 4):
            part = {"index": 0, "delta": {"role": "assistant", "content": text[i : i + 4]}}
            if i == 0 and "logprobs" in choice:
                part["logprobs"] = choice["logprobs"]
            writer.write(f"data: {json.dumps({**head, 'choices': [part]})}\n\n".encode())
            await writer.drain()
            await asyncio.sleep(0.01)
        if kind != "stream_cut":
            writer.write(f"data: {json.dumps({**head, 'choices': [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}]})}\n\n".encode())
            if "usage" in document:
                writer.write(f"data: {json.dumps({**head, 'choices': [], 'usage': document['usage']})}\n\n".encode())
            writer.write(b"data: [DONE]\n\n")
        await writer.drain()
        return False

    async def _send(self, writer: asyncio.StreamWriter, status: int, document: object, headers: Mapping[str, str] | None = None) -> bool:
        return await self._raw(writer, json.dumps(document).encode(), status=status, headers=headers)

    @staticmethod
    async def _raw(
        writer: asyncio.StreamWriter,
        content: bytes,
        *,
        status: int = 200,
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> bool:
        writer.write(_status_line(status, len(content), {"Content-Type": kind, **(headers or {})}) + content)
        await writer.drain()
        return True

    @staticmethod
    async def _dripped(writer: asyncio.StreamWriter, content: bytes, seconds: float) -> None:
        """The answer, bit by bit: no pause is long, the whole is."""
        writer.write(_status_line(200, len(content), {"Content-Type": "application/json"}))
        step = max(1, len(content) // 20)
        for i in range(0, len(content), step):
            writer.write(content[i : i + step])
            await writer.drain()
            await asyncio.sleep(seconds)


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "x", "code": None}}


def _status_line(status: int, length: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {length}", *(f"{key}: {value}" for key, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]] | None:
    """Path and headers of the next request; None at the end of the connection."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.split("\r\n")
    headers = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines if line)}
    return first.split(" ")[1], headers


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """The server, running in a thread until the block ends."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def start() -> asyncio.Server:
        found = await asyncio.start_server(server.connected, "127.0.0.1", 0, limit=2**26)
        server.port = found.sockets[0].getsockname()[1]
        return found

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(start())
        ready.set()
        loop.run_forever()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(_all_cancelled(), loop).result(timeout=5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5)
        loop.close()


async def _all_cancelled() -> None:
    """Let every open connection end."""
    tasks = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def faulty(share: float, kinds: tuple[str, ...] = TRANSIENT, seed: int = 0) -> Script:
    """A script under which that share of the requests fails, each with a kind drawn from these; the same in every run."""

    def script(asked: Asked) -> str | None:
        digest = hashlib.blake2b(f"{seed}:{asked.text}:{asked.times}".encode(), digest_size=8).digest()
        draw = random.Random(digest)  # noqa: S311  (a test)
        return draw.choice(kinds) if draw.random() < share else None

    return script


def first_times(kind: str, times: int) -> Script:
    """A script under which each request fails so often before it is answered."""
    return lambda asked: kind if asked.times < times else None
