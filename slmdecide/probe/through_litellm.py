"""The only caller of litellm: one request in, one answer or one fault out.

Nothing else goes out: litellm's price map is the one in its package, its telemetry and callbacks are off, no tokenizer is
fetched, and it does not retry, because a retry is a request that must be reserved and counted.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
import warnings
from typing import TYPE_CHECKING, Any

from slmdecide.probe.faults import Fault, fault_of
from slmdecide.probe.reply import Heard, heard_whole, whole_stream
from slmdecide.probe.targets import api_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slmdecide.probe.request import Request

_OFFLINE = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "LITELLM_LOG": "CRITICAL",
    "LITELLM_TELEMETRY": "False",
}
_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "openai", "httpx", "httpcore", "aiohttp", "asyncio")
_NOBODY = "none"


class ThroughLitellm:
    """Asks providers."""

    def __init__(self, environment: Mapping[str, str], *, timeout_s: float, stream: bool) -> None:
        self._environment = environment
        self._timeout_s = timeout_s
        self._stream = stream
        self._litellm = _imported()

    async def warm_up(self) -> None:
        """Have litellm load what it loads at its first call, by an answer that never leaves the process."""
        silent = {"model": "openai/none", "api_key": _NOBODY, "messages": [{"role": "user", "content": "x"}], "mock_response": "x"}
        with contextlib.suppress(Exception):
            await self._litellm.acompletion(**silent)

    async def close(self) -> None:
        """Close what litellm has opened."""
        await self._litellm.close_litellm_async_clients()

    async def heard(self, request: Request) -> tuple[Heard, float | None]:
        """What came of a request, and when its first token came, where it was streamed. Fault if there is no answer."""
        _log_nothing()
        try:
            answer = _processed(await self._litellm.acompletion(**self._arguments(request)))
            return (heard_whole(answer), None) if not self._stream else await self._streamed(answer)
        except Fault:
            raise
        except Exception as error:  # noqa: BLE001  (litellm raises what it likes)
            raise fault_of(error, self._environment) from None

    @staticmethod
    async def _streamed(chunks: Any) -> tuple[Heard, float | None]:  # noqa: ANN401  (litellm's stream)
        heard, first = Heard(), None
        async for chunk in chunks:
            if heard.take_piece(chunk) and first is None:
                first = time.perf_counter()
        return whole_stream(heard), first

    def _arguments(self, request: Request) -> dict[str, Any]:
        found: dict[str, Any] = {
            **request.fields(stream=self._stream),
            "model": request.target.asked_as,
            "messages": list(request.messages),
            "timeout": self._timeout_s,
            "num_retries": 0,
            "max_retries": 0,
            "drop_params": True,
            "extra_headers": request.id_headers(),
        }
        key = api_key(request.target, self._environment)
        return found if key is None else {**found, "api_base": request.target.url, "api_key": key}


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
