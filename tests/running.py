"""Runs the command line in this process, as `slmdecide` on a shell would."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from unittest.mock import patch

from slmdecide.cli import main


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a finished command left."""

    code: int
    out: str
    err: str


class _TerminalIn(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


class _TerminalOut(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(*arguments: object, stdin: bytes = b"", terminal: bool = False) -> Ran:
    """The exit code and output of `slmdecide ARGUMENTS`; with `terminal`, somebody seems to sit there and type `stdin`."""
    out, err = io.StringIO(), _TerminalOut() if terminal else io.StringIO()
    argv = ["slmdecide", *map(str, arguments)]
    source = (_TerminalIn if terminal else io.TextIOWrapper)(io.BytesIO(stdin), encoding="utf-8")
    with (
        patch.object(sys, "argv", argv),
        patch.object(sys, "stdin", source),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    return Ran(code=code, out=out.getvalue(), err=err.getvalue())
