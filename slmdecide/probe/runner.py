"""The run: takes questions from the ladder, keeps a window of them open, and writes down each one that is settled.

The ladder weighs outcomes in the seeded order of the examples, so it does not matter which are answered first. Requests that
are under way when the ladder has its answer are waited for and written down, because they are paid for; they change nothing.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Literal

from slmdecide.probe.asking import Bill, Judged
from slmdecide.probe.faults import Fault
from slmdecide.probe.interrupts import interrupts
from slmdecide.probe.lines import is_settled
from slmdecide.probe.pace import Pace
from slmdecide.probe.progress import Progress
from slmdecide.probe.sender import GivenUpError, OutOfBudgetError, Sender

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from slmdecide.measure.ladder import Ladder
    from slmdecide.probe.asking import Asking, Question
    from slmdecide.probe.budget import Budget
    from slmdecide.probe.client import Client
    from slmdecide.probe.reply import Reply
    from slmdecide.probe.request import Request
    from slmdecide.probe.store import RunFile
    from slmdecide.probe.targets import Target
    from slmdecide.records.probe import AnswerFormat, Call, Example

Why = Literal["done", "budget", "interrupted", "stopped"]

COMPARED: tuple[AnswerFormat, ...] = ("free_text", "schema", "schema_reason_first")
"""Ways to answer that `--formats` compares."""
_UNFIT = 3
"""Questions in a row without an answer in a compared format, after which it is dropped."""
_TICK_S = 0.5
_SYNC_EVERY = 10
"""Ticks between two times that the disk is waited for: only a power cut loses what is written and not yet there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How a run came to its end."""

    why: Why
    given_up: Mapping[str, str]
    """By model that was given up: the reason."""
    dropped: Mapping[str, str]
    """By model and format that was to be compared and is not: the reason."""
    settled: int
    """Questions that this part of the run has settled."""
    open_left: bool
    """Whether a question was sent and is not settled."""


class Runner:
    """One run, or one part of it."""

    def __init__(
        self,
        *,
        asking: Asking,
        ladder: Ladder,
        targets: Mapping[str, Target],
        examples: Sequence[Example],
        client: Client,
        store: RunFile,
        budget: Budget,
        concurrency: int,
        draw: random.Random,
        formats: bool = False,
        show: Callable[[Progress], None] = lambda _: None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`examples`: in the seeded order. `show` is told of progress, `say` of what a person should know at once."""
        self.progress = Progress()
        self._asking = asking
        self._ladder = ladder
        self._targets = targets
        self._examples = examples
        self._store = store
        self._budget = budget
        self._show = show
        self._say = say
        self._concurrency = concurrency
        self._formats = formats
        pace = Pace(concurrency)
        self._sender = Sender(client=client, store=store, budget=budget, pace=pace, draw=draw, give_up=self._give_up, say=say)
        self._something = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._latest: dict[str, asyncio.Task[None]] = {}
        """By model the question that was put last."""
        self._error: BaseException | None = None
        self._pending: Question | None = None
        """A question for which there is no money until others are settled."""
        self._ending: Why | None = None
        self._open_left = False
        self._answered: defaultdict[tuple[str, AnswerFormat], bytearray] = defaultdict(lambda: bytearray(len(examples)))
        """By model and format: which examples were answered or failed for good."""
        self._further = self._compared() if formats else iter(())
        self._in_doubt = dict(store.opened.in_doubt_usd)
        self._unfit: dict[tuple[str, AnswerFormat], int] = {}
        """By model and compared format: questions in a row without an answer."""
        self._dropped: dict[tuple[str, AnswerFormat], str] = {}
        """Those that are not asked for any more, and why."""

    def take_earlier(self, calls: Iterable[Call]) -> None:
        """Take in the lines of an earlier part of this run. Questions that failed by a passing fault are put again."""
        for call in calls:
            self._budget.add_earlier((call.cost_usd or 0.0) + call.unsure_usd)
            if call.model not in self._targets or call.request_id.endswith("#judge"):
                continue
            if is_settled(call.error, call.error_kind):
                self.progress.earlier += 1
                self._record(call)
        for usd in self._in_doubt.values():
            self._budget.add_earlier(usd)
        for part in self._store.opened.parts.values():
            self._budget.add_earlier(part["usd"] or 0.0)

    async def run(self) -> Ended:
        """Put questions until the answer is known, the money is spent, or somebody stops it."""
        with interrupts(self._interrupt):
            ticking = asyncio.get_running_loop().create_task(self._tick())
            try:
                while True:
                    self._fill()
                    if not self._tasks:
                        break
                    await self._something.wait()
                    self._something.clear()
                    if self._error is not None:
                        raise self._error
                    self._sender.drop_unwanted()
            finally:
                ticking.cancel()
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(ticking, *self._tasks, return_exceptions=True)
                self._show(self.progress)
        return Ended(
            why=self._ending if self._ending is not None else "done",
            given_up={name: one.given_up for name, one in self._sender.health.items() if one.given_up is not None},
            dropped={f"{name}, {answer_format}": reason for (name, answer_format), reason in self._dropped.items()},
            settled=self.progress.settled,
            open_left=self._open_left or bool(self._in_doubt),
        )

    # The window

    def _fill(self) -> None:
        while len(self._tasks) < self._concurrency and self._ending is None:
            question = self._pending if self._pending is not None else self._next()
            if question is None:
                return
            requests = self._asking.requests(question)
            if self._alone(question, requests[0]):
                self._pending = question
                return
            most = self._sender.reserve(requests[0])
            if most is None:
                self._pending = question
                if not self._tasks:
                    self._ending = "budget"
                return
            self._pending = None
            task = asyncio.get_running_loop().create_task(self._settle(question, requests, most))
            self._latest[question.target.name] = task
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _alone(self, question: Question, request: Request) -> bool:
        """Whether the model's first question is still open. Many requests at once rely on limits; its bill shows if they are kept."""
        latest = self._latest.get(question.target.name)
        unknown = not self._sender.health[question.target.name].settled and self._sender.most_usd(request) > 0
        return unknown and latest is not None and not latest.done()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._something.set()

    def _next(self) -> Question | None:
        """The next question; None if none can be put now."""
        ask = self._ladder.next_call()
        if ask is not None:
            target = self._targets[ask.model]
            return self._asking.question(target, self._examples[ask.position], ask.position, ask.repeat, self._asking.rules.format)
        return next(self._further, None) if self._ladder.done else None

    def _compared(self) -> Iterator[Question]:
        """Each example that a model was asked by the ladder, in the other formats; once, whatever the repeats."""
        base = self._asking.rules.format
        others = [one for one in COMPARED if one != base]
        for name, target in self._targets.items():
            for position, example in enumerate(self._examples):
                if not self._answered[name, base][position] or self._sender.health[name].given_up is not None:
                    continue
                for answer_format in others:
                    if (name, answer_format) not in self._dropped and not self._answered[name, answer_format][position]:
                        yield self._asking.question(target, example, position, 0, answer_format)

    def _wanted(self, answer_format: AnswerFormat) -> bool:
        """Whether an answer in this format can still change anything."""
        return self._ending is None and (answer_format != self._asking.rules.format or not self._ladder.done)

    def _record(self, call: Call) -> None:
        self._answered[call.model, call.format][call.position] = 1
        if call.format == self._asking.rules.format:
            score = 0.0 if call.uncertain and call.correct is not None else call.correct
            self._ladder.record(call.model, call.position, call.repeat, score)

    async def _tick(self) -> None:
        for tick in count():
            await asyncio.sleep(_TICK_S)
            self.progress.open = len(self._tasks)
            self._show(self.progress)
            if tick % _SYNC_EVERY == _SYNC_EVERY - 1:
                await asyncio.to_thread(self._store.sync)

    def _interrupt(self) -> None:
        """The first time wait for what is under way, the second time do not."""
        if self._ending == "interrupted":
            for task in self._tasks:
                task.cancel()
            return
        self._ending = "interrupted"
        self._say("stopping: waiting for the requests that are under way, because they are paid for; once more stops at once")
        self._sender.drop_unwanted()

    def _give_up(self, target: Target, reason: str) -> None:
        """Ask a model no more, and end the run if the ladder cannot go on without it."""
        health = self._sender.health[target.name]
        if health.given_up is not None:
            return
        health.given_up = reason
        self._say(f"{target.name} is given up: {reason}")
        if not self._asking.rules.everything or target.name not in self._targets:
            self._ending = self._ending if self._ending is not None else "stopped"
            return
        for position in range(len(self._examples)):
            for repeat in range(self._asking.rules.repeats):
                self._ladder.record(target.name, position, repeat, None)

    # One question

    async def _settle(self, question: Question, requests: Sequence[Request], reserved: float) -> None:
        """Put a question, write down what comes of it, and tell the ladder."""
        doubt = self._in_doubt.pop(question.id, 0.0)
        bill = Bill(usd=question.target.known_usd, unsure_usd=doubt, started_at=_now())
        call = None
        try:
            call = await self._put(question, requests, bill, reserved)
            self._record(call)
            self.progress.settled += 1
            self._sender.health[question.target.name].settled += 1
            self.progress.failed += call.error is not None
        except OutOfBudgetError:
            self._ending = self._ending if self._ending is not None else "budget"
        except (GivenUpError, asyncio.CancelledError):
            pass
        except Exception as error:  # noqa: BLE001  (raised again where the run can end in order)
            self._error = error
        if call is None:
            self._open_left = self._open_left or bill.attempts > 0
            if doubt:
                self._in_doubt[question.id] = doubt

    async def _put(self, question: Question, requests: Sequence[Request], bill: Bill, reserved: float) -> Call:
        """The line of the run file, written."""
        replies: list[Reply] = []
        keep = len(requests) > 1 or self._asking.judge is not None
        left: float | None = reserved
        try:
            for request in requests:
                replies.append(await self._sender.part(request, bill, left, lambda: self._wanted(question.format), keep=keep))
                left = None
        except Fault as fault:
            self._fell(question.target, fault, question.format)
            return self._write(question, self._asking.failed(question, fault.kind, fault.message, bill, replies))
        call = self._asking.call(question, replies, bill)
        health = self._sender.health[question.target.name]
        if call.error is None:
            health.rose()
            self._unfit.pop((question.target.name, question.format), None)
        elif question.format != self._asking.rules.format:
            self._drop(question.target, question.format, call.error)
        elif health.silent():
            self._give_up(question.target, call.error)
        judging = self._asking.judge_request(question, call.answer) if call.error is None and call.answer is not None else None
        return await self._judged(question, judging, replies, bill) if judging is not None else self._write(question, call)

    async def _judged(self, question: Question, request: Request, replies: Sequence[Reply], bill: Bill) -> Call:
        """The line with the judge's score; the judge's own line is written with it."""
        own = Bill(usd=request.target.known_usd, started_at=_now())
        try:
            reply = await self._sender.part(request, own, None, lambda: self._wanted(question.format), keep=True)
        except Fault as fault:
            self._fell(request.target, fault, self._asking.rules.format)
            call = self._asking.failed(question, "no_verdict", f"the judge did not answer: {fault.message}", bill, replies)
            return self._write(question, replace(call, unsure_usd=bill.unsure_usd + own.unsure_usd))
        judged = Judged(reply, own, request.target)
        return self._write(question, self._asking.call(question, replies, bill, judged), self._asking.judge_call(question, judged))

    def _write(self, question: Question, call: Call, *further: Call) -> Call:
        self._store.add(question.id, *further, call)
        return call

    def _fell(self, target: Target, fault: Fault, answer_format: AnswerFormat) -> None:
        if answer_format != self._asking.rules.format:
            self._drop(target, answer_format, fault.message)
        elif self._sender.health[target.name].fell(fault):
            self._give_up(target, fault.message)

    def _drop(self, target: Target, answer_format: AnswerFormat, reason: str) -> None:
        """Count a question without an answer in a format that is only compared; after some in a row the format is not asked for."""
        key = (target.name, answer_format)
        self._unfit[key] = self._unfit.get(key, 0) + 1
        if self._unfit[key] >= _UNFIT and key not in self._dropped:
            self._dropped[key] = reason
            self._say(f"{target.name} is not asked for {answer_format} any more: {reason}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
