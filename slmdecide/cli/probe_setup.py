"""From the options of `slmdecide probe` to everything that a run needs, with every refusal before anything is sent."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmdecide import __version__
from slmdecide.cli.probe_files import read as read_files
from slmdecide.core.options import regions_of
from slmdecide.errors import DataError, InputError
from slmdecide.measure.examples import in_order
from slmdecide.measure.judge import refuse_contestant
from slmdecide.measure.ladder import Ladder, by_size
from slmdecide.numbers import usd
from slmdecide.probe.asking import Asking, check_samples
from slmdecide.probe.endpoints import barriers, refuse_outside
from slmdecide.probe.lines import read_calls
from slmdecide.probe.plan import Plan, plan_of
from slmdecide.probe.targets import Target, declared_price, destination, targets_of
from slmdecide.readers.files import STDIN, shown
from slmdecide.records.probe import Candidate
from slmdecide.records.probe_run import RunSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.cli.probe_files import Read
    from slmdecide.cli.probe_options import Options
    from slmdecide.probe.endpoints import Barrier
    from slmdecide.probe.measured import Measured
    from slmdecide.probe.store import Opened
    from slmdecide.records.catalog import Catalog
    from slmdecide.records.probe import Example

_RUN_ID_BYTES = 8
_FREE_TO_CHANGE = frozenset(
    {
        "run_id", "version", "profile_name", "profile_sha256", "examples_name", "examples", "candidates", "endpoints", "cap_usd",
        "largest_call_usd", "prices_as_of", "notes",
    }
)  # fmt: skip
"""Settings that a resumed run may have anew; of the candidates the names and their order must stay."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """Everything that a run needs."""

    options: Options
    settings: RunSettings
    targets: tuple[Target, ...]
    """In the order of the ladder."""
    judges: tuple[Target, ...]
    """None or one."""
    examples: tuple[Example, ...]
    """In the seeded order."""
    measured: Measured
    asking: Asking
    plan: Plan
    run_path: Path
    guarded: bool
    """Whether the data may not leave, so that requests must reach their address directly."""

    @property
    def most_questions(self) -> int:
        """Questions of the whole run, if every one is asked."""
        each = self.settings.rules.repeats + (3 - (self.settings.rules.format == "free_text") if self.settings.formats else 0)
        return each * len(self.targets) * len(self.examples)

    def going_on(self, opened: Opened) -> Setup:
        """The setup of the run that was begun earlier. InputError if it was about something else."""
        if opened.settings is not None:
            _same(opened.settings, self.settings, self.run_path)
        if opened.run_id is None:
            return self
        return replace(
            self,
            settings=replace(self.settings, run_id=opened.run_id),
            asking=_asking(opened.run_id, self.measured, self.options, self.judges),
        )


def set_up(options: Options) -> Setup:
    """What the run needs. DataError or InputError for everything that can be wrong before a call."""
    read = read_files(options)
    environment = dict(os.environ)
    prices = dict(declared_price(one, read.catalog.prices_as_of) for one in options.prices)
    words, notes = _words(options, read)
    judges = _judges(options, words, read.catalog, environment)
    own_prices = {name: price for name, price in prices.items() if name not in {one.name for one in judges}}
    judges = tuple(replace(one, price=prices.get(one.name, one.price)) for one in judges)
    targets = targets_of(words, read.catalog, environment, api_base=options.api_base, prices=own_prices)
    if judges:
        refuse_contestant(judges[0].asked_as, [one.asked_as for one in targets])
    found = barriers(read.profile.privacy, read.task.may_leave, read.document, read.name)
    _refuse(read, (*targets, *judges), found)
    if found:
        # Nothing stands between us and the address, so that no proxy and no redirection can carry the data elsewhere.
        targets, judges = (tuple(replace(one, own_server=one.url is not None) for one in each) for each in (targets, judges))
    check_samples(options.samples, read.measured.rules)
    asking = _asking(secrets.token_hex(_RUN_ID_BYTES), read.measured, options, judges)
    examples = in_order(read.checked.usable, seed=options.seed, stratified=bool(read.measured.rules.labels))
    plan = plan_of(
        asking,
        targets,
        examples,
        formats=options.formats,
        cap_usd=options.max_cost_usd,
        expected_output_tokens=read.measured.output_tokens,
    )
    _refuse_unpriced((*targets, *judges), options)
    per_example = {one.target.name: one.usd_per_example for one in plan.models}
    candidates = by_size([Candidate(model=one.name, params_b=one.params_b, usd_per_request=per_example[one.name]) for one in targets])
    order = [one.model for one in candidates]
    targets = tuple(sorted(targets, key=lambda one: order.index(one.name)))
    reference = _reference(read, order)
    Ladder(candidates, len(examples), read.measured.rules, reference=reference)  # says now what it would say later
    settings = RunSettings(
        run_id=asking.run_id,
        version=__version__,
        profile_name=read.profile.name,
        profile_sha256=read.sha256,
        examples_name=read.examples.name,
        examples_sha256=read.examples.sha256,
        prompt_sha256=read.measured.prompt.digest(),
        rules=read.measured.rules,
        candidates=candidates,
        endpoints={one.name: one.endpoint for one in (*targets, *judges)},
        reference=reference,
        formats=options.formats,
        samples=options.samples,
        codes=options.codes,
        judge=judges[0].name if judges else None,
        examples=read.checked.check,
        cap_usd=options.max_cost_usd,
        largest_call_usd=plan.largest_call_usd,
        prices_as_of=read.catalog.prices_as_of,
        notes=(*notes, *read.measured.notes, *_signal_notes(targets, read.measured, options)),
    )
    return Setup(
        options=options,
        settings=settings,
        targets=targets,
        judges=judges,
        examples=examples,
        measured=read.measured,
        asking=asking,
        plan=replace(plan, models=tuple(sorted(plan.models, key=lambda one: _place(order, one.target.name)))),
        run_path=options.run if options.run is not None else _usual_run_path(options),
        guarded=bool(found),
    )


def settings_without_a_run(options: Options, path: Path) -> RunSettings:
    """What a run file that does not say so itself is to be judged by: the profile, and the models of its lines in their order."""
    read = read_files(options)
    names = list(dict.fromkeys(call.model for call in read_calls(path)))
    if not names:
        raise DataError(f"{shown(path)}: holds no call")
    known = read.catalog.models
    candidates = by_size(
        [Candidate(model=one, params_b=known[one].params_total_b if one in known else None, usd_per_request=None) for one in names]
    )
    rules = replace(read.measured.rules, format=next(read_calls(path)).format)
    return RunSettings(
        run_id="",
        version=__version__,
        profile_name=read.profile.name,
        profile_sha256=read.sha256,
        examples_name=read.examples.name,
        examples_sha256=read.examples.sha256,
        prompt_sha256="",
        rules=rules,
        candidates=candidates,
        endpoints={},
        reference=_reference(read, [one.model for one in candidates]),
        formats=False,
        samples=1,
        codes=options.codes,
        judge=None,
        examples=read.checked.check,
        cap_usd=options.max_cost_usd,
        largest_call_usd=0.0,
        prices_as_of=read.catalog.prices_as_of,
        notes=("the run file does not say what was to be shown; it was taken from the profile",),
    )


def _usual_run_path(options: Options) -> Path:
    stem = options.profile.stem if options.profile is not None and options.profile != STDIN else "task"
    return Path(f"{stem}.probe.jsonl")


# Models


def _words(options: Options, read: Read) -> tuple[list[str], list[str]]:
    """The models to try, as words, and what is to be said about their choice."""
    if options.models:
        return list(options.models), []
    profile, models = read.profile, read.catalog.models
    named = profile.candidates if profile.candidates is not None else read.catalog.default_candidates
    readers = [one for one in named if models[one].kind == "decoder"]
    notes = [] if profile.candidates is not None else ["neither the profile nor --model names models; the usual candidates were taken"]
    left_out = [one for one in named if one not in readers]
    if left_out and profile.candidates is not None:
        notes.append(f"{', '.join(left_out)}: answer no prompt before they are fine-tuned, and are left out")
    if profile.today is not None and profile.today not in readers and models[profile.today].kind == "decoder":
        readers.append(profile.today)
    if not readers:
        raise InputError(f"{read.name}: none of its candidates answers a prompt", hint="--model NAME names another one")
    return readers, notes


def _judges(options: Options, words: Sequence[str], catalog: Catalog, environment: dict[str, str]) -> tuple[Target, ...]:
    if options.judge is None:
        return ()
    refuse_contestant(options.judge.partition("=")[0], [one.partition("=")[0] for one in words])
    return targets_of([options.judge], catalog, environment, option="--judge")


def _refuse(read: Read, targets: Sequence[Target], found: Sequence[Barrier]) -> None:
    """Refuse every endpoint to which the data may not go."""
    regions = {one.name: regions_of(one.price) if one.price is not None and one.url is None else () for one in targets}
    models = read.catalog.models
    stated = {one.name: (*regions[one.name], *(models[one.name].regions if one.name in models else ())) for one in targets}
    refuse_outside([destination(one, stated[one.name]) for one in targets], found, read.profile.privacy)


def _refuse_unpriced(targets: Sequence[Target], options: Options) -> None:
    unpriced = [one.name for one in targets if one.known_usd is None]
    if unpriced and not options.allow_unpriced:
        raise InputError(
            f"{', '.join(unpriced)}: the price is not known, so the cap of {usd(options.max_cost_usd)} cannot hold",
            hint=f"--price {unpriced[0]}=IN/OUT gives it (0/0 for a server of your own), --allow-unpriced asks without a cap",
        )


def _reference(read: Read, order: Sequence[str]) -> str | None:
    """The large model that the others are compared with, where there is no floor: today's if it is among them, else the last one."""
    if read.measured.rules.floor is not None:
        return None
    today = read.profile.today
    return today if today in order else None


