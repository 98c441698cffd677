"""How many requests may be under way at once, and how long to wait before the next try.

The limit falls when a server says that it is overloaded and rises again while it answers: additive increase, multiplicative
decrease, as in TCP (Chiu and Jain, "Analysis of the increase and decrease algorithms for congestion avoidance", Computer
Networks 17, 1989). One burst of refusals lowers it once: those that were under way before do not count again.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from types import TracebackType

    from slmdecide.probe.faults import Fault

FIRST_DELAY_S = 0.25
MOST_DELAY_S = 20.0
MOST_ASKED_DELAY_S = 600.0
"""A server that asks to wait longer than this is not waited for."""
_AFTER_REFUSAL = 0.5
_AFTER_SERVER_ERROR = 0.8
"""A server error is a weaker sign of too much load than a refusal for it."""


def delay_s(attempt: int, draw: random.Random) -> float:
    """Seconds before the next try after so many, from half to all of 0.25 × 2^(attempt − 1), at most 20."""
    most = min(MOST_DELAY_S, FIRST_DELAY_S * 2.0 ** (attempt - 1))
    return most * (0.5 + 0.5 * draw.random())


class Pace:
    """The requests under way. `async with pace:` around each."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.limit = float(most)
        self._clock = clock
        self._active = 0
        self._changed = 0.0
        """When the limit last fell."""
        self._not_before = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> Self:
        if self._waiting or not self._free:
            ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(ready)
            try:
                await ready
            except asyncio.CancelledError:
                if ready.done() and not ready.cancelled():
                    self._leave()
                raise
        else:
            self._active += 1
        try:
            # Waiting takes up a place: nobody else may start either, and the time may be moved on meanwhile.
            while (wait := self._not_before - self._clock()) > 0:  # noqa: ASYNC110  (a time is waited for, not an event)
                await asyncio.sleep(wait)
        except asyncio.CancelledError:
            self._leave()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._leave()

    @property
    def _free(self) -> bool:
        return self._active < max(1, int(self.limit))

    def _leave(self) -> None:
        self._active -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._free:
            ready = self._waiting.popleft()
            if not ready.done():
                self._active += 1
                ready.set_result(None)

    def answered(self) -> None:
        """A request was answered: one more at once after every round of them."""
        if self.limit < self.most:
            self.limit = min(float(self.most), self.limit + 1 / max(1.0, self.limit))
            self._admit()

    def failed(self, fault: Fault, started: float) -> None:
        """A request that started then was refused or met a server error."""
        now = self._clock()
        if fault.retry_after_s is not None:
            self._not_before = max(self._not_before, now + min(fault.retry_after_s, MOST_ASKED_DELAY_S))
        if fault.congestion and started >= self._changed:
            self.limit = max(1.0, self.limit * (_AFTER_REFUSAL if fault.kind == "rate_limit" else _AFTER_SERVER_ERROR))
            self._changed = now

    def now(self) -> float:
        """The clock that `failed` compares with, in seconds."""
        return self._clock()
