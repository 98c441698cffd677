"""The smallest language model that solves a task reliably: what it costs, and what would change the answer.

>>> from pathlib import Path
>>> from slmdecide import assess, load_catalog, load_profile
>>> catalog = load_catalog()
>>> assess(load_profile(Path("task.yaml"), catalog), catalog).verdict.summary
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slmdecide.core.assess import assess
    from slmdecide.errors import DataError, InputError, RunError, SlmdecideError
    from slmdecide.readers.catalog import load_catalog
    from slmdecide.readers.profile import load_profile
    from slmdecide.records.assessment import Assessment
    from slmdecide.records.catalog import Catalog
    from slmdecide.records.profile import TaskProfile

_VERSION = "0.1.0"
__version__ = _VERSION

__all__ = [
    "Assessment",
    "Catalog",
    "DataError",
    "InputError",
    "RunError",
    "SlmdecideError",
    "TaskProfile",
    "assess",
    "load_catalog",
    "load_profile",
]

_HOMES = {
    "Assessment": "slmdecide.records.assessment",
    "Catalog": "slmdecide.records.catalog",
    "DataError": "slmdecide.errors",
    "InputError": "slmdecide.errors",
    "RunError": "slmdecide.errors",
    "SlmdecideError": "slmdecide.errors",
    "TaskProfile": "slmdecide.records.profile",
    "assess": "slmdecide.core.assess",
    "load_catalog": "slmdecide.readers.catalog",
    "load_profile": "slmdecide.readers.profile",
}


def __getattr__(name: str) -> object:
    """The public names, imported when they are used: `import slmdecide` alone costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'slmdecide' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(_HOMES[name]), name)