def _signal_notes(targets: Sequence[Target], measured_: Measured, options: Options) -> list[str]:
    """Which models will give no confidence."""
    if measured_.rules.format != "label_code" or options.samples > 1:
        return []
    silent = [one.name for one in targets if one.gives_log_probabilities is False]
    if not silent:
        return []
    return [f"{', '.join(silent)}: no log-probabilities, so no confidence; --samples 5 takes shares of votes, of every model"]


# The same run


def _asking(run_id: str, measured_: Measured, options: Options, judges: Sequence[Target]) -> Asking:
    return Asking(
        run_id=run_id,
        prompt=measured_.prompt,
        rules=measured_.rules,
        score=measured_.score,
        samples=options.samples,
        judge=judges[0] if judges else None,
    )


def _same(earlier: RunSettings, now: RunSettings, path: Path) -> None:
    """InputError that says what differs between a run and its continuation."""
    before, after = asdict(earlier), asdict(now)
    before["models"], after["models"] = ([one.model for one in each.candidates] for each in (earlier, now))
    flat_before, flat_after = ({**each, **each.pop("rules")} for each in (before, after))
    changed = [key for key in flat_before if key not in _FREE_TO_CHANGE and _listed(flat_before[key]) != _listed(flat_after.get(key))]
    if changed:
        said = "; ".join(f"{key} was {_short(flat_before[key])} and is {_short(flat_after.get(key))}" for key in changed)
        raise InputError(
            f"{shown(path)}: was begun as another probe: {said}",
            hint="what is stated holds for what was asked; --run FILE begins another run",
        )


def _listed(value: Any) -> Any:  # noqa: ANN401  (of a record)
    return list(value) if isinstance(value, tuple) else value


def _short(value: Any) -> str:  # noqa: ANN401  (of a record)
    text = json.dumps(_listed(value), default=str)
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004  (a line)


def _place(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)
