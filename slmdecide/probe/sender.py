"""One request until it has an answer: reserved, noted, paced, sent, tried again where that may help, and paid.

The order is what keeps the promises. The most that a request can cost is reserved before it is sent, and noted in the side
file, so that neither many at once nor a killed process can spend more than the cap. An attempt of which it is not certain that
it was not billed keeps its reservation.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slmdecide.numbers import number
from slmdecide.probe.asking import most_request_usd
from slmdecide.probe.budget import Usage, billed_usd
from slmdecide.probe.faults import Fault
from slmdecide.probe.health import Health
from slmdecide.probe.pace import MOST_ASKED_DELAY_S, Pace, delay_s
from slmdecide.probe.reply import reply_of

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from slmdecide.probe.asking import Bill
    from slmdecide.probe.budget import Budget
    from slmdecide.probe.client import Client
    from slmdecide.probe.reply import Reply
    from slmdecide.probe.request import Request
    from slmdecide.probe.store import RunFile
    from slmdecide.probe.targets import Target


_KEPT = 1 + 1e-9
"""A bill over the most that it was taken for, up to rounding."""
_MOST_LESSONS = 4
"""Attempts of one request that may show what a server does not take."""


class OutOfBudgetError(Exception):
    """A further request does not fit under the cap."""


class GivenUpError(Exception):
    """The request is not sent any more: its model was given up, or its answer is not wanted any longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Paid:
    reply: Reply
    usd: float | None
    """None if it is not known."""
    most: float
    """What was reserved for the attempt that was answered."""


