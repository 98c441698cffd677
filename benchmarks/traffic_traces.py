"""Token and cost totals of published traces, against their own sums to the token and the cent.

    python benchmarks/traffic_traces.py DIR

DIR holds the Azure LLM inference traces of 2023 (Azure/AzurePublicDataset, CC BY 4.0), which is not shipped:
`AzureLLMInferenceTrace_code.csv` and `AzureLLMInferenceTrace_conv.csv`, in it or below. The baseline is Python's csv module
and integer sums; the price is that of gpt-4o-mini, 0.15 and 0.60 USD per million tokens.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_MAP = ("time=TIMESTAMP", "input_tokens=ContextTokens", "output_tokens=GeneratedTokens", "model=gpt-4o-mini")
_IN, _OUT = 0.15, 0.60
_EXPECTED = {"code": (18_059_974, 245_896, 2.856534), "conv": (22_361_870, 4_088_665, 5.807480)}
"""Tokens in and out, and USD, as they were published for these traces."""


def summed(path: Path) -> tuple[int, int, int]:
    """Rows, tokens in and tokens out by the csv module."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [(int(row["ContextTokens"]), int(row["GeneratedTokens"])) for row in csv.DictReader(stream)]
    return len(rows), sum(read for read, _ in rows), sum(wrote for _, wrote in rows)


def reported(path: Path) -> dict[str, Any]:
    """The report of the command."""
    words = [word for one in _MAP for word in ("--map", one)]
    ran = subprocess.run(
        [sys.executable, "-m", "slmdecide", "traffic", str(path), *words, "--format", "json"], check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def main() -> None:
    """Prints both for each trace; the exit code is 1 if they differ."""
    folder = Path(sys.argv[1])
    different = 0
    for name, (read, wrote, usd) in _EXPECTED.items():
        path = next(iter(sorted(folder.rglob(f"AzureLLMInferenceTrace_{name}.csv"))))
        rows, own_read, own_wrote = summed(path)
        found = reported(path)
        tokens = found["tokens"]
        own_usd = (own_read * _IN + own_wrote * _OUT) / 1e6
        same = (found["calls"], tokens["input"], tokens["output"]) == (rows, own_read, own_wrote) and (own_read, own_wrote) == (read, wrote)
        same = same and abs(found["spend_usd"] - own_usd) < 5e-7 and abs(own_usd - usd) < 5e-7
        different += not same
        print(
            f"{name}: {found['calls']:,} calls, {tokens['input']:,.0f} in, {tokens['output']:,.0f} out, ${found['spend_usd']:.6f};"
            f" csv: {rows:,}, {own_read:,}, {own_wrote:,}, ${own_usd:.6f}; published: {read:,}, {wrote:,}, ${usd:.6f}:"
            f" {'the same' if same else 'DIFFERENT'}"
        )
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
