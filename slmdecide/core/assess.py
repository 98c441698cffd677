"""The decision for a task profile: `assess(profile, catalog)`. Pure: the same input gives the same assessment."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

from slmdecide.core.cost_model import cost_inputs, cost_model
from slmdecide.core.costs import cost_band, ready_made, shown_lines
from slmdecide.core.decide import considered
from slmdecide.core.flips import Decider, find_flips, saving_of
from slmdecide.core.inputs import Plan, with_value
from slmdecide.core.measured import SOURCE as MEASURED_HERE
from slmdecide.core.naming import option_words
from slmdecide.core.options import cheapest, request_usd
from slmdecide.core.payback import paybacks
from slmdecide.core.pipeline import Part, mean_criteria, pipeline_steps, pipeline_verdict
from slmdecide.core.quality import LEVELS
from slmdecide.core.reasons import reasons, why_not
from slmdecide.core.resolve import resolve, resolve_stage
from slmdecide.core.score import assess_criteria, features, score
from slmdecide.core.situation import Situation
from slmdecide.core.steps import next_steps
from slmdecide.core.summary import summary
from slmdecide.core.used import used_gpu_prices, used_prices, what_decides
from slmdecide.numbers import number
from slmdecide.records.assessment import (
    SCHEMA_VERSION,
    AssessedCriterion,
    AssessedOption,
    AssessedStage,
    Assessment,
    AssumptionMade,
    Band,
    BreakEven,
    CitedClaim,
    DataUsed,
    NextStep,
    TaskName,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slmdecide.core.choice import Choice, Judged
    from slmdecide.core.decide import Considered
    from slmdecide.core.options import Option
    from slmdecide.records.catalog import Catalog
    from slmdecide.records.profile import TaskProfile
    from slmdecide.records.task import Task

_NAMED_MODELS = 5
"""Models that a step names."""
_PRICED_MODELS = 3
"""Models whose price is varied for a flip."""


def assess(profile: TaskProfile, catalog: Catalog, *, with_flips: bool = True) -> Assessment:
    """The decision for a profile, with everything it rests on.

    `with_flips`: whether to search for what would change it, which takes longer than all else; without, there are none.
    """
    plan, assumptions = plan_of(profile, catalog)
    if profile.candidates is None:
        assumptions += (_short_list(catalog),)
    decider = Decider(catalog)
    parts = [_part(task, choice, decider, catalog) for task, choice in zip(plan.tasks, decider.choices(plan.tasks), strict=True)]
    criteria = parts[0].criteria if profile.stages is None else mean_criteria(profile, parts)
    flips = find_flips(profile, plan, decider, criteria, _priced_models(parts)) if with_flips else ()
    one = parts[0] if profile.stages is None else None
    verdict = parts[0].verdict if one is not None else pipeline_verdict(profile, parts)
    steps = next_steps(one.situation, _if_labelled(profile, one, decider)) if one is not None else pipeline_steps(profile, parts)
    total = parts[0].total if one is not None else _sum(part.total for part in parts)
    if verdict.family == "infeasible" and one is not None and profile.candidates is None:
        steps = (*_other_candidates(one.task, decider, catalog), *steps)
    return Assessment(
        schema_version=SCHEMA_VERSION,
        task=TaskName(name=profile.name, nature=profile.nature),
        verdict=verdict,
        score=score(criteria),
        criteria=criteria,
        options=_options(parts[0]) if one is not None else (),
        monthly_cost_usd=parts[0].monthly if one is not None else _sum(part.monthly for part in parts),
        total_usd_per_month=total,
        one_time_cost_usd=_plus(part.once for part in parts),
        saving_usd_per_month=_plus(saving_of(part.choice) for part in parts),
        today_usd_per_month=_today(profile, plan, catalog),
        cost_inputs=cost_inputs(one.task) if one is not None else None,
        break_even=tuple(each for part in parts for each in _paybacks(part, profile.stages is not None)),
        flips=flips,
        next_steps=steps,
        assumptions=assumptions,
        evidence=_cited(parts, criteria, steps, catalog),
        stages=tuple(_stage(part) for part in parts) if profile.stages is not None else (),
        profile=what_decides(profile),
        prices=used_prices(one for part in parts for one in part.considered),
        gpu_prices=used_gpu_prices((one for part in parts for one in part.considered), catalog),
        data=DataUsed(prices_as_of=catalog.prices_as_of, sha256=catalog.sha256, version=catalog.version),
    )


def plan_of(profile: TaskProfile, catalog: Catalog) -> tuple[Plan, tuple[AssumptionMade, ...]]:
    """The tasks of a profile and what was assumed; what all stages share is said once."""
    if profile.stages is None:
        task, made = resolve(profile, catalog.natures[profile.nature])
        return Plan((task,), (1.0,)), made
    tasks, assumed = [], {}
    for index, stage in enumerate(profile.stages):
        task, made = resolve_stage(profile, stage, index, catalog.natures[stage.nature])
        tasks.append(task)
        assumed.update({one.field: one for one in made})
    calls = tuple(task.requests_per_month / profile.volume.requests_per_month for task in tasks)
    return Plan(tuple(tasks), calls), tuple(assumed.values())


def _short_list(catalog: Catalog) -> AssumptionMade:
    names = ", ".join(catalog.default_candidates)
    reason = "the short list; its closed large models count as equally good, so the cheapest of them is compared with"
    return AssumptionMade(field="candidates", value=names, reason=reason)


def _other_candidates(task: Task, decider: Decider, catalog: Catalog) -> tuple[NextStep, ...]:
    """Models beyond the short list that break no constraint, if there are any."""
    wider = decider.survey(with_value(task, "candidates", tuple(catalog.models)))
    found = dict.fromkeys(one.option.model.id for one in wider.singles if not one.vetoes)
    if not found:
        return ()
    named = ", ".join(list(found)[:_NAMED_MODELS])
    more = f" and {len(found) - _NAMED_MODELS} more" if len(found) > _NAMED_MODELS else ""
    return (
        NextStep(
            do=f"Name other candidates: within these constraints are {named}{more}",
            command="slmdecide models",
            why="only the short list was considered, because the profile names no candidates",
            evidence=(),
        ),
    )


def _if_labelled(profile: TaskProfile, part: Part, decider: Decider) -> Choice | None:
    """The choice if labels were bought until there are enough; None if there are, or if the profile says that none can be had."""
    task = part.task
    missing = task.labels_enough - task.labelled_examples - task.obtainable_examples
    if missing <= 0 or profile.data.obtainable_examples == 0:
        return None
    return decider.choices((with_value(task, "obtainable_examples", task.obtainable_examples + missing),))[0]


def _part(task: Task, choice: Choice, decider: Decider, catalog: Catalog) -> Part:
    every = considered(decider.survey(task), task, catalog)
    criteria = assess_criteria(catalog.criteria, _features(task, every, decider.survey(task).yardsticks), task.weights)
    its_score = score(criteria)
    monthly, total, once = _money_of(choice.chosen, task)
    situation = Situation(task, choice, every, its_score, total, catalog.prices_as_of)
    verdict = Verdict(
        family=choice.status,
        option_id=choice.chosen.considered.option.id if choice.chosen is not None else None,
        p_good_enough=choice.chosen.considered.quality.p_good_enough if choice.chosen is not None else None,
        level=LEVELS[task.risk],
        summary=summary(situation),
        reasons=reasons(situation),
    )
    return Part(task, choice, every, criteria, its_score, verdict, monthly, total, once, situation)


def _features(task: Task, every: Sequence[Considered], yardsticks: frozenset[str]) -> dict[str, str | float | bool | None]:
    """The values that the lean rules ask about. Prices are compared whether or not the data may go to an API."""
    kin = [one for one in every if one.option.family == "large" and (one.option.id in yardsticks or one.quality.source == MEASURED_HERE)]
    large = [usd for one in kin if (usd := _request(one, task))]
    small = [usd for one in every if one.option.family == "small" and (usd := _request(one, task))]
    return features(
        task,
        price_ratio=min(large) / min(small) if large and small else None,
        large_usd_per_month=min(large) * task.requests_per_month if large else None,
    )


def _request(one: Considered, task: Task) -> float | None:
    price = one.option.price
    usd = request_usd(price, task, task.input_tokens) if price is not None else None
    return usd * task.price_factors.get(one.option.model.id, 1.0) if usd is not None else None


def _money_of(chosen: Judged | None, task: Task) -> tuple[Band | None, Band | None, float | None]:
    if chosen is None:
        return None, None, None
    found = cost_band(chosen.considered.option, task, chosen.considered.shortfall)
    return found if found is not None else (None, None, None)


def _options(part: Part) -> tuple[AssessedOption, ...]:
    return tuple(_option(one, part) for one in part.considered)


def _option(one: Considered, part: Part) -> AssessedOption:
    option, task = one.option, part.task
    money = cost_band(option, task, one.shortfall)
    members = [option] if option.small is None or option.large is None else [option.small, option.large]
    unpriced = any(each.hosting == "api" and not each.costed for each in members)
    latencies = [each.idle_latency_ms for each in option.servings if each.idle_latency_ms is not None]
    return AssessedOption(
        id=option.id,
        words=option_words(option),
        family=option.family,
        model=f"{option.model.id}>{option.large.model.id}" if option.large is not None else option.model.id,
        mode=option.mode,
        hosting=option.hosting,
        provider=option.price.provider if option.price is not None else None,
        feasible=not one.vetoes,
        vetoes=one.vetoes,
        quality=one.quality,
        monthly_cost_usd=money[0] if money is not None else None,
        one_time_cost_usd=money[2] if money is not None else None,
        total_usd_per_month=money[1] if money is not None else None,
        lines=shown_lines(option, task, one.shortfall) if money is not None and not one.vetoes else (),
        unpriced=unpriced,
        not_costed=None if money is not None else _not_costed(members),
        latency_ms=min(latencies) if latencies else None,
        why_not=why_not(one, money[1].typical if money is not None else None, part.situation),
        note="as its publisher trained it, on its own categories" if option.large is None and ready_made(option, task) else None,
        cost_model=cost_model(option, task, one.shortfall),
    )


def _not_costed(members: Iterable[Option]) -> str:
    found = []
    for each in members:
        model = each.model.id
        if each.costed:
            continue
        if each.hosting == "api":
            found.append(f"unpriced: no price is known for {model}")
        else:
            found.append(
                f"not costed: no throughput of {model} at these lengths is measured or can be predicted, on a GPU with a known price"
            )
    return "; ".join(found)


def _paybacks(part: Part, staged: bool) -> list[BreakEven]:
    return paybacks(part.task, part.considered, part.choice.baseline, part.task.name if staged else None)


def _today(profile: TaskProfile, plan: Plan, catalog: Catalog) -> float | None:
    """API bill of the model in use today over all tasks; None if the profile names none or its price is not known."""
    if profile.today is None:
        return None
    bills: list[float | None] = []
    for task in plan.tasks:
        price = cheapest(catalog.models[profile.today].prices, task, catalog, task.input_tokens)
        usd = request_usd(price, task, task.input_tokens) if price is not None else None
        factor = task.price_factors.get(profile.today, 1.0)
        bills.append(usd * task.requests_per_month * factor if usd is not None else None)
    return _plus(bills)


def _priced_models(parts: Sequence[Part]) -> dict[str, str]:
    """Models whose price is worth varying, with the price today: the chosen ones and what they are compared with."""
    found: dict[str, str] = {}
    for part in parts:
        for judged in (part.choice.chosen, part.choice.baseline):
            if judged is None:
                continue
            option = judged.considered.option
            for each in (option,) if option.small is None or option.large is None else (option.small, option.large):
                if each.price is not None:
                    prices = f"{number(each.price.input_usd_per_mtok)} in, {number(each.price.output_usd_per_mtok)} out"
                    found[each.model.id] = f"factor on the price of {each.price.id}: {prices} USD per million tokens today"
    return dict(list(found.items())[:_PRICED_MODELS])


def _stage(part: Part) -> AssessedStage:
    return AssessedStage(
        name=part.task.name,
        nature=part.task.nature,
        verdict=part.verdict,
        score=part.score,
        monthly_cost_usd=part.monthly,
        one_time_cost_usd=part.once,
        total_usd_per_month=part.total,
        criteria=part.criteria,
        options=_options(part),
        cost_inputs=cost_inputs(part.task),
    )


def _cited(
    parts: Sequence[Part],
    criteria: Sequence[AssessedCriterion],
    steps: Sequence[NextStep],
    catalog: Catalog,
) -> tuple[CitedClaim, ...]:
    """The claims that the assessment leans on, in the order in which they are first used."""
    ids: dict[str, None] = {}
    for part in parts:
        ids.update(dict.fromkeys(catalog.natures[part.task.nature].evidence))
        if part.choice.chosen is not None:
            ids.update(dict.fromkeys(part.choice.chosen.considered.quality.evidence))
        for one in part.considered:
            if not one.vetoes:
                ids.update(dict.fromkeys(one.quality.evidence))
    for criterion in criteria:
        if criterion.lean:
            ids.update(dict.fromkeys(criterion.evidence))
    for step in steps:
        ids.update(dict.fromkeys(step.evidence))
    return tuple(
        CitedClaim(
            id=claim.id,
            statement=claim.statement,
            status=claim.status,
            year=claim.date[:4],
            source=claim.source,
            historical=claim.historical,
        )
        for name in ids
        if (claim := catalog.claims[name])
    )


def _sum(bands: Iterable[Band | None]) -> Band | None:
    """The bands added up; None if one is not known."""
    found = list(bands)
    known = [band for band in found if band is not None]
    if len(known) < len(found):
        return None
    return Band(low=fsum(one.low for one in known), typical=fsum(one.typical for one in known), high=fsum(one.high for one in known))


def _plus(values: Iterable[float | None]) -> float | None:
    found = list(values)
    known = [value for value in found if value is not None]
    return fsum(known) if len(known) == len(found) else None