class Sender:
    """Sends requests for one run."""

    def __init__(
        self,
        *,
        client: Client,
        store: RunFile,
        budget: Budget,
        pace: Pace,
        draw: random.Random,
        give_up: Callable[[Target, str], None],
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`give_up` is told of a model that every further request to would fail, `say` of what a person should know at once."""
        self.health: defaultdict[str, Health] = defaultdict(Health)
        self._client = client
        self._store = store
        self._budget = budget
        self._pace = pace
        self._draw = draw
        self._give_up = give_up
        self._say = say
        self._kept = dict(store.opened.parts)
        self._waiting: dict[asyncio.Task[object], Callable[[], bool]] = {}
        """Tasks that wait for their turn or for their next try, with nothing under way, and whether they are still wanted."""

    def most_usd(self, request: Request) -> float:
        """The most that a request is taken to cost: 0 for an unpriced one, more where a server has exceeded its limits."""
        most = most_request_usd(request, request.target.price)
        return most * self.health[request.target.name].factor if most is not None else 0.0

    def reserve(self, request: Request) -> float | None:
        """What is reserved for a request, and noted so that `_attempt` may send it; None if it does not fit under the cap."""
        most = self.most_usd(request)
        if not self._budget.take(most):
            return None
        self._store.to_be_sent(request.request_id, most)
        return most

    def drop_unwanted(self) -> None:
        """Cancel the tasks that have nothing under way and are not wanted any more: nothing that is paid for is lost."""
        for task, wanted in tuple(self._waiting.items()):
            if not wanted():
                task.cancel()

    async def part(self, request: Request, bill: Bill, reserved: float | None, wanted: Callable[[], bool], *, keep: bool) -> Reply:
        """The reply to a request, from an earlier part of the run if it was paid for there.

        `reserved`: what is reserved for it already. `keep`: whether the reply is kept beside the run file until its question
        is settled. Fault if it stays without an answer.
        """
        kept = self._kept.pop(request.request_id, None)
        if kept is not None:
            if reserved is not None:
                self._not_billed(request, reserved)
            bill.add(kept["usd"])
            bill.attempts += kept["attempts"]
            return reply_of(kept["reply"])
        before = bill.attempts
        paid = await self._paid_reply(request, bill, reserved, wanted)
        bill.add(paid.usd)
        if keep:
            row = {"reply": paid.reply.row(), "usd": paid.usd, "attempts": bill.attempts - before}
            self._store.keep_part(request.request_id, row)
            if paid.usd is not None:
                self._store.not_billed(request.request_id, paid.most)
        return paid.reply

    async def _paid_reply(self, request: Request, bill: Bill, reserved: float | None, wanted: Callable[[], bool]) -> _Paid:
        health = self.health[request.target.name]
        attempt = 0
        while True:
            if health.given_up is not None or not wanted():
                if reserved is not None:
                    self._not_billed(request, reserved)
                raise GivenUpError
            most = reserved if reserved is not None else self.reserve(request)
            if most is None:
                raise OutOfBudgetError
            reserved = None
            attempt += 1
            adapted = health.adapted(request)
            try:
                with self._waits(wanted) as waiting:
                    reply = await self._attempt(adapted, bill, most, waiting)
            except Fault as fault:
                wait_s = self._wait_s(request.target, adapted, fault, attempt)
                if wait_s > 0:
                    with self._waits(wanted):
                        await asyncio.sleep(wait_s)
            else:
                return _Paid(reply=reply, usd=self._settled(request, reply, bill, most), most=most)

    def _wait_s(self, target: Target, sent: Request, fault: Fault, attempt: int) -> float:
        """Seconds before the next try; the fault, raised, where none would help."""
        health = self.health[target.name]
        if attempt <= _MOST_LESSONS and health.learn(fault, sent):
            return 0.0
        if fault.stops or (fault.retry_after_s is not None and fault.retry_after_s > MOST_ASKED_DELAY_S):
            self._give_up(target, fault.message)
            raise GivenUpError from None
        if not fault.passes or fault.refuses == "json_schema" or attempt >= health.most_attempts(fault):
            raise fault
        return delay_s(attempt, self._draw)

    async def _attempt(self, request: Request, bill: Bill, most: float, no_longer_waiting: Callable[[], None]) -> Reply:
        """The reply to one attempt, for which `most` is reserved. The note that it may cost so much is written first."""
        under_way = False
        try:
            async with self._pace:
                no_longer_waiting()
                under_way = True
                self._store.flush()
                bill.attempts += 1
                started = self._pace.now()
                try:
                    reply = await self._client.ask(request)
                except Fault as fault:
                    self._pace.failed(fault, started)
                    self._fell(request, fault, bill, most)
                    raise
                self._pace.answered()
                return reply
        except asyncio.CancelledError:
            if under_way:
                self._budget.settle(most, most)
            else:
                self._not_billed(request, most)
            raise

    @contextmanager
    def _waits(self, wanted: Callable[[], bool]) -> Iterator[Callable[[], None]]:
        """Count this task among the waiting ones, until the block ends or what is given is called."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("requests are sent by tasks")

        def waits_no_longer() -> None:
            self._waiting.pop(task, None)

        self._waiting[task] = wanted
        try:
            yield waits_no_longer
        finally:
            waits_no_longer()

    # Money

    def _fell(self, request: Request, fault: Fault, bill: Bill, most: float) -> None:
        """Count what an attempt without an answer may have cost."""
        if fault.may_be_billed:
            self._budget.settle(most, most)
            bill.unsure_usd += most
        else:
            self._not_billed(request, most)

    def _not_billed(self, request: Request, most: float) -> None:
        self._budget.settle(most, 0.0)
        self._store.not_billed(request.request_id, most)

    def _settled(self, request: Request, reply: Reply, bill: Bill, most: float) -> float | None:
        """What an answer cost; None if that is not known, and then all that it may have cost counts against the cap."""
        price = request.target.price
        expected = most_request_usd(request, price)
        if expected is None:
            self._budget.settle(most, 0.0)
            return None
        usd = None
        if reply.tokens_in is not None and reply.tokens_out is not None:
            usd = billed_usd(price, Usage(reply.tokens_in, reply.tokens_out, reply.tokens_cached or 0))
        if usd is None:
            self._budget.settle(most, most)
            bill.unsure_usd += most
            return None
        self._budget.settle(most, usd)
        if expected > 0:
            self._compare(request.target, usd / expected)
        return usd

    def _compare(self, target: Target, share: float) -> None:
        """Learn what part of the most that it was taken for a bill is; more than all of it is said, the first time."""
        health = self.health[target.name]
        if share > _KEPT and health.overrun <= _KEPT:
            self._say(
                f"{target.name} bills more tokens than it is allowed: {number(share)} times the most that was reserved; from now on its"
                " requests are reserved in proportion"
            )
        health.overrun = max(health.overrun, share)
