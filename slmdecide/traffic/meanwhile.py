"""The engines work outside of Python: while they do, Python can do something else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Of = TypeVar("Of")
Made = TypeVar("Made")


def both(work: Callable[[], Of], meanwhile: Callable[[], Made], interrupt: Callable[[], None]) -> tuple[Of, Made]:
    """What both give, each in its own thread. `interrupt` ends the work if the other fails."""
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        try:
            made = meanwhile()
            return working.result(), made
        except BaseException:
            interrupt()
            raise
