"""How long 1,000 profiles take in one process: reading them, and reading and assessing them.

The profiles are variants of the ready ones: other volumes, lengths, labels, risks and privacy, drawn with a fixed seed. The
baseline is reading and checking the same files without assessing them. The target is under 10 s for all.

    python benchmarks/thousand_profiles.py [how many]
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from slmdecide.core.assess import assess
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.files import DATA, read_text
from slmdecide.readers.profile import parse_profile

if TYPE_CHECKING:
    from slmdecide.records.profile import TaskProfile

RISKS = ("low", "medium", "high")
LEAVES = ("anywhere", "own_cloud", "nowhere")


def variant(profile: TaskProfile, chance: random.Random) -> TaskProfile:
    """The profile with another volume, other lengths, another risk, number of labels and privacy."""
    longer, volume = 2 ** chance.uniform(-0.5, 0.5), profile.volume
    volume = replace(
        volume,
        requests_per_month=volume.requests_per_month * 10 ** chance.uniform(-2, 2),
        input_tokens=max(2.0, volume.input_tokens * longer),
        text_tokens=max(1.0, volume.text_tokens * longer) if volume.text_tokens is not None else None,
    )
    quality = replace(profile.quality, risk=chance.choice(RISKS))
    privacy = replace(profile.privacy, may_leave=chance.choice(LEAVES))
    data = replace(profile.data, labelled_examples=int(10 ** chance.uniform(0, 5)))
    return replace(profile, volume=volume, quality=quality, privacy=privacy, data=data)


def main() -> None:
    """Print both times and their ratio."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    catalog = load_catalog()
    texts = [(path.name, read_text(path)) for path in sorted((DATA / "profiles" / "catalogue").glob("*.yaml"))]
    chance = random.Random(20261124)  # noqa: S311  (not a secret)

    start = time.perf_counter()
    profiles = [parse_profile(texts[i % len(texts)][1], texts[i % len(texts)][0], catalog) for i in range(wanted)]
    reading = time.perf_counter() - start
    profiles = [variant(profile, chance) for profile in profiles]

    start = time.perf_counter()
    families = Counter(assess(profile, catalog).verdict.family for profile in profiles)
    assessing = time.perf_counter() - start

    print(f"{wanted} profiles, {sum(1 for one in profiles if one.stages)} of them pipelines")
    print(f"reading and checking  {reading:6.2f} s  {reading / wanted * 1e3:6.2f} ms each  (baseline)")
    print(f"assessing             {assessing:6.2f} s  {assessing / wanted * 1e3:6.2f} ms each  {assessing / reading:.1f} x the baseline")
    print(f"together              {reading + assessing:6.2f} s")
    print("verdicts:", ", ".join(f"{name} {count}" for name, count in families.most_common()))


if __name__ == "__main__":
    main()
