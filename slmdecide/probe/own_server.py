"""Asks servers at an address, by OpenAI's chat protocol and with nothing in between.

litellm speaks the same protocol to such servers, at several milliseconds of processor a call and seconds to load
(`benchmarks/probe_throughput.py`). It is for providers, whose protocols and keys differ.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from slmdecide.probe.endpoints import is_loopback
from slmdecide.probe.faults import Fault, fault_of, fault_of_status, one_line
from slmdecide.probe.reply import Heard, heard_whole, whole_stream
from slmdecide.probe.targets import api_key
from slmdecide.readers.mistakes import printable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import aiohttp

    from slmdecide.probe.request import Request

MOST_BYTES = 64_000_000
"""Of one answer: no limit on tokens lets through as much."""
_OK, _REDIRECTIONS = 200, range(300, 400)
_MOST_ERROR_BYTES = 10_000
_EVENT = b"data:"
_LAST_EVENT = b"[DONE]"


class OwnServers:
    """Connections to servers, kept open."""

    def __init__(self, environment: Mapping[str, str], *, stream: bool, guarded: bool) -> None:
        """`guarded`: no proxy of the environment is used."""
        self._environment = environment
        self._stream = stream
        self._guarded = guarded
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        """By whether proxies of the environment are used."""

    @staticmethod
    def warm_up() -> None:
        """Load what the first request would load: that takes half a second, which is no part of an answer's latency."""
        import aiohttp  # noqa: F401, PLC0415

    async def close(self) -> None:
        """Close every connection."""
        for one in self._sessions.values():
            await one.close()

    async def heard(self, request: Request) -> tuple[Heard, float | None]:
        """What came of a request, and when its first token came, where it was streamed. Fault if there is no answer."""
        try:
            return await self._heard(request)
        except (Fault, TimeoutError):
            raise
        except Exception as error:  # noqa: BLE001  (whatever a connection can die of)
            raise _plainer(error, fault_of(error, self._environment)) from None

    async def _heard(self, request: Request) -> tuple[Heard, float | None]:
        target = request.target
        url = target.url if target.url is not None else ""
        body = {
            "model": target.asked_as.removeprefix("openai/"), "messages": list(request.messages), **request.fields(stream=self._stream),
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {api_key(target, self._environment)}", **request.id_headers()}
        async with self._session(url).post(f"{url}/chat/completions", json=body, headers=headers, allow_redirects=False) as answer:
            if answer.status != _OK:
                raise await self._refused(answer)
            if self._stream and answer.content_type == "text/event-stream":
                return await _streamed(answer)
            return _heard_whole(_parsed(await _read(answer, MOST_BYTES)), self._environment), None

    def _session(self, url: str) -> aiohttp.ClientSession:
        import aiohttp  # noqa: PLC0415  (half a second, only where something is asked)

        by_proxy = not self._guarded and not is_loopback(urlsplit(url).hostname or "")
        if by_proxy not in self._sessions:
            self._sessions[by_proxy] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None), trust_env=by_proxy
            )
        return self._sessions[by_proxy]

    async def _refused(self, answer: aiohttp.ClientResponse) -> Fault:
        content = await _read(answer, _MOST_ERROR_BYTES)
        text = _message(content)
        if answer.status in _REDIRECTIONS:
            text = f"it points to another address (HTTP {answer.status}), which is not followed"
        return fault_of_status(answer.status, text or f"HTTP {answer.status}", answer.headers, self._environment)


def _plainer(error: Exception, fault: Fault) -> Fault:
    """The fault of an address that nobody answers at, in words; aiohttp's speak of encryption where there is none."""
    import aiohttp  # noqa: PLC0415

    if not isinstance(error, aiohttp.ClientConnectorError) or isinstance(error, aiohttp.ClientSSLError):
        return fault
    number = error.os_error.errno
    why = os.strerror(number) if number is not None and number > 0 else error.os_error.strerror or "no connection"
    return replace(fault, message=f"cannot connect to {printable(f'{error.host}:{error.port}')}: {why}")


async def _read(answer: aiohttp.ClientResponse, most: int) -> bytes:
    """The body. Fault if it is longer than any answer."""
    found = bytearray()
    async for piece in answer.content.iter_any():
        found += piece
        if len(found) > most:
            if most == _MOST_ERROR_BYTES:
                break
            raise Fault(kind="bad_response", message=f"the answer has more than {most:,} bytes", may_be_billed=True)
    return bytes(found)


def _parsed(content: bytes) -> Any:  # noqa: ANN401  (a JSON document, its fields as attributes)
    """The document. Fault if it is cut short, or none."""
    try:
        found = json.loads(content, object_hook=lambda fields: SimpleNamespace(**fields))
    except (ValueError, TypeError, RecursionError) as error:
        raise Fault(kind="truncated", message=f"the answer is no JSON: {error}"[:200], may_be_billed=True) from None
    if not isinstance(found, SimpleNamespace):
        raise Fault(kind="bad_response", message="the answer is no JSON object", may_be_billed=True)
    return found


def _heard_whole(document: Any, environment: Mapping[str, str]) -> Heard:  # noqa: ANN401  (a JSON document)
    """What came of it. Fault if it is no chat completion; some servers say so with a status of 200."""
    if not isinstance(getattr(document, "choices", None), list):
        said = getattr(getattr(document, "error", None), "message", "the answer is no chat completion")
        raise Fault(kind="bad_response", message=one_line(str(said), environment), may_be_billed=True)
    try:
        return heard_whole(document)
    except (AttributeError, TypeError):
        raise Fault(kind="bad_response", message="the answer is no chat completion", may_be_billed=True) from None


def _message(content: bytes) -> str:
    """What an error says, out of the forms that servers use."""
    text = content.decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(found, dict):
        found = found.get("error", found)
        found = next((found[key] for key in ("message", "detail") if isinstance(found, dict) and key in found), found)
    return found if isinstance(found, str) else json.dumps(found)


async def _streamed(answer: aiohttp.ClientResponse) -> tuple[Heard, float | None]:
    """What was heard of a stream of events, and when the first token came."""
    heard, first = Heard(), None
    async for event in _events(answer):
        if heard.take_piece(_parsed(event)) and first is None:
            first = time.perf_counter()
    return whole_stream(heard), first


async def _events(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The data of each event."""
    rest, size = b"", 0
    async for piece in answer.content.iter_any():
        size += len(piece)
        if size > MOST_BYTES:
            raise Fault(kind="bad_response", message=f"the answer has more than {MOST_BYTES:,} bytes", may_be_billed=True)
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            data = line.strip().removeprefix(_EVENT).strip()
            if line.startswith(_EVENT) and data and data != _LAST_EVENT:
                yield data
