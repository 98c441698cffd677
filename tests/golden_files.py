"""Texts that are reviewed once and then must not change unseen: `pytest --update-golden` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def compare(test: str, actual: str, ending: str, *, update: bool) -> None:
    """Compare with the file that is named after the test (pytest's node id), or write it."""
    module, _, name = test.rpartition("::")
    path = GOLDEN / f"{Path(module).stem}.{re.sub(r'[^A-Za-z0-9]+', '-', name.removeprefix('test_')).strip('-')}{ending}"
    if update:
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(actual, encoding="utf-8", newline="\n")
    assert path.exists(), f"{path.name} is missing; `pytest --update-golden` writes it, then review it"
    assert path.read_text(encoding="utf-8") == actual, f"{path.name} differs; if that is meant, `pytest --update-golden`"
