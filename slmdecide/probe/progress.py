"""One line on a terminal that says how far a run is: calls, money, time left, and what is known of the model being measured."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from slmdecide.numbers import count, points, score, usd
from slmdecide.readers.mistakes import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from slmdecide.measure.ladder import Ladder
    from slmdecide.probe.budget import Budget

_EVERY_S = 0.5
_ERASE = "\r\x1b[K"


@dataclass(slots=True)
class Progress:
    """What a run has come to, for who watches it."""

    settled: int = 0
    """By this part of the run."""
    failed: int = 0
    """Those of them without an answer."""
    open: int = 0
    earlier: int = 0
    """Questions that earlier parts of the run have settled."""


class Bar:
    """The line, written only where somebody sees it."""

    def __init__(
        self, stream: TextIO, ladder: Ladder, budget: Budget, *, most_calls: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`most_calls`: questions of the whole run."""
        self._stream = stream
        self._ladder = ladder
        self._budget = budget
        self._most_calls = most_calls
        self._clock = clock
        self._started = self._last = clock()
        self._seen = stream.isatty()

    def show(self, progress: Progress) -> None:
        """Write the line anew, at most twice a second."""
        now = self._clock()
        if not self._seen or now - self._last < _EVERY_S:
            return
        self._last = now
        width = shutil.get_terminal_size().columns
        self._stream.write(f"{_ERASE}{self.line(progress)[: width - 1]}")
        self._stream.flush()

    def say(self, sentence: str) -> None:
        """A line of its own, on a terminal or not."""
        self.clear()
        self._stream.write(f"{printable(sentence)}\n")
        self._stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._seen:
            self._stream.write(_ERASE)

    def line(self, progress: Progress) -> str:
        """The line."""
        done = progress.earlier + progress.settled
        spent = f"{usd(self._budget.spent_usd)} of {usd(self._budget.cap_usd)}"
        parts = [f"{count(done)} of at most {count(self._most_calls)}", spent, self._left(progress)]
        running = self._ladder.running
        if running is not None:
            shown = score(running.mean) if self._ladder.reference is None else f"{_points(running.mean)} to {self._ladder.reference}"
            parts.insert(0, printable(f"{running.model} {shown} on {count(running.n)}"))
        if progress.failed:
            parts.append(f"{count(progress.failed)} without an answer")
        return " · ".join(parts)

    def _left(self, progress: Progress) -> str:
        """Time until every question would be asked, at the rate so far; usually the answer is known earlier."""
        if not progress.settled:
            return "starting"
        left = (self._most_calls - progress.earlier - progress.settled) * (self._clock() - self._started) / progress.settled
        minutes, seconds = divmod(max(0, round(left)), 60)
        return f"at most {minutes}:{seconds:02} left"


def _points(share: float | None) -> str:
    return points(100 * share if share is not None else None)
