"""SIGINT and SIGTERM as a call of a function, while a run is going on."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def interrupts(call: Callable[[], None]) -> Iterator[None]:
    """Within the block, each signal calls the function, and nothing else; outside the main thread there are none."""
    loop = asyncio.get_running_loop()
    for one in _SIGNALS:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(one, call)
    try:
        yield
    finally:
        for one in _SIGNALS:
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.remove_signal_handler(one)
