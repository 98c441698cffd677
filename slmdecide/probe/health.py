"""How each model has done so far, and whether it is worth asking on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slmdecide.probe.faults import Fault

MOST_ATTEMPTS = 10
"""Of one request: with a fifth of them failing at random, one in ten million stays without an answer."""
_ATTEMPTS_UNCONNECTED = 4
"""Where nothing was ever answered and no connection comes about."""
_HOPELESS = 3
"""Questions in a row without an answer after which a model is given up."""


@dataclass(slots=True)
class Health:
    """What is known of one model's server."""

    answered: int = 0
    refused: int = 0
    """Questions in a row that were refused as bad requests, before any was answered."""
    exhausted: int = 0
    """Questions in a row for which all attempts were used up."""
    overrun: float = 1.0
    """Largest bill over what was taken for the most that it could be: 1 for a server that keeps to the limits it is given."""
    listed: int | None = None
    """Log-probabilities that it lists; None = as many as are asked for."""
    given_up: str | None = None
    """Why it is not asked any more; None = it is."""

    def rose(self) -> None:
        """A question was answered."""
        self.answered += 1
        self.refused = self.exhausted = 0

    def fell(self, fault: Fault) -> bool:
        """A question stayed without an answer. Whether it is hopeless."""
        if fault.passes:
            self.exhausted += 1
        elif fault.kind == "bad_request" and not self.answered:
            self.refused += 1
        return max(self.exhausted, self.refused) >= _HOPELESS

    def most_attempts(self, fault: Fault) -> int:
        """How often a request is sent that meets this fault."""
        return _ATTEMPTS_UNCONNECTED if fault.kind == "connection" and not self.answered else MOST_ATTEMPTS
