"""What is said where a task has a floor: what good enough means then, who was not held against it, what does not count.

A floor is absolute, and published scores are of other test sets. So with a floor an option counts once it was measured against
it, and until then nothing is known of it: no likelihood, no verdict for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.core.measured import SOURCE as MEASURED_HERE
from slmdecide.core.measured import floor_words, yardstick
from slmdecide.core.situation import SMALL, not_held
from slmdecide.numbers import points

if TYPE_CHECKING:
    from slmdecide.core.situation import Situation
    from slmdecide.records.task import Task

_NAMED = 5
"""Models that a sentence names."""


def about_floor(at: Situation) -> list[str]:
    """What the floor, or the other yardstick, has to do with the choice."""
    task = at.task
    found = [*_other_yardstick(task)]
    if task.floor is None:
        return found
    found.append(
        f"Floor: good enough is a score of {task.floor:g} {task.metric} or more on your examples; the tolerance of "
        f"{points(task.tolerance)} under the large model plays no part."
    )
    return [*found, *_open(at), *_not_replayed(at)]


def _open(at: Situation) -> list[str]:
    """Who was not held against the floor, where one that costs less or any answer at all may be among them."""
    chosen = at.choice.chosen
    if chosen is not None and chosen.considered.option.family in SMALL:
        return []
    names = list(dict.fromkeys(f"{'fine-tuned ' if one.option.mode == 'fine_tuned' else ''}{one.option.model.id}" for one in not_held(at)))
    if not names:
        return []
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    told = "is not measured, and published scores, which are of other test sets, do not tell"
    return [f"Open: whether {', '.join(names[:_NAMED])}{more} would reach {floor_words(at.task)} {told}."]


def _not_replayed(at: Situation) -> list[str]:
    """That the members of a cascade were measured, and not the two together."""
    chosen = at.choice.chosen
    if chosen is None or chosen.considered.option.large is None or chosen.considered.quality.source == MEASURED_HERE:
        return []
    return [f"Open: both members were held against {floor_words(at.task)}, the two together were not: replay them."]


def _other_yardstick(task: Task) -> list[str]:
    """What was measured and does not count, because it was held against something else than what is asked."""
    asked = yardstick(task)
    names = list(dict.fromkeys(one.model for one in task.measured if one.against != asked))
    if not names:
        return []
    was, wanted = ("the large model", "the floor is asked for") if asked == "floor" else ("a floor", "the profile has none")
    return [f"Not counted: what was measured of {', '.join(names)} is against {was}, and {wanted}."]
