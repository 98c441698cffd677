"""From what was counted in the logs to the report: a profile for each group, its decision, and the sums."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from math import fsum
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.cli.traffic_costs import costs_in, shared_assumptions
from slmdecide.core.assess import assess
from slmdecide.readers.catalog import load_catalog, load_models, load_prices
from slmdecide.records.traffic_report import Pipeline, Skipped, TrafficGroup, TrafficReport
from slmdecide.report.words import option_words
from slmdecide.traffic.first_steps import first_steps
from slmdecide.traffic.names import name_of
from slmdecide.traffic.natures import told
from slmdecide.traffic.period import volume
from slmdecide.traffic.pipelines import pipeline_profile
from slmdecide.traffic.portfolio import (
    SMALLER,
    STAYS,
    Priced,
    Tail,
    held_back,
    other_large,
    saving_of,
    saving_over_large,
    share_of,
    shares,
    spend_of_all,
    total_over_large,
    total_saving,
    why_large,
)
from slmdecide.traffic.pricing import Prices
from slmdecide.traffic.profile_yaml import as_plain
from slmdecide.traffic.profiles import profile_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from slmdecide.records.assessment import Assessment
    from slmdecide.records.catalog import Catalog
    from slmdecide.records.profile import TaskProfile
    from slmdecide.records.traffic import GroupFacts, Period
    from slmdecide.traffic.chains import Chain
    from slmdecide.traffic.engine import Counted
    from slmdecide.traffic.natures import Told
    from slmdecide.traffic.pricing import Spent
    from slmdecide.traffic.read import Account
    from slmdecide.traffic.samples import Sample

_LEAST_SHARE = 0.001
"""Of the calls: a smaller group is part of the long tail."""
_PRICED_ENOUGH = 0.9
"""Share of a group's calls that must be priced for its spend to be scaled to all of them."""
_MOST_NAMED_MODELS = 10
_UNNAMED = "unknown"
_LEAST_SAVING = "decision.min_saving_usd_per_month"
_NOT_LOOKED_AT = (
    "quality: nothing was measured, the likelihoods are those of published comparisons; slmdecide probe measures it",
    "limits that a log does not show: privacy, residency, required latency, the price of a wrong answer",
    "images, audio and files in prompts: a model that is proposed may read text alone",
    "dearer prices of long prompts, and prices of fine-tuned models, where the log does not price the calls",
)


class Made(NamedTuple):
    """A group with all that was made for it."""

    group: TrafficGroup
    facts: GroupFacts
    profile: TaskProfile
    assessment: Assessment
    told: Told
    spent: Spent
    labels: tuple[str, ...]
    """Of a closed set, the most frequent first; never shown unless asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The report, and what its files are written from."""

    report: TrafficReport
    made: tuple[Made, ...]
    pipelines: tuple[tuple[Chain, TaskProfile], ...]
    """In the order of the report's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What all groups share."""

    calls: int
    period: Period
    prices: Prices
    catalog: Catalog
    samples: Mapping[str, Sample]
    """By the key of the group."""
    profile_file: Callable[[str, str], Path | None]
    """Where a profile of that id and name is written."""


