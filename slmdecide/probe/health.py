"""How each model has done so far, and whether it is worth asking on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slmdecide.probe.faults import Fault

FEW_LOG_PROBABILITIES = 5
"""What APIs list that refuse more (Together, Fireworks; November 2026)."""
MOST_ATTEMPTS = 10
"""Of one request: with a fifth of them failing at random, one in ten million stays without an answer."""
_ATTEMPTS_UNCONNECTED = 4
"""Where nothing was ever answered and no connection comes about."""
_EXHAUSTED = 3
"""Questions in a row for which every attempt failed, after which a model is given up."""
_UNANSWERED = 5
"""Questions that a model refuses or answers with nothing, before it has answered any, after which it is given up."""


@dataclass(slots=True)
class Health:
    """What is known of one model's server."""

    answered: int = 0
    unanswered: int = 0
    """Questions in a row that were refused as bad requests or answered with nothing, before any was answered."""
    exhausted: int = 0
    """Questions in a row for which all attempts were used up."""
    overrun: float = 1.0
    """Largest bill over what was taken for the most that it could be: 1 for a server that keeps to the limits it is given."""
    listed: int | None = None
    """Log-probabilities that it lists; None = as many as are asked for."""
    own_temperature: bool = False
    """Whether it takes no other temperature than its own."""
    given_up: str | None = None
    """Why it is not asked any more; None = it is."""

    def rose(self) -> None:
        """A question was answered."""
        self.answered += 1
        self.unanswered = self.exhausted = 0

    def fell(self, fault: Fault) -> bool:
        """A question stayed without an answer. Whether it is hopeless."""
        if fault.kind == "bad_request":
            return self.silent()
        self.exhausted += fault.passes
        return self.exhausted >= _EXHAUSTED

    def silent(self) -> bool:
        """A question was refused or answered with nothing. Whether it is hopeless."""
        self.unanswered += not self.answered
        return self.unanswered >= _UNANSWERED

    def learn(self, fault: Fault, listed: int) -> bool:
        """Whether a request may succeed without what the fault is about; `listed`: log-probabilities that it asked for."""
        if fault.refuses == "log_probabilities" and listed:
            fewer = FEW_LOG_PROBABILITIES if listed > FEW_LOG_PROBABILITIES else 0
            self.listed = fewer if self.listed is None else min(fewer, self.listed)
            return True
        if fault.refuses == "temperature" and not self.own_temperature:
            self.own_temperature = True
            return True
        return False

    def most_attempts(self, fault: Fault) -> int:
        """How often a request is sent that meets this fault."""
        return _ATTEMPTS_UNCONNECTED if fault.kind == "connection" and not self.answered else MOST_ATTEMPTS
