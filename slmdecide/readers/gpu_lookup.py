"""Which GPUs may a name mean? `a100` is four cards; only the one who asks knows which."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from slmdecide.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slmdecide.records.catalog import Gpu

_SHOWN_CHARACTERS = 80


def gpus_named(name: str, gpus: Mapping[str, Gpu]) -> tuple[Gpu, ...]:
    """The GPU with this id, or all whose id and name hold each word of `name`. InputError with the nearest id if none."""
    if name in gpus:
        return (gpus[name],)
    asked = _words(name)
    found = tuple(gpu for gpu in gpus.values() if asked and asked <= _words(f"{gpu.id} {gpu.name} {gpu.id.replace('-', '')}"))
    if not found:
        raise InputError(
            f"no GPU is called {name[:_SHOWN_CHARACTERS]!r}{did_you_mean(name.lower(), gpus)}",
            hint="`slmdecide gpus` lists all",
        )
    return found


def vendor_of(gpu: Gpu) -> str:
    """The first word of its name, such as NVIDIA."""
    return gpu.name.partition(" ")[0]


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.lower()))