def found_in(
    counted: Counted,
    account: Account,
    period: Period,
    samples: Mapping[str, Sample],
    *,
    most_groups: int,
    profile_file: Callable[[str, str], Path | None],
    tell: Callable[[str], None],
) -> Found:
    """The report on what was counted, without the files that are written of it."""
    catalog = load_catalog()
    calls = sum(one.calls for one in counted.groups)
    context = Context(
        calls=calls,
        period=period,
        prices=Prices(load_prices(), load_models()),
        catalog=catalog,
        samples=samples,
        profile_file=profile_file,
    )
    shown = [one for one in counted.groups if one.calls >= _LEAST_SHARE * calls][:most_groups]
    tail = [one for one in counted.groups if one not in shown]
    made: list[Made] = []
    for position, facts in enumerate(shown):
        tell(f"assessing group {position + 1} of {len(shown)}")
        made.append(_group(facts, position + 1, [one.group.name for one in made], context))
    pipelines = list(_pipelines(counted.chains, made, context))
    of_tail = [context.prices.spent(one) for one in tail]
    priced = sum(one.group.priced_calls for one in made) + sum(one.priced_calls for one in of_tail)
    spend = fsum([*(one.spent.usd for one in made), *(one.usd for one in of_tail)])
    groups = tuple(one.group for one in made)
    left = Tail(
        sum(one.calls for one in tail), fsum(one.input_tokens + one.output_tokens for one in tail), fsum(one.usd for one in of_tail)
    )
    parts = [
        *(Priced(one.spent.usd, one.spent.priced_calls, one.facts.calls) for one in made),
        *(Priced(spent.usd, spent.priced_calls, one.calls) for one, spent in zip(tail, of_tail, strict=True)),
    ]
    of_all = spend_of_all(parts) if priced >= _PRICED_ENOUGH * calls else None
    moving = [one for one in groups if one.family in SMALLER and not one.today_small]
    staying_small = [one for one in groups if one.today_small and one.family in STAYS]
    assumptions = shared_assumptions([one.assessment for one in made])
    least_saving = next((float(one.value) for one in assumptions if one.field == _LEAST_SAVING and isinstance(one.value, int | float)), 0.0)
    report = TrafficReport(
        schema_version=1,
        calls=calls,
        errors=sum(one.errors for one in counted.groups),
        requests_per_month=volume(calls, period),
        tokens={
            "input": fsum(one.input_tokens for one in counted.groups),
            "output": fsum(one.output_tokens for one in counted.groups),
            "cached": fsum(one.cached_tokens for one in counted.groups),
            "calls_with_tokens": sum(one.calls_with_tokens for one in counted.groups),
        },
        spend_usd=spend if priced else None,
        spend_usd_per_month=of_all / period.months if of_all is not None else None,
        priced_coverage=priced / calls,
        priced_calls=priced,
        unpriced_models=_unpriced([*(one.spent for one in made), *of_tail]),
        period=period,
        groups=groups,
        shares=shares(groups, calls, left),
        could_move=share_of(moving, groups, calls, left),
        already_small=share_of([one for one in groups if one.today_small], groups, calls, left),
        stays_small=share_of(staying_small, groups, calls, left),
        saving_usd_per_month=total_saving(one.saving_usd_per_month for one in groups),
        saving_over_large_usd_per_month=total_over_large(groups),
        held_back_usd_per_month=total_saving(one.held_back.saving_usd_per_month for one in groups if one.held_back is not None),
        other_large_usd_per_month=total_saving(one.other_large.saving_usd_per_month for one in groups if one.other_large is not None),
        least_saving_usd_per_month=least_saving,
        first_steps=first_steps(groups, {one.group.id: one.facts.duplicate_share for one in made}, {}, least_saving),
        pipelines=tuple(one for one, _, _ in pipelines),
        skipped=Skipped(
            bad_lines=account.bad_lines,
            bad_line_samples=tuple(account.samples),
            files=tuple(account.skipped_files),
            not_model_calls=account.not_model_calls,
            not_leaf_calls=counted.not_leaf_calls,
            batch_outputs_without_input=counted.outputs_without_input,
            long_tail_calls=left.calls,
            long_tail_groups=len(tail),
            not_looked_at=_NOT_LOOKED_AT,
        ),
        files=tuple(account.files),
        formats=dict(account.formats),
        engine="duckdb",
        texts_shown=False,
        masked_by=None,
        command="",
        prices_as_of=catalog.prices_as_of,
        assumptions=assumptions,
        data=made[0].assessment.data if made else None,
    )
    return Found(report=report, made=tuple(made), pipelines=tuple((chain, profile) for _, chain, profile in pipelines))


def _unpriced(spent: Iterable[Spent]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for one in spent:
        counts.update(one.unpriced)
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:_MOST_NAMED_MODELS])


