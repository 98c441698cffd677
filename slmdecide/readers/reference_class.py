"""The fitted reference class, read from its file."""

from __future__ import annotations

import json
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any

from slmdecide.errors import DataError
from slmdecide.readers.files import DATA, read_text, shown
from slmdecide.records.reference import Coefficients, HeldOut, ReferenceClass

if TYPE_CHECKING:
    from pathlib import Path

REFERENCE_CLASS = DATA / "evidence" / "reference_class.json"
_TEXTS = ("script", "fitted_on", "data_sha256")
_COUNTS = ("rows", "sources")
_SCALARS = ("mode", "reasoning", "knowledge", "prompted_size", "input_length", "nearness_metric", "old_rival")


@cache
def load_reference_class(path: Path = REFERENCE_CLASS) -> ReferenceClass:
    """The shipped coefficients. DataError if the file is damaged.

    By hand: every `assess` reads them, and a validator would take ten times as long to be built as they take to be read.
    """
    try:
        found = _reference_class(json.loads(read_text(path)))
    except KeyError as error:
        raise DataError(f"{shown(path)}: {error.args[0]}: is missing") from None
    except (TypeError, ValueError) as error:
        raise DataError(f"{shown(path)}: is damaged: {error}") from None
    for one in (found.coefficients, *(held_out.coefficients for held_out in found.held_out)):
        rising = all(low <= high for low, high in zip(one.intercepts, one.intercepts[1:], strict=False))
        if len(one.intercepts) != len(found.tolerances) or not rising:
            raise DataError(f"{shown(path)}: intercepts: one per tolerance is expected, none below the one before")
    return found


def _reference_class(document: Any) -> ReferenceClass:  # noqa: ANN401  (JSON)
    texts: dict[str, Any] = {name: str(document[name]) for name in _TEXTS}
    counts: dict[str, Any] = {name: int(document[name]) for name in _COUNTS}
    return ReferenceClass(
        **texts,
        **counts,
        tolerances=tuple(map(_number, document["tolerances"])),
        penalty=_number(document["penalty"]),
        source_weight=_number(document["source_weight"]),
        coefficients=_coefficients(document["coefficients"]),
        held_out=tuple(
            HeldOut(
                source=str(one["source"]),
                penalty=_number(one["penalty"]),
                source_weight=_number(one["source_weight"]),
                coefficients=_coefficients(one["coefficients"]),
            )
            for one in document["held_out"]
        ),
    )


def _coefficients(given: Any) -> Coefficients:  # noqa: ANN401  (JSON)
    scalars: dict[str, Any] = {name: _number(given[name]) for name in _SCALARS}
    return Coefficients(
        intercepts=tuple(map(_number, given["intercepts"])),
        nature={str(name): _number(value) for name, value in given["nature"].items()},
        output_form={str(name): _number(value) for name, value in given["output_form"].items()},
        **scalars,
    )


def _number(value: Any) -> float:  # noqa: ANN401  (JSON)
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        raise TypeError(f"found {value!r}; a number is expected")
    return float(value)
