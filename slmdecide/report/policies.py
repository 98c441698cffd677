"""The policies that a decision breaks, as a section of its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.report.blocks import Item, Items, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.policy import PolicyResult


def as_sections(results: Sequence[PolicyResult]) -> tuple[Section, ...]:
    """The policies that tripped, with what was found; () if all are held."""
    tripped = tuple(Item(f"{one.policy}: {one.message}") for one in results if one.tripped)
    return (Section("Policies that tripped", (Items(tripped),), detail=False),) if tripped else ()
