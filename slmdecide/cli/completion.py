"""Names for the shell to complete. Each function gets what was typed so far."""

from __future__ import annotations


def model_names(incomplete: str) -> list[str]:
    """Ids of models; where none begins so, price ids."""
    from slmdecide.readers.catalog import load_models, load_prices  # noqa: PLC0415  (only when the shell asks)

    found = [model.id for model in load_models() if model.id.startswith(incomplete)]
    return found or [name for name in load_prices() if name.startswith(incomplete)]


def gpu_names(incomplete: str) -> list[str]:
    """Ids of GPUs."""
    from slmdecide.readers.catalog import GPUS  # noqa: PLC0415
    from slmdecide.readers.table import read_table  # noqa: PLC0415
    from slmdecide.records.catalog import Gpu  # noqa: PLC0415

    return [gpu.id for gpu in read_table(GPUS, Gpu) if gpu.id.startswith(incomplete)]


def profile_names(incomplete: str) -> list[str]:
    """Names of the ready profiles."""
    from slmdecide.readers.ready import ready_names  # noqa: PLC0415

    return [name for name in ready_names() if name.startswith(incomplete)]


def nature_names(incomplete: str) -> list[str]:
    """Natures that a task can have."""
    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415

    return [name for name in load_catalog().natures if name.startswith(incomplete)]


def claim_names(incomplete: str) -> list[str]:
    """Ids of claims."""
    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415

    return [name for name in load_catalog(decisions=False).claims if name.startswith(incomplete)]


def policy_names(incomplete: str) -> list[str]:
    """Policies as they are written, a number for an example, and the word that lifts them."""
    from slmdecide.core.policy_words import examples  # noqa: PLC0415

    return [word for word in (*examples(), "none") if word.startswith(incomplete)]
