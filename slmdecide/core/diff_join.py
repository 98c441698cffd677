"""Which decisions of two files are about the same task."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.assessment import Assessment


class Joined(NamedTuple):
    """Two files, task by task."""

    earlier: tuple[Assessment | None, ...]
    """For each new task the earlier decision, None if there is none."""
    removed: tuple[Assessment, ...]
    """Tasks that only the earlier file holds."""


def join(old: Sequence[Assessment], new: Sequence[Assessment]) -> Joined:
    """Tasks of one name belong together, the first of it with the first; a single task belongs to a single one whatever its name."""
    if len(old) == len(new) == 1:
        return Joined((old[0],), ())
    by_name: dict[str, list[Assessment]] = {}
    for one in old:
        by_name.setdefault(one.task.name, []).append(one)
    earlier = []
    for one in new:
        same = by_name.get(one.task.name)
        earlier.append(same.pop(0) if same else None)
    taken = {id(one) for one in earlier}
    return Joined(tuple(earlier), tuple(one for one in old if id(one) not in taken))
