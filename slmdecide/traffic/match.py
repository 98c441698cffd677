"""Does a text begin, or end, with the words of a template? One test, for the sample in Python and for all calls in the engine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from slmdecide.traffic.masks import SPACE, VARIABLE, pattern_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir


@dataclass(frozen=True, kw_only=True)
class Check:
    """Where the words stand, and the words: as characters, or as a pattern where some of them vary."""

    at: Literal["begin", "end", "whole"]
    literal: str | None = None
    pattern: str | None = None

    def holds(self, text: str) -> bool:
        """Whether the text passes."""
        if self.literal is None:
            return self._compiled.search(text) is not None
        if self.at == "begin":
            return text.startswith(self.literal)
        return text.endswith(self.literal) if self.at == "end" else text == self.literal

    def on(self, column: ir.StringValue) -> ir.BooleanValue:
        """The same as an expression."""
        if self.literal is None:
            found: ir.BooleanValue = column.re_search(self.pattern)
        elif self.at == "begin":
            found = column.startswith(self.literal)
        else:
            found = column.endswith(self.literal) if self.at == "end" else column == self.literal
        return found

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        # `$` means the very end to the engines; to `re` also the place before a last line break, which the spaces before it take in anyway.
        return re.compile(self.pattern or "", re.ASCII)


def check_of(words: str, at: Literal["begin", "end", "whole"], texts: Sequence[str]) -> Check:
    """The test for masked words. Texts that have them in the same characters make it a plain comparison, which is far cheaper."""
    body = pattern_of(words)
    pattern = {"begin": f"^{SPACE}*{body}", "end": f"{body}{SPACE}*$", "whole": f"^{SPACE}*{body}{SPACE}*$"}[at]
    literal = _same_characters(pattern, at, texts) if not VARIABLE.search(words) else None
    return Check(at=at, literal=literal) if literal is not None else Check(at=at, pattern=pattern)


def _same_characters(pattern: str, at: str, texts: Sequence[str]) -> str | None:
    """The characters in which all texts have the words; None if they differ, or if a text does not have them."""
    found = re.compile(pattern, re.ASCII).search(texts[0]) if texts else None
    if found is None:
        return None
    literal = found.group()
    if at == "begin":
        return literal if all(text.startswith(literal) for text in texts) else None
    if at == "end":
        return literal if all(text.endswith(literal) for text in texts) else None
    return literal if all(text == literal for text in texts) else None


def every(tests: Sequence[Any]) -> Any:  # noqa: ANN401  (an expression)
    """Whether all of these hold."""
    import ibis  # noqa: PLC0415  (heavy)

    return ibis.and_(*tests) if tests else ibis.literal(True)
