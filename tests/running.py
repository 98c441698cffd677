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


def run(*arguments: object, stdin: bytes = b"") -> Ran:
    """The exit code and output of `slmdecide ARGUMENTS`."""
    out, err = io.StringIO(), io.StringIO()
    argv, source = ["slmdecide", *map(str, arguments)], io.TextIOWrapper(io.BytesIO(stdin))
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
