"""The run file: one JSON line for each question that was answered or failed for good, and what is kept of open ones beside it.

A line is one write at the end of the file, so a killed process loses nothing that was written, and at most the last line is
torn. Beside `run.jsonl` stands `run.jsonl.open` while a run is going on or was broken off. It says which requests were sent
and not yet settled, so that a resumed run counts what they may have cost and sends them under the same request id; and it
holds the paid parts of a question that takes several requests. It is removed once nothing is open.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmdecide.errors import InputError, RunError
from slmdecide.probe.lines import SETTINGS, OpenRequests, in_doubt_of, is_object, read_settings, read_side, side_path
from slmdecide.readers.files import shown
from slmdecide.records.probe import Call
from slmdecide.records.probe_run import RunSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_ANSWER_CHARACTERS = 100_000
"""Characters of an answer that are scored and kept: none that a limit on tokens lets through is as long."""
_COLUMNS = tuple(one.name for one in fields(Call))
_START = b'{"request_id": '
"""What a run file begins with."""
_MOST_LINE_BYTES = 64_000_000
_BLOCK = 1 << 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """What an earlier part of the run has left."""

    settings: RunSettings | None
    """None if nothing was answered yet."""
    run_id: str | None
    torn_bytes: int
    """Of a last line that was cut off; 0 if there was none."""
    in_doubt_usd: Mapping[str, float]
    """By request id: what requests may have cost that were sent and never settled."""
    parts: Mapping[str, Any]
    """By request id: paid answers to parts of open questions, as they were written."""


class RunFile:
    """A run file that is open for writing, by this process alone."""

    def __init__(self, path: Path, *, resume: bool) -> None:
        """InputError if another run has it open, or if it holds calls and is not to be resumed."""
        self.path = path
        self.side_path = side_path(path)
        if not resume and _holds_something(path):
            raise InputError(
                f"{shown(path)} holds a run already", hint="--resume goes on with it, --from reports on it, --run FILE begins another one"
            )
        if resume:
            _refuse_other_files(path)
        self._file = _opened(path)
        self._side: int | None = None
        try:
            self._locked()
            self.opened = self._left(resume=resume)
        except BaseException:
            os.close(self._file)
            raise
        self._settings: RunSettings | None = None
        self._notes: list[dict[str, Any]] = []
        """Lines for the side file that are not written yet."""

    def _locked(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            busy = f"{shown(self.path)}: another run is writing to it"
            raise InputError(busy, hint="wait until it has ended, or take another file") from None

    def _left(self, *, resume: bool) -> Opened:
        if not resume and os.fstat(self._file).st_size:
            raise InputError(f"{shown(self.path)} holds a run already", hint="--resume goes on with it")
        torn = self._cut_torn_line()
        left = read_side(self.side_path) if resume else OpenRequests()
        left.settle(self.path)
        settings = read_settings(self.path)
        return Opened(
            settings=settings,
            run_id=settings.run_id if settings is not None else left.run_id,
            torn_bytes=torn,
            in_doubt_usd=in_doubt_of(left),
            parts=left.parts,
        )

    def _cut_torn_line(self) -> int:
        """Bytes that were cut off the end. A whole line that only lacks its end is kept."""
        size = os.fstat(self._file).st_size
        start = end = size
        tail = b""
        while end > 0 and b"\n" not in tail and size - end < _MOST_LINE_BYTES:
            start = max(0, end - _BLOCK)
            tail = os.pread(self._file, end - start, start) + tail
            end = start
        last = tail.rpartition(b"\n")[2]
        if not last:
            return 0
        if is_object(last):
            _write(self._file, b"\n", self.path)
            return 0
        os.ftruncate(self._file, size - len(last))
        return len(last)

    def begin(self, settings: RunSettings) -> None:
        """Write down what is open from before; the settings go with the next call. Must come before anything is sent."""
        self._settings = settings
        rows: list[dict[str, Any]] = [{"run": settings.run_id}]
        rows += [{"sent": one, "usd": usd} for one, usd in self.opened.in_doubt_usd.items()]
        rows += [{"part": one, "answer": answer} for one, answer in self.opened.parts.items()]
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        try:
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.", suffix=".tmp")
            os.close(handle)
            Path(name).write_text(text, encoding="utf-8")
            Path(name).replace(self.side_path)
            self._side = os.open(self.side_path, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            raise RunError(f"{shown(self.side_path)}: cannot be written: {error.strerror or error}") from None

    def to_be_sent(self, request_id: str, usd: float) -> None:
        """Note that a request may cost so much. `flush` must come before it is sent."""
        self._notes.append({"sent": request_id.partition("#")[0], "usd": usd})

    def not_billed(self, request_id: str, usd: float) -> None:
        """Take back such a note. If the process is killed before this is written, too much is in doubt, never too little."""
        self._notes.append({"sent": request_id.partition("#")[0], "usd": -usd})

    def keep_part(self, part_id: str, answer: Mapping[str, Any]) -> None:
        """Keep the paid answer to one of the several requests of a question."""
        self._notes.append({"part": part_id, "answer": answer})
        self.flush()

    def flush(self) -> None:
        """Write the notes, in one write for all that have come together."""
        if not self._notes:
            return
        if self._side is None:
            raise RuntimeError("begin() comes first")
        text = "".join(f"{json.dumps(row)}\n" for row in self._notes)
        self._notes.clear()
        _write(self._side, text.encode("ascii"), self.side_path)

    def add(self, question_id: str, *calls: Call) -> None:
        """Append the calls of a question in one write; nothing of it is open any more."""
        rows: list[dict[str, Any]] = [{name: getattr(call, name) for name in _COLUMNS} for call in calls]
        if self._settings is not None:
            rows[0][SETTINGS] = asdict(self._settings)
        # ASCII alone: no character of an answer can end a line or act on a terminal.
        text = "".join(f"{json.dumps(row, allow_nan=False)}\n" for row in rows)
        _write(self._file, text.encode("ascii"), self.path)
        self._settings = None
        self._notes.append({"done": question_id})

    def sync(self) -> None:
        """Make sure that the disk has what was written."""
        with contextlib.suppress(OSError):
            os.fsync(self._file)

    def close(self, *, settled: bool) -> None:
        """Let go of the file. `settled`: nothing is open, so the side file is not needed any more."""
        self.sync()
        if self._side is not None:
            self.flush()
            os.close(self._side)
            self._side = None
        if settled:
            self.side_path.unlink(missing_ok=True)
        empty = os.fstat(self._file).st_size == 0
        if empty and settled:
            self.path.unlink(missing_ok=True)
        os.close(self._file)


def _holds_something(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _refuse_other_files(path: Path) -> None:
    """InputError if the file holds something else: what looks like a torn line there is not ours to cut off."""
    try:
        with path.open("rb") as stream:
            start = stream.read(len(_START))
    except OSError:
        return
    if not _START.startswith(start):
        raise InputError(f"{shown(path)}: is no run file of a probe", hint="--run FILE names the run to go on with")


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise RunError(f"{shown(path)}: cannot be written: {error.strerror or error}") from None


def _write(handle: int, content: bytes, path: Path) -> None:
    try:
        while content:
            content = content[os.write(handle, content) :]
    except OSError as error:
        raise RunError(f"{shown(path)}: cannot be written: {error.strerror or error}") from None
