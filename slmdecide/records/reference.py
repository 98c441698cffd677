"""The reference class as it is shipped: what each feature of a comparison adds to the odds that a small model is good enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Coefficients:
    """Log-odds that the features of a comparison add up to; itself and no other, so that what is derived from it is derived once."""

    intercepts: tuple[float, ...]
    """Where a comparison starts that adds nothing, one per tolerance of the class; never falling."""
    mode: float
    """Fine-tuned over prompted; one half is added, or taken away."""
    reasoning: float
    """Per step of reasoning depth from `low`: none −1, high +1."""
    knowledge: float
    """Per step of knowledge breadth from `domain`: narrow −1, broad +1."""
    nature: Mapping[str, float]
    output_form: Mapping[str, float]
    prompted_size: float
    """Per doubling of a prompted model's size over 7e9 parameters."""
    input_length: float
    """Per tenfold of the input over 300 tokens."""
    nearness_metric: float
    """For a metric that says how near an answer is to a reference, not whether it is right."""
    old_rival: float
    """For a large model of the first ChatGPT's generation."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class HeldOut:
    """Coefficients that have not seen one source, and what was chosen for them without it."""

    source: str
    penalty: float
    source_weight: float
    coefficients: Coefficients


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ReferenceClass:
    """The fitted reference class."""

    script: str
    """What wrote the file."""
    fitted_on: str
    data_sha256: str
    """Of the file it was fitted on."""
    rows: int
    sources: int
    tolerances: tuple[float, ...]
    """Points under the large model, rising; between two of them the intercept is interpolated."""
    penalty: float
    """Weight of the squared coefficients in the fit."""
    source_weight: float
    """A row counts by the number of its source's rows to the power of minus this: 0 rows count alike, 1 sources do."""
    coefficients: Coefficients
    """Fitted on all sources; what `assess` and `backtest --data` use."""
    held_out: tuple[HeldOut, ...]
    """One per source, for `backtest` on the shipped rows."""
