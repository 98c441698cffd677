"""What a reader of the result must know of the data that it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import count, percent, score

if TYPE_CHECKING:
    from slmdecide.cascade.columns import Together
    from slmdecide.records.cascade_report import Figures, Signal
    from slmdecide.records.recorded import Counted, Recorded

_FEW = 100
"""Examples under which a 95 % interval of a share is about 20 points wide or wider."""
_OVERCONFIDENT = 0.1
"""Mean confidence above accuracy from which the confidence should not be read as a probability."""
_MUCH_TIED = 0.2
"""Share of the examples with one confidence from which the thresholds are too coarse to be overlooked."""


def remarks(recorded: Recorded, found: Together) -> tuple[str, ...]:
    """What was read in some other way than as it stands, left out, or is odd; one sentence each."""
    odd = [*recorded.notes, *(said(one) for one in (*recorded.counted, *found.counted))]
    if found.unpriced:
        odd.append(f"the costs of {' and '.join(found.unpriced)} are not recorded: calls of the large model are counted in place of USD")
    if found.n < _FEW:
        few = "1 example is" if found.n == 1 else f"{count(found.n)} examples are"
        odd.append(f"{few} too few: every figure is rough, and hardly anything can be promised")
    return tuple(odd)


def said(one: Counted) -> str:
    """What was counted, how often, and the first ids: "examples without an answer of large: 3 (a, b, c)"."""
    listed = ", ".join(one.examples)
    more = ", …" if one.n > len(one.examples) else ""
    return f"{one.what}: {count(one.n)}" + (f" ({listed}{more})" if listed else "")


def of_signal(signal: Signal, small: Figures, n: int, *, reverse: bool) -> list[str]:
    """What must be known of a model's confidence; one sentence each. `reverse`: its sign was changed."""
    said = []
    if signal.auroc is None:
        which = "right" if small.correct > 0 else "wrong"
        said.append(f"all answers of {small.name} are {which}: whether its confidence is worth anything cannot be seen")
    elif signal.reversed:
        said.append(
            f"the confidence of {small.name} points the wrong way: a right answer has the higher one in only"
            f" {percent(signal.auroc.value)} of pairs; {'--reverse is wrong here' if reverse else 'try --reverse'}"
        )
    elif signal.worthless:
        said.append(f"the confidence of {small.name} is no better than a coin on these examples (AUROC {score(signal.auroc.value)})")
    if signal.largest_tie > 1 and signal.largest_tie >= _MUCH_TIED * n:
        said.append(f"{count(signal.largest_tie)} of {count(n)} examples share one confidence; no threshold parts them")
    if signal.mean is not None and signal.mean - small.accuracy.value > _OVERCONFIDENT:
        said.append(
            f"{small.name} is surer than right: mean confidence {score(signal.mean)}, accuracy {score(small.accuracy.value)};"
            " only the order of the confidences counts here"
        )
    return said
