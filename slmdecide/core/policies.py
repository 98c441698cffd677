"""Whether decisions hold to the policies that a CI run asks for. What is not known never counts as held."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.errors import InputError
from slmdecide.numbers import exact, percent, usd
from slmdecide.records.policy import Policy, PolicyName, PolicyResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from slmdecide.records.assessment import Assessment

_NAMED = 3
"""Tasks that a line names."""
_NAME_CHARACTERS = 80
_SUMMARY_CHARACTERS = 200
_NEAR = 1e-9
"""A rise that is beyond the limit by a smaller share of it is a rounding error."""


class Case(NamedTuple):
    """What policies are held against."""

    new: Sequence[Assessment]
    earlier: Sequence[Assessment | None] | None
    """For each of `new` the earlier decision for the same task, None if there is none; None if nothing is compared with."""
    removed: Sequence[Assessment]
    """Tasks that only the earlier decisions hold."""
    age_days: Mapping[str, int]
    """How old each `prices_as_of` of `new` is today."""


def hold(policies: Sequence[Policy], case: Case) -> tuple[PolicyResult, ...]:
    """How each policy came out, same order. InputError if one compares and there is nothing to compare with."""
    for policy in policies:
        if policy.compares and case.earlier is None:
            raise InputError(f"{policy.written} compares with an earlier decision, and none is given", hint="give it with --against FILE")
    return tuple(_CHECKS[policy.name](policy, case) for policy in policies)


class _Found(NamedTuple):
    """What breaks a policy."""

    words: str
    tasks: tuple[str, ...] = ()
    worst: float | None = None


def _result(policy: Policy, broken: _Found | None, otherwise: str, worst: float | None = None) -> PolicyResult:
    return PolicyResult(
        policy=policy.written,
        name=policy.name,
        limit=policy.limit,
        found=broken.worst if broken is not None else worst,
        tripped=broken is not None,
        tasks=broken.tasks if broken is not None else (),
        message=broken.words if broken is not None else otherwise,
    )


def _name(assessment: Assessment) -> str:
    text = assessment.task.name
    return text if len(text) <= _NAME_CHARACTERS else f"{text[: _NAME_CHARACTERS - 1]}…"


def _listed(lines: Sequence[str]) -> str:
    more = f"; and {len(lines) - _NAMED} more" if len(lines) > _NAMED else ""
    return "; ".join(lines[:_NAMED]) + more


def answer_ids(assessment: Assessment) -> tuple[tuple[str, str | None], ...]:
    """Family and option of the answer; of a pipeline those of each stage too."""
    verdicts = (assessment.verdict, *(one.verdict for one in assessment.stages))
    return tuple((one.family, one.option_id) for one in verdicts)


def _verdict_change(policy: Policy, case: Case) -> PolicyResult:
    changed = [
        (old, new) for old, new in zip(case.earlier or (), case.new, strict=True) if old is not None and answer_ids(old) != answer_ids(new)
    ]
    lines = [f"{_name(new)}: {_answer(old)} became {_answer(new)}" for old, new in changed]
    broken = _Found(_listed(lines), tuple(new.task.name for _, new in changed)) if changed else None
    return _result(policy, broken, "the verdicts are the same")


def _answer(assessment: Assessment) -> str:
    """The family with the option; for a pipeline those of its stages."""
    if assessment.stages:
        return ", ".join(f"{one.name}: {_words(one.verdict.family, one.verdict.option_id)}" for one in assessment.stages)
    return _words(assessment.verdict.family, assessment.verdict.option_id)


def _words(family: str, option_id: str | None) -> str:
    words = family.replace("_", " ")
    return f"{words} ({option_id})" if option_id is not None else words


class _Rise(NamedTuple):
    """How much a cost rose. USD a month."""

    usd: float
    share: float
    what: str
    old: float
    new: float

    def by(self, unit: str | None) -> float:
        """In the unit of a limit."""
        return self.share if unit == "share" else self.usd

    @property
    def told(self) -> str:
        """In words."""
        more = f"{percent(self.share)} more" if self.old > 0 else f"{usd(self.usd)} more"
        return f"{usd(self.new)} a month{self.what}, {more} than {usd(self.old)}"


def _rises(old: Sequence[Assessment], new: Sequence[Assessment]) -> list[_Rise]:
    """The rise of the monthly and of the all-in cost; where one is not known on a side there is none."""
    found = []
    for what, before, after in (("", _monthly(old), _monthly(new)), (" all in", _all_in(old), _all_in(new))):
        if before is not None and after is not None:
            share = (after - before) / before if before > 0 else float("inf") if after > 0 else 0.0
            found.append(_Rise(after - before, share, what, before, after))
    return found


def _monthly(every: Sequence[Assessment]) -> float | None:
    return _sum([one.monthly_cost_usd.typical if one.monthly_cost_usd is not None else None for one in every])


def _all_in(every: Sequence[Assessment]) -> float | None:
    return _sum([one.total_usd_per_month.typical if one.total_usd_per_month is not None else None for one in every])


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fsum(known) if len(known) == len(values) else None


def _cost_increase(policy: Policy, case: Case) -> PolicyResult:
    limit = policy.limit if policy.limit is not None else 0.0
    pairs = [(old, new) for old, new in zip(case.earlier or (), case.new, strict=True) if old is not None]
    broken: list[tuple[str, str]] = []
    worst: list[float] = []
    for old, new in pairs:
        if _all_in([old]) is not None and _all_in([new]) is None:
            broken.append((new.task.name, f"{_name(new)}: the cost was {usd(_all_in([old]))} a month all in and is not known now"))
            continue
        rise = max(_rises([old], [new]), key=lambda one: one.by(policy.unit), default=None)
        if rise is not None:
            worst.append(rise.by(policy.unit))
            if rise.by(policy.unit) > limit * (1 + _NEAR):
                broken.append((new.task.name, f"{_name(new)} costs {rise.told}"))
    if not broken and len(case.new) > 1:
        every = [*(old for old, _ in pairs), *case.removed]
        rise = max(_rises(every, case.new), key=lambda one: one.by(policy.unit), default=None) if every else None
        if rise is not None and rise.by(policy.unit) > limit * (1 + _NEAR):
            return _result(policy, _Found(f"all tasks together cost {rise.told}", (), _finite(rise.by(policy.unit))), "")
    found = _finite(max(worst, default=None))
    if not broken:
        return _result(policy, None, "no cost rises by more", found)
    return _result(policy, _Found(_listed([line for _, line in broken]), tuple(task for task, _ in broken), found), "")


def _finite(value: float | None) -> float | None:
    return value if value is not None and value != float("inf") else None


def _max_monthly_cost(policy: Policy, case: Case) -> PolicyResult:
    limit = policy.limit if policy.limit is not None else 0.0
    without = [one for one in case.new if one.monthly_cost_usd is None]
    known = fsum(one.monthly_cost_usd.typical for one in case.new if one.monthly_cost_usd is not None)
    worst = known if len(without) < len(case.new) else None
    together = "the tasks together cost" if len(case.new) > 1 else f"{_name(case.new[0])} costs"
    if known > limit:
        more = f" and more, as the cost of {_listed([_name(one) for one in without])} is not known" if without else ""
        over = [one.task.name for one in case.new if one.monthly_cost_usd is not None and one.monthly_cost_usd.typical > limit]
        return _result(policy, _Found(f"{together} {usd(known)} a month{more}", tuple(over), worst), "")
    if without:
        lines = [f"{_name(one)} ({one.verdict.family})" for one in without]
        names = tuple(one.task.name for one in without)
        return _result(policy, _Found(f"not known to hold: there is no cost of {_listed(lines)}", names, worst), "")
    return _result(policy, None, f"{together} {usd(known)} a month", worst)


def _stale_prices(policy: Policy, case: Case) -> PolicyResult:
    limit = policy.limit if policy.limit is not None else 0.0
    dates = list(dict.fromkeys(one.data.prices_as_of for one in case.new))
    oldest = max(dates, key=lambda one: case.age_days[one])
    age = case.age_days[oldest]
    told = f"the prices are as of {oldest}, {age:,} {'day' if age == 1 else 'days'} old"
    return _result(policy, _Found(told, (), float(age)) if age > limit else None, told, float(age))


def _unpriced(policy: Policy, case: Case) -> PolicyResult:
    models: dict[str, None] = {}
    tasks: list[str] = []
    for one in case.new:
        options = (*one.options, *(option for stage in one.stages for option in stage.options))
        found = [option.model for option in options if option.feasible and option.unpriced and option.family != "cascade"]
        if one.profile is not None and one.profile.today is not None and one.today_usd_per_month is None:
            found.append(one.profile.today)
        models.update(dict.fromkeys(found))
        tasks += [one.task.name] if found else []
    broken = _Found(f"no API price is known of {_listed(list(models))}", tuple(tasks), float(len(models))) if models else None
    return _result(policy, broken, "every API within the constraints has a price", 0.0)


def _of_status(status: str) -> Callable[[Policy, Case], PolicyResult]:
    def check(policy: Policy, case: Case) -> PolicyResult:
        tasks = [one for one in case.new if status in {family for family, _ in answer_ids(one)}]
        lines = [f"{_name(one)}: {_shortened(one.verdict.summary)}" for one in tasks]
        broken = _Found(_listed(lines), tuple(one.task.name for one in tasks), float(len(tasks))) if tasks else None
        return _result(policy, broken, f"no task is {status}", 0.0)

    return check


def _shortened(text: str) -> str:
    return text if len(text) <= _SUMMARY_CHARACTERS else f"{text[: _SUMMARY_CHARACTERS - 1]}…"


def _confidence_below(policy: Policy, case: Case) -> PolicyResult:
    limit = policy.limit if policy.limit is not None else 0.0
    known = [one.verdict.p_good_enough for one in case.new if one.verdict.p_good_enough is not None]
    worst = min(known, default=None)
    under = [one for one in case.new if one.verdict.p_good_enough is None or one.verdict.p_good_enough < limit]
    lines = [
        f"{_name(one)} is {percent(one.verdict.p_good_enough)} likely to be good enough"
        if one.verdict.p_good_enough is not None
        else f"{_name(one)} has no answer to be confident in ({one.verdict.family})"
        for one in under
    ]
    broken = _Found(_listed(lines), tuple(one.task.name for one in under), worst) if under else None
    return _result(policy, broken, f"every answer is {exact(limit)} or more likely to be good enough", worst)


_CHECKS: Mapping[PolicyName, Callable[[Policy, Case], PolicyResult]] = {
    "verdict-change": _verdict_change,
    "cost-increase": _cost_increase,
    "max-monthly-cost": _max_monthly_cost,
    "stale-prices": _stale_prices,
    "unpriced": _unpriced,
    "infeasible": _of_status("infeasible"),
    "undecided": _of_status("undecided"),
    "confidence-below": _confidence_below,
}
