"""One point of a published learning curve: how well a classifier does after so many labelled examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le, Len

Text = Annotated[str, Len(1, 200)]


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelsPoint:
    """The score of one model, tuned on so many labelled examples of one data set."""

    id: Text
    source: Text
    """Paper, as an arXiv id or a DOI."""
    table: Text
    """Figure or file of the source in which the score stands."""
    date: Text
    """ISO year, month or day of the state that was read."""
    dataset: Text
    classes: Annotated[int, Ge(2)]
    smallest_class_share: Annotated[float, Gt(0), Le(0.5)]
    """Share of the rarest class among the labelled examples."""
    largest_class_share: Annotated[float, Gt(0), Le(1)]
    model: Text
    tuned_before_on: Text | None = None
    """What the model was tuned on before it saw a label of this data set; None for an encoder as it was pre-trained."""
    labels: Annotated[int, Ge(1)]
    """Labelled examples that it was tuned on."""
    macro_f1: Annotated[float, Ge(0), Le(1)]
    """Mean F1 over classes, each counting the same; mean over seeds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelsCurve:
    """One model on one data set; its points by rising number of labels."""

    dataset: str
    source: str
    classes: int
    points: tuple[LabelsPoint, ...]
