"""The only caller of litellm: one request in, one answer or one fault out.

Nothing else goes out: litellm's price map is the one in its package, its telemetry and callbacks are off, no tokenizer is
fetched, and it does not retry, because a retry is a request that must be reserved and counted. litellm is imported when the
first client is made.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from slmdecide.probe.faults import Fault, fault_of
from slmdecide.probe.reply import Heard, Reply, heard_whole, reply_from
from slmdecide.probe.targets import Target, api_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from slmdecide.probe.prompts import Messages

TOP_LOG_PROBABILITIES = 20
"""The most that APIs list (OpenAI's chat completions, November 2026)."""
_OFFLINE = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "LITELLM_LOG": "CRITICAL",
    "LITELLM_TELEMETRY": "False",
}
_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "openai", "httpx", "httpcore", "aiohttp", "asyncio")
_NEVER_BY_PROXY = ("localhost", "127.0.0.1", "::1")
_NOBODY = "none"
_IDEMPOTENCY, _REQUEST_ID = "Idempotency-Key", "X-Request-Id"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request to one model."""

    request_id: str
    """Sent along, the same for every attempt: a server that honours it answers, and bills, once."""
    target: Target
    messages: Messages
    max_tokens: int
    log_probabilities: int = 0
    """How many likely tokens are listed at the first place; 0 = none."""
    temperature: float | None = 0.0
    """None leaves it to the server."""
    response_format: Mapping[str, Any] | None = None


class Client:
    """Asks models through litellm."""

    def __init__(self, environment: Mapping[str, str], *, timeout_s: float, stream: bool = False, direct: bool = False) -> None:
        """`direct`: requests to addresses of one's own go there and nowhere else: through no proxy, following no redirection."""
        self._environment = dict(environment)
        self._timeout_s = timeout_s
        self._stream = stream
        self._direct = direct
        self._litellm = _imported()
        self._clients: dict[tuple[str, str], Any] = {}

    async def __aenter__(self) -> Self:
        # litellm loads half of itself at the first call: an answer that never leaves the process spares that to the first real one.
        silent = {"model": "openai/none", "api_key": _NOBODY, "messages": [{"role": "user", "content": "x"}], "mock_response": "x"}
        with contextlib.suppress(Exception):
            await self._litellm.acompletion(**silent)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for one in self._clients.values():
            await one.close()
        await self._litellm.close_litellm_async_clients()

    async def ask(self, request: Request) -> Reply:
        """The answer to a request. Fault if there is none."""
        started = time.perf_counter()
        _log_nothing()
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = _processed(await self._litellm.acompletion(**self._arguments(request)))
                if not self._stream:
                    heard = heard_whole(answer)
                    first = None
                else:
                    heard, first = await self._streamed(answer)
        except TimeoutError:
            raise self._late() from None
        except Fault:
            raise
        except Exception as error:  # noqa: BLE001  (litellm raises what it likes)
            found = fault_of(error, self._environment)
            raise (self._late() if found.kind == "timeout" else found) from None
        ended = time.perf_counter()
        return reply_from(heard, (ended - started) * 1000, (first - started) * 1000 if first is not None else None)

    def _late(self) -> Fault:
        return Fault(kind="timeout", message=f"no whole answer within {self._timeout_s:g} s", may_be_billed=True)

    async def _streamed(self, chunks: Any) -> tuple[Heard, float | None]:  # noqa: ANN401  (litellm's stream)
        """What was heard, and when the first token came."""
        heard, first = Heard(), None
        async for chunk in chunks:
            for choice in chunk.choices or ():
                heard.take(choice, getattr(choice, "delta", None))
            if first is None and any(heard.text):
                first = time.perf_counter()
            usage = getattr(chunk, "usage", None)
            heard.usage = usage if usage is not None else heard.usage
        if heard.finish is None:
            raise Fault(kind="truncated", message="the stream ended before the answer did", may_be_billed=True)
        return heard, first

    def _arguments(self, request: Request) -> dict[str, Any]:
        target = request.target
        found: dict[str, Any] = {
            "model": target.asked_as,
            "messages": list(request.messages),
            "max_tokens": request.max_tokens,
            "timeout": self._timeout_s,
            "num_retries": 0,
            "max_retries": 0,
            "drop_params": True,
            "extra_headers": {_IDEMPOTENCY: request.request_id, _REQUEST_ID: request.request_id},
        }
        if request.log_probabilities:
            found |= {"logprobs": True, "top_logprobs": request.log_probabilities}
        if request.temperature is not None:
            found["temperature"] = request.temperature
        if request.response_format is not None:
            found["response_format"] = request.response_format
        if self._stream:
            found |= {"stream": True, "stream_options": {"include_usage": True}}
        key = api_key(target, self._environment)
        if target.url is not None and key is not None:
            found |= {"api_base": target.url, "api_key": key}
            if self._direct:
                found["client"] = self._direct_client(target.url, key)
        return found

    def _direct_client(self, url: str, key: str) -> Any:  # noqa: ANN401  (of the openai package)
        if (url, key) not in self._clients:
            from openai import AsyncOpenAI, DefaultAsyncHttpxClient  # noqa: PLC0415  (come with litellm)

            transport = DefaultAsyncHttpxClient(follow_redirects=False, trust_env=False, timeout=self._timeout_s)
            self._clients[url, key] = AsyncOpenAI(base_url=url, api_key=key, max_retries=0, http_client=transport)
        return self._clients[url, key]


def _log_nothing() -> None:
    """Tell litellm that nobody listens: otherwise it prepares every answer for callbacks that are not there, a fifth of its time."""
    try:
        from litellm._internal_context import is_internal_call  # noqa: PLC0415  (there is no public switch)
    except ImportError:
        return
    is_internal_call.set(True)


def _processed(answer: Any) -> Any:  # noqa: ANN401  (litellm's object)
    """The answer. Fault if there is none: of a field that is refused litellm asks again without it, and says nothing if that fails too."""
    if answer is None:
        raise Fault(kind="bad_request", message="the server cannot process the request (HTTP 422)", may_be_billed=False)
    return answer


def _imported() -> Any:  # noqa: ANN401  (a module)
    """litellm, kept quiet and at home."""
    os.environ.update(_OFFLINE)
    for name in ("NO_PROXY", "no_proxy"):
        # What is on this machine is never asked by way of another one.
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), *_NEVER_BY_PROXY)))
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # A cancelled request leaves a coroutine of litellm's unfinished; that is meant. What litellm does with pydantic is its affair.
    warnings.filterwarnings("ignore", message="coroutine .* was never awaited", category=RuntimeWarning)
    for module in ("litellm", "pydantic"):
        warnings.filterwarnings("ignore", module=rf"{module}(\.|$)")
    import litellm  # noqa: PLC0415  (takes seconds)

    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.disable_hf_tokenizer_download = True
    litellm.disable_streaming_logging = True
    litellm.drop_params = True
    for callbacks in ("callbacks", "success_callback", "failure_callback", "input_callback", "_async_success_callback"):
        setattr(litellm, callbacks, [])
    return litellm
