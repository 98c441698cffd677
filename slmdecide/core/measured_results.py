"""Reports of probes and cascades in the words of a task profile, so that what was measured is decided on like all that it says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from slmdecide.errors import InputError, did_you_mean
from slmdecide.numbers import number
from slmdecide.records.cascade_report import CascadeReport
from slmdecide.records.metrics import same, taken_for
from slmdecide.records.probe import ProbeReport
from slmdecide.records.profile import Stage, TaskProfile
from slmdecide.records.profile_measured import MeasuredCascade, MeasuredModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slmdecide.records.assessment import Mode
    from slmdecide.records.catalog import Catalog
    from slmdecide.records.probe import Rung

_Part = TypeVar("_Part", Stage, TaskProfile)
_ERROR_RATE = 0.05
"""Of reports that do not say it: the default of `slmdecide probe`."""
_MOST_CHARACTERS = 200
_API = "API of "
_FINE_TUNED = "ft:"


class Named(NamedTuple):
    """The model that a report means."""

    model: str
    mode: Mode


class Result(NamedTuple):
    """A report, and where it is from."""

    source: str
    report: ProbeReport | CascadeReport
    now: bool = False
    """Whether it was measured by this very command: then its notes have said which metric was taken."""


class Names:
    """Finds the model that a name in a report means."""

    def __init__(self, catalog: Catalog, given: Mapping[str, Named]) -> None:
        """`given`: what the user says that names mean. InputError if it is no known model."""
        self._catalog = catalog
        self._given = given
        for one in given.values():
            if one.model not in catalog.models:
                near = did_you_mean(one.model, catalog.models)
                raise InputError(f"--measured-as: found {one.model!r}, which is no known model; `slmdecide models` lists them{near}")

    def is_small(self, found: Named) -> bool:
        """Whether the model counts as small: the large member of a comparison may not."""
        return self._catalog.models[found.model].size_class == "small"

    def find(self, name: str) -> Named | None:
        """The model; None if no known one is called so."""
        if name in self._given:
            return self._given[name]
        for one in (name, name.partition("/")[2], name.rpartition("/")[2]):
            if one in self._catalog.models:
                return Named(one, "prompted")
            meant = self._catalog.aliases.get(one, ())
            if len(meant) == 1:
                return Named(meant[0], "prompted")
            sold = self._sold(one)
            if sold is not None:
                return sold
        return None

    def _sold(self, offer: str) -> Named | None:
        """The model that is sold under this name; a fine-tuned one is called after its offer, with more behind it."""
        base = ":".join(offer.split(":")[:2]) if offer.startswith(_FINE_TUNED) else offer
        for model in self._catalog.models.values():
            if base in model.prices:
                return Named(model.id, "prompted")
            if base in model.fine_tuned_prices:
                return Named(model.id, "fine_tuned")
        return None


def with_results(profile: TaskProfile, results: Sequence[Result], names: Names, stage: str | None = None) -> tuple[TaskProfile, list[str]]:
    """The profile, or the stage of it, with what was measured, and what the reader must know.

    A model that was measured before is replaced. InputError where nothing in a report can be used.
    """
    if profile.stages is None and stage is not None:
        raise InputError(f"--measured: found {stage}=…, but the profile has no stages")
    if profile.stages is not None:
        called = [one.name for one in profile.stages]
        if stage not in called:
            found = f"found {stage!r}, which is no stage{did_you_mean(stage, called)}" if stage is not None else "the profile has stages"
            raise InputError(f"--measured: {found}; say which was measured", hint=f"--measured {called[0]}=FILE")
        place = called.index(stage)
        changed, notes = _with(profile.stages[place], profile, results, names)
        stages = (*profile.stages[:place], changed, *profile.stages[place + 1 :])
        return replace(profile, stages=stages), notes
    return _with(profile, profile, results, names)


def _with(part: _Part, profile: TaskProfile, results: Sequence[Result], names: Names) -> tuple[_Part, list[str]]:
    """The part with what was measured of it."""
    quality = part.quality if part.quality is not None else profile.quality
    notes: list[str] = []
    models: _Measured = {(one.model, one.mode, one.against): one for one in part.measured}
    replayed = part.cascade
    for source, report, now in results:
        if isinstance(report, CascadeReport):
            if replayed is not None:
                notes.append(f"{source}: takes the place of the cascade of {replayed.small} and {replayed.large} that was given before")
            replayed = _cascade(report, source, names)
            continue
        found, unknown = _models(report, source, names)
        _usable(found, unknown, quality.floor, source)
        _same_yardstick(found, report, source, names)
        notes += _other_task(report, source, (part.name, profile.name))
        notes += _take(found, models, source)
        if now:
            notes += _set_aside(found, models, source)
        else:
            _right_metric(found, quality.metric, source)
            _one_metric(tuple(models.values()), source)
        notes += [f"{source}: {one} was measured, but is no known model and is left out; --measured-as {one}=ID" for one in unknown]
    return replace(part, measured=tuple(models.values()), cascade=replayed), notes


_Measured = dict[tuple[str, str, str], MeasuredModel]
"""By model, mode and yardstick."""


def _take(found: Sequence[MeasuredModel], models: _Measured, source: str) -> list[str]:
    """Put what was found among the measured; the notes say what it takes the place of."""
    notes = []
    for one in found:
        key = (one.model, one.mode, one.against)
        if key in models:
            notes.append(f"{source}: takes the place of what {models[key].source} says of {one.model}")
        models[key] = one
    return notes


def _set_aside(found: Sequence[MeasuredModel], models: _Measured, source: str) -> list[str]:
    """Take out what was measured before by another metric than now: nobody is sent away after the probe was paid."""
    by = next((one.metric for one in found if one.metric is not None), None)
    other = {key: one for key, one in models.items() if by is not None and one.metric is not None and not same(one.metric, by)}
    for key in other:
        del models[key]
    return [f"{source}: is by {by}, so what {one.source} says of {one.model} by {one.metric} is left out" for one in other.values()]


def _other_task(report: ProbeReport, source: str, called: Sequence[str]) -> list[str]:
    """That the probe was of a profile with another name; a stage is known by its own."""
    measured = report.data.get("profile")
    if measured is None or measured in called:
        return []
    return [f"{source}: is a probe of {measured!r}, and this is {called[0]!r}; it counts only if the task is the same"]


def _reference(report: ProbeReport) -> str | None:
    """The model that the others were compared with."""
    return next((one.model for one in report.ladder if one.status == "reference"), None)


def _same_yardstick(found: Sequence[MeasuredModel], report: ProbeReport, source: str, names: Names) -> None:
    """InputError where models were compared with a small one: how far they are behind a large one does not follow."""
    reference = _reference(report)
    named = names.find(reference) if reference is not None else None
    if named is not None and names.is_small(named) and any(one.against == "large_model" for one in found):
        raise InputError(
            f"{source}: compared the models with {reference}, which is a small model, not with a large one",
            hint="probe with a large model among them, or against a floor (quality.floor)",
        )


def _usable(found: Sequence[MeasuredModel], unknown: Sequence[str], floor: float | None, source: str) -> None:
    """InputError where a report answers nothing that the profile asks."""
    if not found and unknown:
        named = ", ".join(unknown)
        raise InputError(
            f"{source}: measured {named}, which no known model is called", hint=f"--measured-as {unknown[0]}=ID says what it is"
        )
    if not found:
        raise InputError(f"{source}: holds no model that was compared with a floor or a large model")
    against = "large_model" if floor is None else "floor"
    if all(one.against != against for one in found):
        if floor is None:
            raise InputError(f"{source}: measured against a floor, and the profile has none", hint="set quality.floor, or probe again")
        wanted = f"the profile's floor of {number(floor)}"
        raise InputError(f"{source}: measured against the large model, not against {wanted}", hint="drop quality.floor, or probe again")


def _right_metric(found: Sequence[MeasuredModel], asked: str | None, source: str) -> None:
    """InputError where the report scores by something else than the profile asks for."""
    allowed = taken_for(asked) if asked is not None else ()
    wrong = next((one for one in found if allowed and one.metric is not None and one.metric not in allowed), None)
    if wrong is not None:
        raise InputError(
            f"{source}: models[].metric: found {wrong.metric!r} of {wrong.model}; quality.metric is {asked}; allowed: {', '.join(allowed)}",
            hint=f"probe with --metric {allowed[0]}, or change quality.metric",
        )


def _one_metric(found: Sequence[MeasuredModel], source: str) -> None:
    """InputError where models were scored by different metrics: their scores cannot be compared."""
    named = [one for one in found if one.metric is not None]
    for one in named[1:]:
        if not same(one.metric or "judge", named[0].metric or "judge"):
            raise InputError(
                f"{source}: models[].metric: found {one.metric!r} of {one.model}, and {named[0].metric!r} of {named[0].model} "
                f"({named[0].source}); allowed: one metric for all",
            )


def _models(report: ProbeReport, source: str, names: Names) -> tuple[list[MeasuredModel], list[str]]:
    """What was measured of known models, and the names of the others."""
    found, unknown = [], []
    for rung in report.ladder:
        if rung.estimate is None or rung.low is None or rung.high is None or not rung.n or rung.status in ("not_measured", "reference"):
            continue
        named = names.find(rung.model)
        if named is None:
            unknown.append(rung.model)
        else:
            found.append(_model(rung, named, report, source))
    return found, unknown


def _model(rung: Rung, named: Named, report: ProbeReport, source: str) -> MeasuredModel:
    reference = _reference(report) if rung.against == "large_model" else None
    estimate, low, high = (min(1.0, max(-1.0, one)) for one in (rung.estimate or 0.0, rung.low or 0.0, rung.high or 0.0))
    if rung.status == "good_enough":
        low = max(low, min(rung.bound, estimate))
    elif rung.status == "not_good_enough":
        high = min(high, max(rung.bound - _BARELY, estimate))
    return MeasuredModel(
        model=named.model,
        mode=named.mode,
        against=rung.against,
        n=rung.n,
        estimate=estimate,
        low=min(low, estimate),
        high=max(high, estimate),
        error_rate=report.error_rate if report.error_rate is not None else _ERROR_RATE,
        p95_ms=_p95_ms(rung.model, report),
        metric=next((one.metric for one in report.models if one.model == rung.model), None),
        measured_on=report.measured_on,
        source=(f"{source}, against {reference}" if reference is not None else source)[:_MOST_CHARACTERS],
    )


_BARELY = 1e-9
"""What was shown once stays shown, although later answers may widen the interval again."""


def _p95_ms(model: str, report: ProbeReport) -> float | None:
    """Of a provider's API; a server of one's own is none of the options."""
    if f"{model}: {_API}" not in report.data.get("endpoints", ""):
        return None
    timed = [one.latency_ms.p95 for one in report.models if one.model == model and one.latency_ms is not None]
    return timed[0] if timed and timed[0] > 0 else None


def _cascade(report: CascadeReport, source: str, names: Names) -> MeasuredCascade:
    members = [names.find(one.name) for one in (report.small, report.large)]
    for one, named in zip((report.small, report.large), members, strict=True):
        if named is None:
            raise InputError(
                f"{source}: replayed {report.small.name} before {report.large.name}; no known model is called {one.name}",
                hint=f"--measured-as {one.name}=ID says what it is",
            )
    small, large = (one if one is not None else Named("", "prompted") for one in members)
    for one, named, size in ((report.small, small, "small"), (report.large, large, "large")):
        if names.is_small(named) != (size == "small"):
            raise InputError(
                f"{source}: its {size} model {one.name} is {named.model}, which does not count as {size}",
                hint="assess knows cascades of a small and a large model; `slmdecide models` shows which is which",
            )
    chosen, promise = report.chosen, report.promise
    kept = promise is not None and promise.certified and promise.kind == "same_quality" and chosen is not None
    return MeasuredCascade(
        small=small.model,
        small_mode=small.mode,
        large=large.model,
        threshold=chosen.threshold if chosen is not None else None,
        confidence=report.signal.rule if report.signal is not None else None,
        escalation_share=chosen.escalation_rate.value if chosen is not None else None,
        escalation_low=chosen.escalation_rate.low if chosen is not None else None,
        escalation_high=chosen.escalation_rate.high if chosen is not None else None,
        tolerance=round(100 * promise.tolerance, 9) if kept and promise is not None else None,
        delta=promise.delta if kept and promise is not None else None,
        n=report.n or None,
        source=source[:_MOST_CHARACTERS],
    )
