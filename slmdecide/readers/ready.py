"""The ready task profiles that are shipped: what they are called, what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slmdecide.errors import InputError, did_you_mean
from slmdecide.readers.files import DATA, read_text, shown
from slmdecide.readers.mistakes import shown as value_shown
from slmdecide.readers.yaml import parse_document

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUE = DATA / "profiles" / "catalogue"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadyProfile:
    """A shipped profile, as text and as the plain value of that text."""

    id: str
    """Name of the file without its ending."""
    text: str
    value: dict[str, Any]


def ready_names() -> tuple[str, ...]:
    """Ids of the ready profiles, in alphabetical order."""
    return tuple(sorted(path.stem for path in CATALOGUE.glob("*.yaml")))


def ready_profile(name: str) -> ReadyProfile:
    """The ready profile of this name; a trailing .yaml is ignored. InputError if there is none."""
    wanted = name.removesuffix(".yaml")
    if wanted not in ready_names():
        raise InputError(
            f"found {value_shown(name)}, which is no ready profile{did_you_mean(wanted, ready_names())}",
            hint="`slmdecide profiles` lists them",
        )
    return _read(CATALOGUE / f"{wanted}.yaml")


def ready_profiles() -> tuple[ReadyProfile, ...]:
    """All ready profiles, in alphabetical order."""
    return tuple(_read(CATALOGUE / f"{name}.yaml") for name in ready_names())


def _read(path: Path) -> ReadyProfile:
    text = read_text(path)
    return ReadyProfile(id=path.stem, text=text, value=parse_document(text, shown(path)).value)
