"""Populations whose truth is known, to draw samples from: made up here, or recorded rows taken as the whole population."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from slmdecide.cascade.columns import Pair

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.float64]

SIZE = 20_000
"""Rows of a made-up population; samples are drawn from them with replacement."""


@dataclass(frozen=True, kw_only=True)
class Population:
    """Rows that stand for all requests there are, by falling confidence."""

    name: str
    pair: Pair
    sample_size: int
    """Rows of one sample: so many as were recorded."""

    def kept(self, threshold: float) -> int:
        """Rows that the threshold keeps."""
        return int(np.searchsorted(-self.pair.confidence, -threshold, side="right"))

    def risk(self, threshold: float) -> float:
        """Share of wrong answers among the kept ones; 0 if none is kept."""
        kept = self.kept(threshold)
        return float(1 - self.pair.small_correct[:kept].mean()) if kept else 0.0

    def difference(self, threshold: float) -> float:
        """Accuracy of the cascade minus that of the large model."""
        kept = self.kept(threshold)
        return float((self.pair.small_correct[:kept] - self.pair.large_correct[:kept]).sum()) / self.pair.n

    def cost(self, threshold: float) -> float:
        """Mean cost of a request, USD."""
        assert self.pair.small_cost_usd is not None
        assert self.pair.large_cost_usd is not None
        return float(self.pair.small_cost_usd.sum() + self.pair.large_cost_usd[self.kept(threshold) :].sum()) / self.pair.n

    def sample(self, random: np.random.Generator, n: int) -> Pair:
        """So many rows, drawn with replacement."""
        return rows(self.pair, random.integers(0, self.pair.n, n))


def rows(pair: Pair, places: NDArray[np.intp]) -> Pair:
    """These rows, without latencies."""
    assert pair.small_cost_usd is not None
    assert pair.large_cost_usd is not None
    return Pair(
        confidence=pair.confidence[places],
        small_correct=pair.small_correct[places],
        large_correct=pair.large_correct[places],
        small_cost_usd=pair.small_cost_usd[places],
        large_cost_usd=pair.large_cost_usd[places],
    )


def of_rows(name: str, pair: Pair, sample_size: int) -> Population:
    """The population of these rows."""
    return Population(name=name, pair=rows(pair, np.argsort(-pair.confidence, kind="stable")), sample_size=sample_size)


def made_up(sample_size: int = 1000) -> list[Population]:
    """Populations of different kinds: strong and weak signals, ties, a small model that does, wrong answers at the top."""
    random = np.random.default_rng(20260101)
    z = random.normal(size=SIZE)
    easy = random.random(SIZE) < 0.6

    def share(value: Column) -> Column:
        return 1 / (1 + np.exp(-value))

    strong, weak, tied, good = share(1.5 + 1.5 * z), share(1 + 0.6 * z), share(1.2 + 1.5 * z), share(3 + 1.5 * z)
    kinds = {
        "strong signal": (strong, strong, 0.75 + 0.25 * strong),
        "weak signal": (weak, weak, 0.8 + 0.15 * weak),
        "half tied at 1": (np.where(tied > 0.85, 1.0, np.round(tied, 2)), tied, 0.75 + 0.22 * tied),
        "good small model": (good, good, 0.93 + 0.06 * good),
        "easy and hard": (
            np.where(easy, random.beta(8, 1, SIZE), random.beta(3, 3, SIZE)),
            np.where(easy, 0.97, 0.5),
            np.where(easy, 0.975, 0.8),
        ),
        "sure and wrong": (strong, np.where(strong > 0.97, 0.6, strong), 0.75 + 0.25 * strong),
        "no signal": (random.random(SIZE), np.full(SIZE, 0.75), np.full(SIZE, 0.85)),
    }
    found = []
    for name, (confidence, small, large) in kinds.items():
        luck = random.random(SIZE)
        other = np.where(random.random(SIZE) < 0.5, luck, random.random(SIZE))
        small_cost = random.gamma(2.0, 0.5e-4, SIZE).clip(max=5e-4)
        pair = Pair(
            confidence=confidence,
            small_correct=(luck < small).astype(np.float64),
            large_correct=(other < large).astype(np.float64),
            small_cost_usd=small_cost,
            large_cost_usd=small_cost * 12 * (1.3 - 0.5 * confidence),
        )
        found.append(of_rows(name, pair, sample_size))
    return [*found, _partial_credit(found[0], random, sample_size)]


def _partial_credit(one: Population, random: np.random.Generator, sample_size: int) -> Population:
    """The population with scores between 0 and 1 in place of right and wrong."""
    pair = one.pair

    def credit(right: Column) -> Column:
        return np.round(np.where(right > 0, random.beta(8, 1, pair.n), random.beta(1, 8, pair.n)), 2)

    small = credit(pair.small_correct)
    large = np.where(pair.small_correct == pair.large_correct, small, credit(pair.large_correct))
    return of_rows(
        "partial credit",
        Pair(
            confidence=pair.confidence,
            small_correct=small,
            large_correct=large,
            small_cost_usd=pair.small_cost_usd,
            large_cost_usd=pair.large_cost_usd,
        ),
        sample_size,
    )


def recorded(folder: Path) -> list[Population]:
    """Every file `*__<small>__<large>.csv` of the folder, or of its folder `pairs`, as a population of its own."""
    found = []
    for path in sorted({*folder.glob("*__*__*.csv"), *folder.glob("**/pairs/*__*__*.csv")}):
        table = pd.read_csv(path)

        def column(name: str, table: pd.DataFrame = table) -> Column:
            return table[name].to_numpy(dtype=np.float64)

        pair = Pair(
            confidence=column("small_confidence"),
            small_correct=column("small_correct"),
            large_correct=column("large_correct"),
            small_cost_usd=column("small_cost"),
            large_cost_usd=column("large_cost"),
        )
        found.append(of_rows(path.stem, pair, len(table)))
    return found
