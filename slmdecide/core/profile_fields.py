"""Two profiles field by field: what is different, and the one with a field of the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from slmdecide.core.measured import by_and_when
from slmdecide.numbers import exact
from slmdecide.records.profile_measured import MeasuredModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slmdecide.records.diff import Value
    from slmdecide.records.profile import TaskProfile

Road = tuple[str | int, ...]
"""Fields and positions from the profile down."""
_NAMES = frozenset({"name", "description", "inside_endpoints", "examples_file"})
"""Fields on which no decision rests."""


class Field(NamedTuple):
    """A field that is different."""

    road: Road
    old: object
    new: object

    @property
    def name(self) -> str:
        """`stages[1].volume.input_tokens`."""
        return dotted(self.road)


def dotted(road: Road) -> str:
    """The field's path as a profile writes it."""
    text = ""
    for part in road:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def road_of(field: str) -> Road:
    """The road of a path such as `stages[1].volume.input_tokens`."""
    head, bracket, rest = field.partition("[")
    if not bracket:
        return tuple(field.split("."))
    position, _, inner = rest.partition("]")
    return (head, int(position), *inner.removeprefix(".").split("."))


def different(old: TaskProfile, new: TaskProfile) -> tuple[Field, ...]:
    """The fields that are different, in the order of the profile.

    A part that only one of them has is one field; so are the stages, if they are not the same ones.
    """
    return tuple(_different(old, new, ()))


def _different(old: Any, new: Any, road: Road) -> Iterator[Field]:  # noqa: ANN401  (any part of a profile)
    if old == new:
        return
    if is_dataclass(old) and type(old) is type(new):
        for one in fields(old):
            if one.name not in _NAMES:
                yield from _different(getattr(old, one.name), getattr(new, one.name), (*road, one.name))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _different(old.get(key), new.get(key), (*road, key))
    elif road == ("stages",) and old is not None and new is not None and _names(old) == _names(new):
        for position, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _different(before, after, (*road, position))
    else:
        yield Field(road, old, new)


def _names(stages: Sequence[Any]) -> list[str]:
    return [one.name for one in stages]


def with_fields(profile: TaskProfile, values: Mapping[Road, object]) -> TaskProfile:
    """The profile with these fields. ValueError if they contradict each other."""
    changed: TaskProfile = _with(profile, values)
    return changed


def _with(part: Any, values: Mapping[Road, object]) -> Any:  # noqa: ANN401  (any part of a profile)
    if () in values:
        return values[()]
    inner: dict[str | int, dict[Road, object]] = {}
    for (head, *rest), value in values.items():
        inner.setdefault(head, {})[tuple(rest)] = value
    if is_dataclass(part):
        changes = {str(key): _with(getattr(part, str(key)), within) for key, within in inner.items()}
        return replace(part, **changes)  # type: ignore[type-var]  # a part of a profile is a record
    if isinstance(part, Mapping):
        merged = {**part, **{key: _with(part.get(key), within) for key, within in inner.items()}}
        return {key: value for key, value in merged.items() if value is not None}
    return tuple(_with(one, inner[i]) if i in inner else one for i, one in enumerate(part))


def plain(found: object) -> Value:
    """The value of a field as a report can show it."""
    if found is None or isinstance(found, str | bool | int | float):
        return found
    if isinstance(found, tuple):
        return tuple(one if isinstance(one, str) else _told(one) for one in found)
    return _told(found)


def _told(part: Any) -> str:  # noqa: ANN401  (any part of a profile)
    """A part in a few words: its name, or what it says."""
    if isinstance(part, MeasuredModel):
        what = "score" if part.against == "floor" else "against the large model"
        figures = f"{part.estimate:.4g} ({part.low:.4g} to {part.high:.4g}), n = {part.n}{by_and_when(part)}"
        return f"{part.model}, {part.mode.replace('_', '-')}: {what} {figures}"
    name = getattr(part, "name", None)
    if name is not None:
        return str(name)
    said = {one.name: getattr(part, one.name) for one in fields(part)}
    known = {key: value for key, value in said.items() if value is not None}
    return ", ".join(f"{key}: {exact(value) if not isinstance(value, tuple) else len(value)}" for key, value in known.items())
