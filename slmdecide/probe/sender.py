"""One request until it has an answer: reserved, noted, paced, sent, tried again where that may help, and paid.

The order is what keeps the promises. The most that a request can cost is reserved before it is sent, and noted in the side
file, so that neither many at once nor a killed process can spend more than the cap. An attempt of which it is not certain that
it was not billed keeps its reservation.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from slmdecide.probe.asking import most_request_usd
from slmdecide.probe.budget import Usage, billed_usd
from slmdecide.probe.client import FEW_LOG_PROBABILITIES
from slmdecide.probe.faults import Fault
from slmdecide.probe.health import Health
from slmdecide.probe.pace import MOST_ASKED_DELAY_S, Pace, delay_s
from slmdecide.probe.reply import reply_of

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from slmdecide.probe.asking import Bill
    from slmdecide.probe.budget import Budget
    from slmdecide.probe.client import Client, Request
    from slmdecide.probe.reply import Reply
    from slmdecide.probe.store import RunFile
    from slmdecide.probe.targets import Target


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
    ) -> None:
        """`give_up` is told of a model that every further request to would fail."""
        self.health: defaultdict[str, Health] = defaultdict(Health)
        self._client = client
        self._store = store
        self._budget = budget
        self._pace = pace
        self._draw = draw
        self._give_up = give_up
        self._kept = dict(store.opened.parts)
        self._waiting: set[asyncio.Task[object]] = set()
        """Tasks that wait for their turn or for their next try, with nothing under way."""

    def most_usd(self, request: Request) -> float:
        """The most that a request is taken to cost: 0 for an unpriced one, more where a server has exceeded its limits."""
        most = most_request_usd(request, request.target.price)
        return most * self.health[request.target.name].overrun if most is not None else 0.0

    def reserve(self, request: Request) -> float | None:
        """What is reserved for a request, and noted so that `_attempt` may send it; None if it does not fit under the cap."""
        most = self.most_usd(request)
        if not self._budget.take(most):
            return None
        self._store.to_be_sent(request.request_id, most)
        return most

    def drop_waiting(self) -> None:
        """Cancel every task that has nothing under way: nothing that is paid for is lost."""
        for task in tuple(self._waiting):
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
            listed = request.log_probabilities if health.listed is None else min(health.listed, request.log_probabilities)
            try:
                reply = await self._attempt(replace(request, log_probabilities=listed), bill, most)
            except Fault as fault:
                if fault.about_log_probabilities and listed:
                    fewer = FEW_LOG_PROBABILITIES if listed > FEW_LOG_PROBABILITIES else 0
                    health.listed = fewer if health.listed is None else min(fewer, health.listed)
                    continue
                if fault.stops or (fault.retry_after_s is not None and fault.retry_after_s > MOST_ASKED_DELAY_S):
                    self._give_up(request.target, fault.message)
                    raise GivenUpError from None
                if not fault.passes or attempt >= health.most_attempts(fault):
                    raise
                await self._pause(delay_s(attempt, self._draw))
            else:
                return _Paid(reply=reply, usd=self._settled(request, reply, bill, most), most=most)

    async def _attempt(self, request: Request, bill: Bill, most: float) -> Reply:
        """The reply to one attempt, for which `most` is reserved. The note that it may cost so much is written first."""
        under_way = False
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("requests are sent by tasks")
        self._waiting.add(task)
        try:
            async with self._pace:
                self._waiting.discard(task)
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
        finally:
            self._waiting.discard(task)

    async def _pause(self, seconds: float) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("requests are sent by tasks")
        self._waiting.add(task)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._waiting.discard(task)

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
        if most_request_usd(request, price) is None:
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
        if usd > most > 0:
            health = self.health[request.target.name]
            health.overrun = max(health.overrun, health.overrun * usd / most)
        return usd
