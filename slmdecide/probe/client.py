"""Asks models: an address that is given by OpenAI's protocol, everything else through litellm."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from typing import TYPE_CHECKING, Self

from slmdecide.probe.faults import Fault
from slmdecide.probe.own_server import OwnServers
from slmdecide.probe.reply import Reply, reply_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from slmdecide.probe.request import Request
    from slmdecide.probe.targets import Target
    from slmdecide.probe.through_litellm import ThroughLitellm

_GC_THRESHOLD = (2000, 20, 20)
"""litellm is so many objects that looking for garbage among them after every 700 new ones, as Python does by itself, takes a fifth
of the time. Memory stays as flat (`benchmarks/probe_throughput.py --memory`)."""
_NEVER_BY_PROXY = ("localhost", "127.0.0.1", "::1")


class Client:
    """Sends requests, each within a time limit."""

    def __init__(
        self, environment: Mapping[str, str], targets: Iterable[Target], *, timeout_s: float, stream: bool = False, guarded: bool = False
    ) -> None:
        """`guarded`: requests to an address go there and nowhere else, by way of no proxy."""
        gc.set_threshold(*_GC_THRESHOLD)
        self._timeout_s = timeout_s
        self._own = OwnServers(environment, stream=stream, guarded=guarded)
        self._litellm: ThroughLitellm | None = None
        asked = tuple(targets)
        if any(one.own_server for one in asked):
            self._own.warm_up()
        for name in ("NO_PROXY", "no_proxy"):
            # What is on this machine is never asked by way of another one.
            os.environ[name] = ",".join(dict.fromkeys(filter(None, (*os.environ.get(name, "").split(","), *_NEVER_BY_PROXY))))
        if any(not one.own_server for one in asked):
            from slmdecide.probe.through_litellm import ThroughLitellm  # noqa: PLC0415  (takes seconds)

            self._litellm = ThroughLitellm(environment, timeout_s=timeout_s, stream=stream)

    async def __aenter__(self) -> Self:
        if self._litellm is not None:
            await self._litellm.warm_up()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._own.close()
        if self._litellm is not None:
            await self._litellm.close()

    async def ask(self, request: Request) -> Reply:
        """The answer to a request. Fault if there is none."""
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._timeout_s):
                if request.target.own_server:
                    heard, first = await self._own.heard(request)
                elif self._litellm is not None:
                    heard, first = await self._litellm.heard(request)
                else:
                    raise RuntimeError("a client asks the models that it was made for")
        except TimeoutError:
            raise self._late() from None
        except Fault as fault:
            raise (self._late() if fault.kind == "timeout" else fault) from None
        ended = time.perf_counter()
        return reply_from(heard, (ended - started) * 1000, (first - started) * 1000 if first is not None else None)

    def _late(self) -> Fault:
        return Fault(kind="timeout", message=f"no whole answer within {self._timeout_s:g} s", may_be_billed=True)
