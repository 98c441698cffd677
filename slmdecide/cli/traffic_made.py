"""What `slmdecide traffic` makes of what it counted: the report, profiles and examples.

A module of its own, since its imports take a while: they are done while the engine works.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.cli.traffic_files import file_name, write_examples, write_profiles
from slmdecide.cli.traffic_report import found_in, with_commands
from slmdecide.cli.traffic_texts import samples_of, with_texts
from slmdecide.readers.catalog import load_catalog, load_models, load_prices
from slmdecide.traffic.period import period_of
from slmdecide.traffic.personal import UNMASKED, best_mask
from slmdecide.traffic.spoken import load_languages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from slmdecide.cli.traffic_report import Found
    from slmdecide.cli.traffic_run import Options
    from slmdecide.records.traffic_report import TrafficReport
    from slmdecide.traffic.engine import Counted, Engine, Example
    from slmdecide.traffic.read import Account
    from slmdecide.traffic.samples import Sample

_WHOLE_SAMPLE = 10**9
"""The engine's sample is bounded by itself; which of it is looked at depends on the texts alone."""


class Texts(NamedTuple):
    """The sampled calls of all groups, and what shows in them."""

    examples: list[Example]
    samples: Mapping[str, Sample]


def load() -> None:
    """What the report of a log with texts needs."""
    _load_data()
    load_languages()


def _load_data() -> None:
    load_catalog()
    load_prices()
    load_models()


def texts_of(engine: Engine) -> Texts:
    """What is made of the sample; what any report needs is loaded too."""
    _load_data()
    examples = list(engine.examples(_WHOLE_SAMPLE))
    return Texts(examples, samples_of(examples))


def made(counted: Counted, account: Account, texts: Texts, options: Options, command: str, tell: Callable[[str], None]) -> TrafficReport:
    """The report, after profiles and examples were written. `command`: how it is made again."""
    period = period_of(counted.first_s, counted.last_s, counted.days, options.days)
    folder = options.write_profiles
    found = found_in(
        counted,
        account,
        period,
        texts.samples,
        most_groups=options.most_groups,
        profile_file=lambda identifier, name: folder / f"{file_name(identifier, name)}.yaml" if folder is not None else None,
        tell=tell,
    )
    report = with_commands(found.report, found.made, {}, f"{command} --write-profiles profiles --examples examples")
    found = replace(found, report=replace(report, command=command, engine=options.engine))
    if options.show_text:
        found = with_texts(found, texts.examples)
    tell("writing")
    if folder is not None:
        write_profiles(found, folder, period, show_text=options.show_text)
    report = _with_examples(found, texts.examples, options, tell)
    tell("")
    return report


def _with_examples(found: Found, examples: list[Example], options: Options, tell: Callable[[str], None]) -> TrafficReport:
    if options.examples is None:
        return found.report
    mask = UNMASKED if options.show_text else best_mask()
    return write_examples(found, examples, options.examples, options.examples_per_group, mask, tell)
