"""How people write numbers with units (`3M`, `5e9`, `300ms`, `20%`), and the plain number each one is.

A `Quantity` stands in the annotation of a record's field: it parses what the user wrote before the field is
validated, and tells the JSON Schema that text is accepted too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Len

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Kind = Literal["count", "whole", "ms", "share", "usd", "hours", "gib"]

_THOUSANDS: Mapping[str, float] = {"": 1, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9, "bn": 1e9, "T": 1e12}
_FACTORS: Mapping[Kind, Mapping[str, float]] = {
    "count": _THOUSANDS,
    "whole": _THOUSANDS,
    "ms": {"": 1, "ms": 1, "s": 1e3, "min": 6e4},
    "share": {"": 1, "%": 0.01},
    "usd": {**_THOUSANDS, "USD": 1, "$": 1},
    "hours": {"": 1, "h": 1, "hours": 1},
    "gib": {"": 1, "GiB": 1, "GB": 1e9 / 2**30, "MiB": 1 / 1024},
}
_EXAMPLES: Mapping[Kind, str] = {
    "count": "a number such as 3000000, 3M or 5e9",
    "whole": "a whole number such as 500 or 2k",
    "ms": "milliseconds such as 300, 300ms or 2s",
    "share": "a share from 0 to 1 such as 0.3 or 30%",
    "usd": "US dollars such as 0.5, $0.5 or 2k",
    "hours": "hours such as 8 or 8h",
    "gib": "memory such as 16, 16GiB or 512MiB",
}
_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+(?:_[0-9]+)*)(?:\.[0-9]*)?|\.[0-9]+"
"""Digits, with thousands set apart by commas or underscores, and a decimal point."""
_WRITTEN = re.compile(rf"\s*([-+]?)\s*(\$?)\s*({_NUMBER})([eE][-+]?[0-9]+)?\s*([A-Za-z%$]*)\s*")
_MOST_CHARACTERS = 60
_LARGEST = 1e18
"""Beyond any volume, price or time that can be meant; keeps every product finite."""
_JSON_SCHEMA_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with the unit in which people write it."""

    kind: Kind

    def parse(self, found: object) -> object:
        """The plain number for what was written; anything else is returned for the type check to refuse."""
        if isinstance(found, str):
            found = self._from_text(found)
        if isinstance(found, bool) or not isinstance(found, int | float):
            return found
        if abs(found) > _LARGEST:
            raise ValueError(f"it is beyond {_LARGEST:g}; expected {self.example}")
        if self.kind == "whole" and isinstance(found, float) and found.is_integer():
            return int(found)
        return found

    @property
    def example(self) -> str:
        """How such a number is written."""
        return _EXAMPLES[self.kind]

    @property
    def pattern(self) -> str:
        """Regular expression (ECMA 262, as JSON Schema wants it) of the texts that are numbers with a unit."""
        dollar = r"\$?\s*" if self.kind == "usd" else ""
        units = "|".join(re.escape(unit) for unit in _FACTORS[self.kind] if unit)
        return rf"^\s*\+?\s*{dollar}(?:{_NUMBER})(?:[eE][-+]?[0-9]+)?\s*(?:{units})?\s*$"

    def _from_text(self, text: str) -> float:
        match = _WRITTEN.fullmatch(text) if len(text) <= _MOST_CHARACTERS else None
        factors = _FACTORS[self.kind]
        if match is None or (match[2] and self.kind != "usd"):
            comma = "; a comma sets thousands apart, a point decimals" if match is None and "," in text else ""
            raise ValueError(f"expected {self.example}{comma}")
        sign, _, digits, exponent, unit = match.groups()
        if unit not in factors:
            near = next((f"; did you mean {known!r}?" for known in factors if known.lower() == unit.lower()), "")
            units = ", ".join(known for known in factors if known)
            raise ValueError(f"unit {unit!r} is not one of {units}; expected {self.example}{near}")
        number = float(f"{sign}{digits.replace('_', '').replace(',', '')}{exponent or ''}") * factors[unit]
        return round(number, 12) if abs(number) < 1 else number

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:  # noqa: ANN401
        """A validator that parses first (pydantic's protocol; imported there, not here)."""
        from pydantic_core import core_schema  # noqa: PLC0415

        return core_schema.no_info_before_validator_function(self.parse, handler(source))

    def __get_pydantic_json_schema__(self, core: Any, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:  # noqa: ANN401
        """Number, or text with a unit (pydantic's protocol)."""
        number = {_JSON_SCHEMA_BOUNDS.get(key, key): value for key, value in handler(core).items()}
        if "exclusiveMinimum" in number:
            number.pop("minimum", None)
        return {"anyOf": [number, {"type": "string", "pattern": self.pattern}], "description": self.example}


Count = Annotated[float, Quantity("count"), Ge(0)]
Tokens = Annotated[float, Quantity("count"), Ge(0)]
Whole = Annotated[int, Quantity("whole"), Ge(0)]
Milliseconds = Annotated[float, Quantity("ms"), Gt(0)]
Share = Annotated[float, Quantity("share"), Ge(0), Le(1)]
SignedShare = Annotated[float, Quantity("share"), Ge(-1), Le(1)]
"""A share, or a difference of two."""
Usd = Annotated[float, Quantity("usd"), Ge(0)]
Hours = Annotated[float, Quantity("hours"), Ge(0)]
Gib = Annotated[float, Quantity("gib"), Gt(0)]

Name = Annotated[str, Len(1, 200)]
STRICT: Mapping[str, Any] = {"extra": "forbid", "strict": True}
"""How a record is read that a user writes: no field that is not known, and nothing turned into another type."""
