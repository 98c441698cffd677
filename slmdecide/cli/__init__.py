"""The command line: parse, call, print, exit code. No rule lives here."""

from __future__ import annotations

import atexit
import gc
import json
import os
import sys
from itertools import pairwise

_HELP_WANTED = "NoArgsIsHelpError"
"""What typer raises, with the help as its message, where a command is missing; it exports no name for it."""


def main() -> None:
    """Run one command; every foreseen failure is one line on stderr (or a JSON document) and an exit code."""
    gc.set_threshold(1_000_000, 50, 100)  # a short run makes little garbage; looking for it costs a tenth of the start
    atexit.register(gc.freeze)  # and the system takes back what is left faster than Python would, object by object
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # or pydantic searches every installed package for some
    import typer  # noqa: PLC0415  (importing the package must not build the command line)

    from slmdecide.cli.app import app_for  # noqa: PLC0415
    from slmdecide.errors import SlmdecideError  # noqa: PLC0415

    try:
        code = app_for(sys.argv[1] if len(sys.argv) > 1 else None)(standalone_mode=False)
    except SlmdecideError as error:
        code = _fail(error.message, error.code, error.hint, error.exit_code)
    except typer.TyperException as error:
        if type(error).__name__ == _HELP_WANTED:
            print(error.format_message(), file=sys.stderr)  # noqa: T201
            sys.exit(error.exit_code)
        code = _fail(error.format_message(), "wrong_usage", _usage_hint(error), error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        code = _fail("interrupted", "interrupted", None, 1)
    except BrokenPipeError:
        # The reader of a pipe went away, as `| head` does. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


def _usage_hint(error: object) -> str | None:
    context = getattr(error, "ctx", None)
    return f"`{context.command_path} --help` shows how" if context is not None else None


def _wants_json(arguments: list[str]) -> bool:
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)


def _fail(message: str, code: str, hint: str | None, exit_code: int) -> int:
    if _wants_json(sys.argv[1:]):
        print(json.dumps({"error": {"code": code, "message": message, "hint": hint}}, indent=2))  # noqa: T201
    else:
        for line in message.splitlines() or [""]:
            print(f"error: {_one_line(line)}", file=sys.stderr)  # noqa: T201
        if hint is not None:
            print(f"hint: {_one_line(hint)}", file=sys.stderr)  # noqa: T201
    return exit_code


def _one_line(text: str) -> str:
    """The text with control characters written out: it may quote a file."""
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in text)
