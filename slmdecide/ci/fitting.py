"""Markdown under a size limit: what is beyond it is cut at the end of a line, and the reader is told."""

from __future__ import annotations

MOST_COMMENT_BYTES = 65_536
"""GitHub refuses a comment above so many characters; bytes are at least as many."""
MOST_SUMMARY_BYTES = 1_000_000
"""GitHub drops a step summary above 1 MiB, all of it."""
_NOTE = "\n**Cut here to stay under a size limit.** The uploaded files have everything.\n"
_FENCE = "```"
_FOLD = ("<details>", "</details>")


def fitted(text: str, most_bytes: int) -> str:
    """The text in at most `most_bytes` of UTF-8; what it opened and did not close is closed."""
    content = text.encode("utf-8", "replace")
    if len(content) <= most_bytes:
        return text
    room = most_bytes - len(_NOTE.encode()) - 2 * len(_FENCE) - 4 * len(_FOLD[1])
    kept = content[: max(0, room)].decode("utf-8", "ignore")
    kept = kept[: kept.rfind("\n") + 1]
    fence = f"{_FENCE}\n" if sum(line.lstrip().startswith(_FENCE) for line in kept.splitlines()) % 2 else ""
    folds = max(0, kept.count(_FOLD[0]) - kept.count(_FOLD[1]))
    return f"{kept}{fence}" + f"\n{_FOLD[1]}\n" * folds + _NOTE