def _group(facts: GroupFacts, number: int, taken: Sequence[str], context: Context) -> Made:
    sample = context.samples.get(facts.key)
    languages = sample.prompts.shares if sample is not None else {}
    name = name_of(facts, taken, next(iter(languages), None))
    identifier = f"g{number:02d}"
    spent = context.prices.spent(facts)
    most_used = next((one for one in facts.models if one.model is not None), None)
    named = context.prices.model_id(most_used.model, most_used.provider) if most_used is not None and most_used.model is not None else None
    today = context.catalog.models.get(named) if named is not None else None
    found = told(facts, sample)
    profile = profile_of(facts, found, name, context.period, today.id if today is not None else None, sample)
    assessment = assess(profile, context.catalog, with_flips=False)
    enough = spent.priced_calls >= _PRICED_ENOUGH * facts.calls
    monthly = spent.usd / spent.priced_calls * facts.calls / context.period.months if enough and spent.priced_calls else None
    chosen = next((one for one in assessment.options if one.id == assessment.verdict.option_id), None)
    models: Counter[str] = Counter()
    for use in facts.models:
        models[use.model or _UNNAMED] += use.calls
    off = profile.volume.uncertainty_share or 0.0
    costs = costs_in(assessment)
    file = context.profile_file(identifier, name)
    group = TrafficGroup(
        id=identifier,
        name=name,
        calls=facts.calls,
        share=facts.calls / context.calls,
        requests_per_month=volume(facts.calls, context.period),
        tokens={"input": facts.input_tokens, "output": facts.output_tokens, "cached": facts.cached_tokens},
        spend_usd=spent.usd if spent.priced_calls else None,
        spend_usd_per_month=monthly,
        priced_calls=spent.priced_calls,
        nature=found.nature,
        labels=found.n_labels,
        languages=languages,
        evidence=found.measures,
        profile=as_plain(profile),
        profile_file=str(file) if file is not None else None,
        family=assessment.verdict.family,
        verdict=assessment.verdict.summary,
        why_large=why_large(assessment),
        option=option_words(chosen) if chosen is not None else None,
        p_good_enough=assessment.verdict.p_good_enough,
        monthly_cost_usd=assessment.total_usd_per_month,
        saving_usd_per_month=saving_of(assessment, monthly, off, costs),
        saving_over_large_usd_per_month=saving_over_large(assessment),
        today_small=today is not None and today.size_class == "small",
        held_back=held_back(assessment, monthly, off, costs),
        other_large=other_large(assessment, today.id if today is not None else None, monthly, off, costs),
        models=dict(models.most_common(_MOST_NAMED_MODELS)),
        answered=facts.texts,
    )
    in_json = sample.json_labels.labels if sample is not None and sample.json_labels is not None else {}
    labels = facts.labels if found.label_field is None else tuple(in_json)
    return Made(group, facts, profile, assessment, found, spent, labels if found.n_labels is not None else ())


def _pipelines(chains: Iterable[Chain], made: Sequence[Made], context: Context) -> Iterable[tuple[Pipeline, Chain, TaskProfile]]:
    by_key = {one.facts.key: one for one in made}
    number = 0
    for chain in chains:
        if not all(step.key in by_key for step in chain.steps):
            continue
        number += 1
        its = [by_key[step.key] for step in chain.steps]
        profile = pipeline_profile(chain, [one.profile for one in its], context.period)
        assessment = assess(profile, context.catalog, with_flips=False)
        identifier = f"p{number:02d}"
        file = context.profile_file(identifier, profile.name)
        found = Pipeline(
            id=identifier,
            name=profile.name,
            steps=tuple(one.group.id for one in its),
            calls_per_trace=tuple(step.calls_per_trace for step in chain.steps),
            traces=chain.traces,
            profile=as_plain(profile),
            profile_file=str(file) if file is not None else None,
            family=assessment.verdict.family,
            verdict=assessment.verdict.summary,
            monthly_cost_usd=assessment.total_usd_per_month,
        )
        yield found, chain, profile


def with_commands(report: TrafficReport, made: Sequence[Made], commands: Mapping[str, str], to_write: str | None = None) -> TrafficReport:
    """The report whose first steps name the commands that measure a group, by its id, or else the one that writes its files."""
    duplicates = {one.group.id: one.facts.duplicate_share for one in made}
    return replace(report, first_steps=first_steps(report.groups, duplicates, commands, report.least_saving_usd_per_month, to_write))
