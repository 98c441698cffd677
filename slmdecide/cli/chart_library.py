"""The script that draws charts in a page: Vega, Vega-Lite and their embedding, as the installed vl-convert bundles them."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

_EXPOSED = "window.vegaEmbed = vegaEmbed;"
_END = "\n// end of the library\n"
"""Stands at the end of a kept script: one that was cut short is not taken."""


def chart_library() -> str:
    """The library as one script. Bundling takes more than a second, so it is kept in the user's cache, by version.

    Where there is no such folder, or it cannot be written, it is bundled each time.
    """
    kept = _kept_at()
    found = _read(kept)
    if found is not None:
        return found
    import vl_convert  # noqa: PLC0415  (88 MB, and only pages need it)

    library = vl_convert.javascript_bundle(_EXPOSED) + _END
    _keep(kept, library)
    return library


def _kept_at() -> Path | None:
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        folder = Path(base) if base else Path.home() / ".cache"
    except RuntimeError:  # nobody's home
        return None
    return folder / "slmdecide" / f"vega-{version('vl-convert-python')}.js" if folder.is_absolute() else None


def _read(path: Path | None) -> str | None:
    """The kept script, if it is whole."""
    try:
        text = path.read_text(encoding="utf-8") if path is not None else ""
    except (OSError, ValueError):
        return None
    return text if text.endswith(_END) else None


def _keep(path: Path | None, library: str) -> None:
    from slmdecide.cli.output import write_whole  # noqa: PLC0415
    from slmdecide.errors import RunError  # noqa: PLC0415

    if path is None:
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, library)
    except (OSError, RunError):
        return  # nothing but time is lost
