"""What do the texts of a group say that counts do not? Languages and repeated answers, on a bounded sample of it. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.traffic.spoken import Spoken, languages_of

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLED = 100
"""Calls of a group whose texts are looked at: a share is then right within 10 points, 19 times of 20."""


class Sample(NamedTuple):
    """What was found in the sampled texts of one group."""

    prompts: Spoken
    answers: Spoken
    repeated_answers: float | None
    """Sampled answers that another one equals word for word; in all calls it is at least so many. None without answers."""


def sample_of(prompts: Sequence[str], answers: Sequence[str]) -> Sample:
    """What the texts of a group say; each side of a call that has one."""
    counts = Counter(one.strip() for one in answers)
    repeated = sum(n for n in counts.values() if n > 1) / len(answers) if answers else None
    return Sample(languages_of(prompts), languages_of(answers), repeated)
