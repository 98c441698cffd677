"""How each model has done so far, and whether it is worth asking on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slmdecide.probe.faults import Fault
    from slmdecide.probe.request import Request

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


_ROOM = 2.0
"""Bills beyond the limits differ from each other, such as those of a model that thinks as long as it likes (declared)."""


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
    settled: int = 0
    """Questions that were answered or failed for good."""
    listed: int | None = None
    """Log-probabilities that it lists; None = as many as are asked for."""
    by_json_object: bool = False
    """Whether it takes a schema only in the older form, as `json_object`."""
    own_temperature: bool = False
    """Whether it takes no other temperature than its own."""
    given_up: str | None = None
    """Why it is not asked any more; None = it is."""

    @property
    def factor(self) -> float:
        """What the most that a request is taken to cost is multiplied with: where bills exceed it, twice the largest share seen."""
        return _ROOM * self.overrun if self.overrun > 1 else 1.0

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

    def learn(self, fault: Fault, sent: Request) -> bool:
        """Whether the request may succeed without what the fault is about, of what it was sent with.

        Several may be refused for one reason before the first of them has taught it.
        """
        if fault.refuses == "log_probabilities" and sent.log_probabilities:
            fewer = FEW_LOG_PROBABILITIES if sent.log_probabilities > FEW_LOG_PROBABILITIES else 0
            self.listed = fewer if self.listed is None else min(fewer, self.listed)
            return True
        if fault.refuses == "json_schema" and (sent.response_format or {}).get("type") == "json_schema":
            self.by_json_object = True
            return True
        if fault.refuses == "temperature" and sent.temperature is not None:
            self.own_temperature = True
            return True
        return False

    def adapted(self, request: Request) -> Request:
        """The request, as far as it is known in which form the server takes it."""
        listed = request.log_probabilities if self.listed is None else min(self.listed, request.log_probabilities)
        constraint = request.response_format
        if constraint is not None and self.by_json_object:
            constraint = {"type": "json_object", "schema": constraint["json_schema"]["schema"]}
        temperature = None if self.own_temperature else request.temperature
        return replace(request, log_probabilities=listed, temperature=temperature, response_format=constraint)

    def most_attempts(self, fault: Fault) -> int:
        """How often a request is sent that meets this fault."""
        return _ATTEMPTS_UNCONNECTED if fault.kind == "connection" and not self.answered else MOST_ATTEMPTS
