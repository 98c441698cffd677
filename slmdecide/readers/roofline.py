"""The fitted predictor, read from its file."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from slmdecide.errors import DataError
from slmdecide.readers.files import DATA, read_text, shown
from slmdecide.readers.table import adapter_of
from slmdecide.records.roofline import Roofline

if TYPE_CHECKING:
    from pathlib import Path

ROOFLINE = DATA / "pricing" / "roofline.json"


@cache
def load_roofline(path: Path = ROOFLINE) -> Roofline:
    """The shipped constants and bands. DataError if the file is damaged."""
    from pydantic import ValidationError  # noqa: PLC0415  (50 ms that --help need not pay)

    try:
        return adapter_of(Roofline).validate_json(read_text(path))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(one) for one in first["loc"])
        raise DataError(f"{shown(path)}: {where or 'document'}: {first['msg']}") from None
