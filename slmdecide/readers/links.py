"""Where the sources of our own data files are found on the web: the only addresses that a page links to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slmdecide.records.evidence import Claim

_ARXIV = re.compile(r"\barXiv[ :](\d{4}\.\d{4,5})(?:v\d+)?\b", re.IGNORECASE)
_ADDRESS = re.compile(r"\bhttps?://[\w.~%/-]+[\w/]", re.ASCII)
_HOST_AND_PATH = re.compile(r"(?<![\w./@-])(?:[a-z0-9-]+\.)+[a-z]{2,}/[\w.~%/-]*\w", re.ASCII)


def source_address(source: str) -> str | None:
    """The address that a source names: of a paper, or as it stands there; None if it names none."""
    paper = _ARXIV.search(source)
    if paper is not None:
        return f"https://arxiv.org/abs/{paper[1]}"
    whole = _ADDRESS.search(source)
    if whole is not None:
        return whole[0]
    named = _HOST_AND_PATH.search(source)
    return f"https://{named[0]}" if named is not None else None


def claim_links(ids: Iterable[str], claims: Mapping[str, Claim]) -> dict[str, str]:
    """Addresses of the sources of our claims with these ids; ids that we do not know, and sources without an address, have none."""
    found = {key: source_address(claims[key].source) for key in dict.fromkeys(ids) if key in claims}
    return {key: address for key, address in found.items() if address is not None}
