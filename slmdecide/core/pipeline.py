"""One decided task of a profile, and what several of them say together, stage by stage."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.core.steps import next_steps
from slmdecide.records.assessment import AssessedCriterion, NextStep, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.core.choice import Choice
    from slmdecide.core.decide import Considered
    from slmdecide.core.situation import Situation
    from slmdecide.records.band import Band
    from slmdecide.records.profile import TaskProfile
    from slmdecide.records.task import Task


class Part(NamedTuple):
    """One task of a profile, decided."""

    task: Task
    choice: Choice
    considered: tuple[Considered, ...]
    criteria: tuple[AssessedCriterion, ...]
    score: float
    verdict: Verdict
    monthly: Band | None
    total: Band | None
    once: float | None
    situation: Situation


def mean_criteria(profile: TaskProfile, parts: Sequence[Part]) -> tuple[AssessedCriterion, ...]:
    """The criteria of a pipeline: each lean is the mean over the stages, which keep their own tables."""
    names = [stage.name for stage in profile.stages or ()]
    found = []
    for rows in zip(*(part.criteria for part in parts), strict=True):
        first = rows[0]
        told = ", ".join(f"{name} {one.lean:+g}" for name, one in zip(names, rows, strict=True))
        found.append(
            AssessedCriterion(
                id=first.id,
                question=first.question,
                lean=fsum(one.lean for one in rows) / len(rows),
                weight=first.weight,
                statement=first.statement,
                because=f"mean over the stages: {told}",
                evidence=first.evidence,
            ),
        )
    return tuple(found)


def pipeline_verdict(profile: TaskProfile, parts: Sequence[Part]) -> Verdict:
    """That of all stages together; its likelihood is that of the weakest step."""
    stuck = [part for part in parts if part.choice.chosen is None]
    names = [stage.name for stage in profile.stages or ()]
    reasons_ = tuple(f"{name}: {part.verdict.summary}" for name, part in zip(names, parts, strict=True))
    if stuck:
        status = "infeasible" if any(part.choice.status == "infeasible" for part in stuck) else "undecided"
        where = ", ".join(name for name, part in zip(names, parts, strict=True) if part.choice.chosen is None)
        told = "has no option that meets every constraint" if status == "infeasible" else "cannot be settled yet"
        return Verdict(
            family="infeasible" if status == "infeasible" else "undecided",
            option_id=None,
            p_good_enough=None,
            summary=f"The pipeline {told} at: {where}.",
            reasons=reasons_,
        )
    families = [part.choice.status for part in parts]
    told = ", ".join(f"{name}: {family.replace('_', ' ')}" for name, family in zip(names, families, strict=True))
    weakest = min(part.verdict.p_good_enough for part in parts if part.verdict.p_good_enough is not None)
    return Verdict(
        family="pipeline",
        option_id=None,
        p_good_enough=weakest,
        summary=f"A pipeline of {len(parts)} steps: {told}. The likelihood is that of the weakest step.",
        reasons=reasons_,
    )


def pipeline_steps(profile: TaskProfile, parts: Sequence[Part]) -> tuple[NextStep, ...]:
    """The steps of each stage in its order; what is the same for two stages is said once."""
    found: dict[tuple[str, str | None], NextStep] = {}
    for stage, part in zip(profile.stages or (), parts, strict=True):
        for step in next_steps(part.situation):
            general = step.command is not None and step.command.startswith("slmdecide assess")
            do = step.do if general else f"{stage.name}: {step.do[0].lower()}{step.do[1:]}"
            found.setdefault((do, step.command), NextStep(do=do, command=step.command, why=step.why, evidence=step.evidence))
    general_last = sorted(found.values(), key=lambda one: one.command is not None and one.command.startswith("slmdecide assess"))
    return tuple(general_last)
