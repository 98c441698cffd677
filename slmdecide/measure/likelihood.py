"""How likely each label is, from the log-probabilities of a first token or from several samples; and when that is too close to call.

The two kinds of confidence mean different things and are never compared or mixed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from math import exp, fsum, isnan, log
from typing import TYPE_CHECKING

from slmdecide.errors import InputError
from slmdecide.measure.label_codes import spelling

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from slmdecide.measure.label_codes import LabelCodes
    from slmdecide.records.probe import ConfidenceKind

MOST_MISSING = 0.5
"""A model that gives more than this to something else than the labels did not choose one, whatever the rest says."""
_MOST_TOGETHER = 1.01
"""What probabilities may add up to, rounding included."""
_SHORTEST_START = 2
"""Characters from which on a token counts as the beginning of a longer code: "I" begins too much else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelReading:
    """What an answer says of each label."""

    kind: ConfidenceKind
    raw: dict[str, float]
    """Probability by label, as read, most likely first; for votes the share of the samples. A label that was not seen is absent."""
    missing_mass: float | None
    """Probability of everything else; None for votes."""
    top: str | None
    """The most likely label, even if uncertain; None if no label was seen or several are equally likely."""
    confidence: float | None
    """Of the most likely label: its probability among the labels, or its share of the samples."""
    margin: float | None
    """Most likely minus second most likely."""
    entropy: float | None
    """In nats."""
    uncertain: bool

    @property
    def label(self) -> str | None:
        """The label, unless it is uncertain."""
        return None if self.uncertain else self.top


def from_log_probabilities(listed: Iterable[tuple[str, float]], codes: LabelCodes, *, least_margin: float = 0.0) -> LabelReading:
    """The reading of one token's list of (token, natural log-probability), in any order.

    Probabilities are summed over the spellings of a code (" A", "a", "A.", "▁A"). A token that is only the beginning of a code
    counts for it if no other code begins so. −inf is a probability of 0; NaN, and numbers above 0, which no logarithm of a
    probability is, are left out as unknown, so that their mass is missing. A list that adds up to more than 1 says nothing.
    """
    folded = {spelling(code): label for code, label in codes.codes}
    parts: defaultdict[str, list[float]] = defaultdict(list)
    for token, logarithm in listed:
        label = _label_of(token, folded)
        probability = _probability(logarithm)
        if label is not None and probability is not None:
            parts[label].append(probability)
    raw = {label: fsum(several) for label, several in parts.items()}
    seen = fsum(raw.values())
    missing = max(0.0, 1 - seen)
    shares = {label: probability / seen for label, probability in raw.items()} if 0 < seen <= _MOST_TOGETHER else {}
    return _reading("label_likelihood", raw, shares, missing, least_margin)


def from_votes(votes: Sequence[str | None], *, least_margin: float = 0.0) -> LabelReading:
    """The reading of several samples: the label of each, None where it named none. Those count as votes for no label."""
    shares = {label: times / len(votes) for label, times in Counter(one for one in votes if one is not None).items()}
    return _reading("vote_share", shares, shares, None, least_margin)


def _reading(
    kind: ConfidenceKind, raw: Mapping[str, float], shares: Mapping[str, float], missing: float | None, least_margin: float
) -> LabelReading:
    ranked = sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))
    ordered = dict(sorted(raw.items(), key=lambda pair: (-pair[1], pair[0])))
    if not ranked or ranked[0][1] <= 0:
        return LabelReading(
            kind=kind, raw=ordered, missing_mass=missing, top=None, confidence=None, margin=None, entropy=None, uncertain=True
        )
    first = ranked[0][1]
    margin = first - (ranked[1][1] if len(ranked) > 1 else 0.0)
    return LabelReading(
        kind=kind,
        raw=ordered,
        missing_mass=missing,
        top=ranked[0][0] if margin > 0 else None,
        confidence=first,
        margin=margin,
        entropy=max(0.0, -fsum(share * log(share) for _, share in ranked if share > 0)),
        uncertain=margin <= 0 or margin < least_margin or (missing is not None and missing > MOST_MISSING),
    )


def _probability(logarithm: float) -> float | None:
    """None for what is no logarithm of a probability; a rounding error above 0 is taken as 1."""
    if isnan(logarithm) or logarithm > 1e-6:  # noqa: PLR2004  (single precision)
        return None
    return min(1.0, exp(logarithm))


def _label_of(token: str, folded: Mapping[str, str]) -> str | None:
    """The label of the one code that the token spells or begins; None if it begins several ("bug", of "bug" and "bug report")."""
    found = spelling(token)
    begun = [label for code, label in folded.items() if code.startswith(found)] if found else []
    whole = found in folded
    return begun[0] if len(begun) == 1 and (whole or len(found) >= _SHORTEST_START) else None


def one_kind(kinds: Iterable[ConfidenceKind | None]) -> ConfidenceKind | None:
    """The kind of confidence of all these answers, those without one aside. InputError if there are two."""
    found = sorted({kind for kind in kinds if kind is not None})
    if len(found) > 1:
        raise InputError(
            f"confidences of two kinds, {' and '.join(found)}: they mean different things and are not compared",
            hint="choose the answers of one kind",
        )
    return found[0] if found else None
