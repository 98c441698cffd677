"""What `slmdecide traffic` does with its options: read, group, assess, sum, print."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from math import fsum, isfinite
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.cli.output import write_whole
from slmdecide.core.assess import assess
from slmdecide.errors import DataError, InputError, RunError
from slmdecide.readers.catalog import load_catalog, load_models, load_prices
from slmdecide.records.traffic import Pipeline, Skipped, TrafficGroup, TrafficReport
from slmdecide.report.words import option_words
from slmdecide.traffic.engine import Engine, need_ibis
from slmdecide.traffic.fast import looks_plain
from slmdecide.traffic.files import expand
from slmdecide.traffic.natures import told
from slmdecide.traffic.period import period_of
from slmdecide.traffic.personal import PLAIN, plainly_masked
from slmdecide.traffic.portfolio import first_steps, saving_of, shares, total_saving
from slmdecide.traffic.pricing import Prices
from slmdecide.traffic.profiles import as_plain, as_yaml, name_of, profile_of
from slmdecide.traffic.read import write_calls
from slmdecide.traffic.table import parse_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.catalog import Catalog
    from slmdecide.records.traffic import GroupFacts, Period
    from slmdecide.traffic.engine import Counted
    from slmdecide.traffic.read import Account

_LEAST_SHARE = 0.001
"""Of the calls: a smaller group is part of the long tail."""
_PRICED_ENOUGH = 0.9
"""Share of a group's calls that must be priced for its spend to be scaled to all of them."""
_NOT_LOOKED_AT = (
    "quality: nothing was measured; the likelihoods are those of published comparisons (`slmdecide probe` measures)",
    "images, audio and files in prompts",
    "the language of the texts",
    "long-context, batch and fine-tuned prices of calls that the log does not price",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The options as they were typed."""

    logs: tuple[str, ...]
    mapping: tuple[str, ...] = ()
    days: float | None = None
    most_groups: int = 40
    write_profiles: Path | None = None
    examples: Path | None = None
    examples_per_group: int = 200
    show_text: bool = False
    strict: bool = False
    output_format: str = "text"


class _Made(NamedTuple):
    """A group with what was written for it."""

    group: TrafficGroup
    facts: GroupFacts
    spend_usd: float


def run(options: Options) -> str:
    """The report in the format that was asked for. InputError, DataError or RunError for what cannot be."""
    if options.days is not None and not (isfinite(options.days) and options.days > 0):
        raise InputError(f"--days: found {options.days:g}; a number of days above 0 is expected")
    columns = parse_map(options.mapping) if options.mapping else None
    paths = expand(options.logs)
    need_ibis()
    for folder in (options.write_profiles, options.examples):
        _make(folder)
    with tempfile.TemporaryDirectory(prefix="slmdecide-traffic-") as name:
        folder = Path(name)
        engine = Engine(folder)
        try:
            plain = engine.read_plain([path for path in paths if looks_plain(path)] if columns is None else [], _tell)
            others = [path for path in paths if path not in plain]
            account = write_calls(others, folder / "calls.parquet", columns, strict=options.strict, tell=_tell)
            account.add_plain(plain)
            counted = engine.count(folder / "calls.parquet", _tell)
            if not counted.groups:
                raise DataError(_nothing(account), hint="`--map input_tokens=COLUMN --map output_tokens=COLUMN` reads other tables")
            report = _report(counted, account, engine, options)
        finally:
            engine.close()
            _tell("")
    return _written(report, options)


def _tell(words: str) -> None:
    """Progress, on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{words}")
        sys.stderr.flush()


def _make(folder: Path | None) -> None:
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{folder}: cannot be made: {error.strerror or error}") from None


def _nothing(account: Account) -> str:
    first = next((f"{one.file}: {one.problem}" for one in (*account.samples, *account.skipped_files)), "the files hold no model calls")
    return f"no call of a model was found; {first}"


def _report(counted: Counted, account: Account, engine: Engine, options: Options) -> TrafficReport:
    catalog = load_catalog()
    prices = Prices(load_prices(), load_models())
    period = period_of(counted.first_s, counted.last_s, counted.days, options.days)
    calls = sum(one.calls for one in counted.groups)
    shown = [one for one in counted.groups if one.calls >= _LEAST_SHARE * calls][: options.most_groups]
    tail = [one for one in counted.groups if one not in shown]
    names: list[str] = []
    made = []
    for position, facts in enumerate(shown):
        _tell(f"assessing group {position + 1} of {len(shown)}")
        names.append(name_of(facts, names))
        made.append(_group(facts, f"g{position + 1:02d}", names[-1], calls, period, prices, catalog, options))
    groups = [one.group for one in made]
    if options.examples is not None:
        groups = _with_examples(groups, made, engine, options)
    of_tail = [prices.spent(one) for one in tail]
    priced = sum(one.group.priced_calls for one in made) + sum(one.priced_calls for one in of_tail)
    spend = fsum([*(one.spend_usd for one in made), *(one.usd for one in of_tail)])
    ids = {one.facts.key: one.group.id for one in made}
    tail_tokens = fsum(one.input_tokens + one.output_tokens for one in tail)
    return TrafficReport(
        schema_version=1,
        calls=calls,
        errors=sum(one.errors for one in counted.groups),
        tokens={
            "input": fsum(one.input_tokens for one in counted.groups),
            "output": fsum(one.output_tokens for one in counted.groups),
            "cached": fsum(one.cached_tokens for one in counted.groups),
            "calls_with_tokens": sum(one.calls_with_tokens for one in counted.groups),
        },
        spend_usd=spend if priced else None,
        spend_usd_per_month=spend / period.months if priced == calls else None,
        priced_coverage=priced / calls,
        priced_calls=priced,
        period=period,
        groups=tuple(groups),
        shares=shares(groups, calls, sum(one.calls for one in tail), tail_tokens, fsum(one.usd for one in of_tail)),
        saving_usd_per_month=total_saving(groups),
        first_steps=first_steps(groups, {one.group.id: one.facts.duplicate_share for one in made}),
        pipelines=tuple(
            Pipeline(steps=tuple(ids[key] for key in keys), traces=traces)
            for keys, traces in counted.pipelines
            if all(key in ids for key in keys)
        ),
        skipped=Skipped(
            bad_lines=account.bad_lines,
            bad_line_samples=tuple(account.samples),
            files=tuple(account.skipped_files),
            not_model_calls=account.not_model_calls,
            not_leaf_calls=counted.not_leaf_calls,
            batch_outputs_without_input=counted.outputs_without_input,
            long_tail_calls=sum(one.calls for one in tail),
            long_tail_groups=len(tail),
            not_looked_at=_NOT_LOOKED_AT,
        ),
        files=tuple(account.files),
        formats=dict(account.formats),
        engine="duckdb",
        texts_shown=options.show_text,
        masked_by=None if options.examples is None else "nothing (--show-text)" if options.show_text else PLAIN,
        command=shlex.join(["slmdecide", "traffic", *options.logs]),
        prices_as_of=catalog.prices_as_of,
    )


def _group(
    facts: GroupFacts, identifier: str, name: str, calls: int, period: Period, prices: Prices, catalog: Catalog, options: Options
) -> _Made:
    spent = prices.spent(facts)
    most_used = next((one for one in facts.models if one.model is not None), None)
    today = prices.model_id(most_used.model, most_used.provider) if most_used is not None and most_used.model is not None else None
    found = told(facts)
    profile = profile_of(facts, found, name, period, today if today in catalog.models else None)
    file = None
    if options.write_profiles is not None:
        file = options.write_profiles / f"{identifier}-{_file_name(name)}.yaml"
        write_whole(file, as_yaml(profile, facts, found, period, facts.labels if options.show_text and found.n_labels else None))
    assessment = assess(profile, catalog)
    enough = spent.priced_calls >= _PRICED_ENOUGH * facts.calls
    monthly = spent.usd / spent.priced_calls * facts.calls / period.months if enough and spent.priced_calls else None
    chosen = next((one for one in assessment.options if one.id == assessment.verdict.option_id), None)
    models: defaultdict[str, int] = defaultdict(int)
    for use in facts.models:
        models[use.model or "unknown"] += use.calls
    group = TrafficGroup(
        id=identifier,
        name=name,
        calls=facts.calls,
        share=facts.calls / calls,
        tokens={"input": facts.input_tokens, "output": facts.output_tokens, "cached": facts.cached_tokens},
        spend_usd=spent.usd if spent.priced_calls else None,
        spend_usd_per_month=monthly,
        priced_calls=spent.priced_calls,
        nature=found.nature,
        labels=found.n_labels,
        evidence=found.measures,
        profile=as_plain(profile),
        profile_file=str(file) if file is not None else None,
        family=assessment.verdict.family,
        verdict=assessment.verdict.summary,
        option=option_words(chosen) if chosen is not None else None,
        p_good_enough=assessment.verdict.p_good_enough,
        monthly_cost_usd=assessment.total_usd_per_month,
        saving_usd_per_month=saving_of(assessment, monthly, period.uncertainty_share),
        models=dict(models),
    )
    return _Made(group, facts, spent.usd)


def _file_name(name: str) -> str:
    plain = "".join(one if one.isascii() and one.isalnum() else "-" for one in name.lower())
    return "-".join(part for part in plain.split("-") if part)[:50] or "group"


def _with_examples(groups: Sequence[TrafficGroup], made: Sequence[_Made], engine: Engine, options: Options) -> list[TrafficGroup]:
    """The groups with the files of their examples, one JSON object a line."""
    from dataclasses import replace  # noqa: PLC0415  (only with --examples)

    folder = options.examples
    if folder is None:
        return list(groups)
    mask = (lambda text: text) if options.show_text else plainly_masked
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for one in engine.examples(options.examples_per_group):
        row = {"input": mask(one.prompt or ""), "label": mask(one.answer or "")}
        if one.system:
            row["system"] = mask(one.system)
        lines[one.key].append(json.dumps(row, ensure_ascii=False))
    found = []
    for group, its in zip(groups, made, strict=True):
        file = folder / f"{group.id}-{_file_name(group.name)}.jsonl"
        if not lines[its.facts.key]:
            found.append(group)
            continue
        write_whole(file, "\n".join(sorted(lines[its.facts.key])) + "\n")
        found.append(replace(group, examples_file=str(file)))
    return found


def _written(report: TrafficReport, options: Options) -> str:
    if options.output_format == "json":
        from slmdecide.report.document import record_document, to_json  # noqa: PLC0415  (only for JSON)

        return to_json(record_document(report))
    from slmdecide.report.traffic import build  # noqa: PLC0415

    view = build(report)
    if options.output_format == "markdown":
        from slmdecide.report.markdown import write as write_markdown  # noqa: PLC0415

        return write_markdown(view)
    from slmdecide.report.text import write as write_text  # noqa: PLC0415

    return write_text(view)
