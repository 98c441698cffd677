"""Fits the reference class, compares it with what else it could be, and writes both down.

    python benchmarks/reference_class.py            print the comparison (about five minutes)
    python benchmarks/reference_class.py --write    and write evidence/reference_class.json and docs/reference-class.md

Every figure is for sources that were left out: fits, penalties and weights are chosen without the source that is predicted.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from reference_candidates import (
    LIGHTLY,
    averaged,
    cases,
    forward,
    further_columns,
    location,
    one_rate,
    shipped_columns,
    table,
)
from reference_fit import TOLERANCES, Data, choose, fit, nested

from slmdecide.readers.files import sha256
from slmdecide.readers.head_to_head import HEAD_TO_HEAD, load_head_to_head

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reference_fit import Choice, Fit, Floats

    from slmdecide.records.evidence import HeadToHead

ROOT = Path(__file__).parents[1]
JSON = ROOT / "evidence" / "reference_class.json"
_DIGITS = 5


def main() -> None:
    """Compare, and write if asked to."""
    rows = load_head_to_head()
    columns = shipped_columns(rows)
    data = columns.data(rows)
    ours = nested(data)
    if "--write" in sys.argv[1:]:
        write(rows, data, ours.fits)
    from reference_page import page  # noqa: PLC0415  (it reads what was just written)

    text = page(rows, data, ours, candidates(rows, data, ours.p), features(rows))
    print(text)
    if "--write" in sys.argv[1:]:
        (ROOT / "docs" / "reference-class.md").write_text(text, encoding="utf-8")


def candidates(rows: Sequence[HeadToHead], data: Data, ours: Floats) -> dict[str, Floats]:
    """The probabilities of each way to predict, by its name."""
    columns = shipped_columns(rows)
    alone = (2.0,)
    similar = cases(rows, data)
    return {
        "one rate for all": one_rate(data),
        "base-rate table with shrinkage: mode, reasoning, nature (shipped before)": table(rows, data),
        "similarity-weighted cases, drawn toward the mode's rate": similar,
        "logistic regression on mode, reasoning, nature": nested(
            columns.without("knowledge", "prompted", "input", "nearness", "old", "output ").data(rows, alone)
        ).p,
        "logistic regression on all features": nested(columns.data(rows, alone)).p,
        "regression of the shortfall, logistic around it": location(data),
        "**cumulative logistic regression on all features (shipped)**": ours,
        "the shipped one, its features chosen without the source too": forward(rows, columns),
        "similarity-weighted cases, drawn toward the shipped one": cases(rows, data, ours),
        "mean log-odds of similarity-weighted cases and the shipped one": averaged(similar, ours),
    }


def features(rows: Sequence[HeadToHead]) -> dict[str, Floats]:
    """The probabilities with one feature less, or one more."""
    columns = shipped_columns(rows)
    found: dict[str, Floats] = {}
    for name in ("mode", "reasoning", "knowledge", "nature ", "output ", "prompted size", "input length", "nearness metric", "old rival"):
        found[f"without {name.strip()}"] = nested(columns.without(name).data(rows)).p
    for name, more in further_columns(rows).items():
        found[f"with {name}"] = nested(columns.plus(more).data(rows)).p
    return found


def write(rows: Sequence[HeadToHead], data: Data, fits: dict[str, tuple[Choice, Fit]]) -> None:
    """The coefficients, of all sources and without each of them."""
    _, choice = choose(data)
    held_out = [
        {
            "source": source,
            "penalty": own.penalty,
            "source_weight": own.source_weight,
            "coefficients": coefficients(data, made),
        }
        for source, (own, made) in fits.items()
    ]
    document: dict[str, Any] = {
        "script": "benchmarks/reference_class.py",
        "fitted_on": "evidence/head_to_head.csv",
        "data_sha256": sha256([HEAD_TO_HEAD]),
        "rows": len(rows),
        "sources": len(data.names),
        "tolerances": list(TOLERANCES),
        "penalty": choice.penalty,
        "source_weight": choice.source_weight,
        "coefficients": coefficients(data, fit(data, choice)),
        "held_out": held_out,
    }
    JSON.write_text(as_json(document), encoding="utf-8")


def coefficients(data: Data, by: Fit) -> dict[str, object]:
    """A fit by the names of the record, with the scale of the lightly penalized taken out."""
    scales = (LIGHTLY.get(name, 1.0) ** 0.5 for name in data.columns)
    own = {name: round(float(value) * scale, _DIGITS) for name, value, scale in zip(data.columns, by.coefficients, scales, strict=True)}
    return {
        "intercepts": [round(float(value), _DIGITS) for value in np.maximum.accumulate(by.intercepts)],
        "mode": own["mode"],
        "reasoning": own["reasoning"],
        "knowledge": own["knowledge"],
        "nature": {name.removeprefix("nature "): value for name, value in own.items() if name.startswith("nature ")},
        "output_form": {name.removeprefix("output "): value for name, value in own.items() if name.startswith("output ")},
        "prompted_size": own["prompted size"],
        "input_length": own["input length"],
        "nearness_metric": own["nearness metric"],
        "old_rival": own["old rival"],
    }


def as_json(document: dict[str, Any]) -> str:
    """JSON with one line for each fit, so that a difference can be read."""
    held_out = document.pop("held_out")
    lines = [f'  "{key}": {json.dumps(value, ensure_ascii=False)},' for key, value in document.items()]
    each = ",\n".join(f"    {json.dumps(one, ensure_ascii=False)}" for one in held_out)
    return "{\n" + "\n".join(lines) + '\n  "held_out": [\n' + each + "\n  ]\n}\n"


if __name__ == "__main__":
    main()
