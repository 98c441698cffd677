"""What shows in one text: JSON, code, SQL, documents, a label? Pure; asked of a bounded sample only."""

from __future__ import annotations

import re
from typing import NamedTuple

LABEL_CHARACTERS = 60
"""A longer answer is no label."""
SHORT_CHARACTERS = 2 * LABEL_CHARACTERS
"""An answer as it was logged, with its quotes or its JSON around it, may be so long and still be a label."""
_LOOKED_AT = 1000
"""Characters of an answer in which code is sought."""
_SQL_CHARACTERS = 300
_DOCUMENTS_CHARACTERS = 200
"""A shorter prompt holds no documents."""
_DOCUMENT = re.compile(
    r"^[ \t]*(?:[#*\[<(]*[ \t]*(?:document|doc|source|passage|chunk|article|excerpt|snippet|search result|record|file|contract)"
    r"[ \t_]*(?:#|no\.?|id)?[ \t]*[:=]?[ \t]*\[?[0-9a-z]{1,3}\b|\[\d{1,3}\]|<document\b)",
    re.IGNORECASE | re.MULTILINE | re.ASCII,
)
_CODE = re.compile(
    r"^[ \t]*(?:def \w+\(|class \w+[:({]|import \w+|from \w+ import|function \w*\("
    r"|public \w+|#include|const \w+ =|func \w+\(|package \w+)",
    re.MULTILINE | re.ASCII,
)
_SQL = re.compile(r"^\s*(?:```sql\s*)?(?:select\s.+\sfrom\s|with\s+\w+\s+as\s*\()", re.IGNORECASE | re.DOTALL | re.ASCII)
_FENCED_JSON = re.compile(r"^\s*```(?:json)?\s*(.*?)\s*```\s*$", re.DOTALL | re.ASCII)
_ONE_FIELD = re.compile(r'^\{\s*"[^"]{1,40}"\s*:\s*"([^"]*)"\s*\}$')
_LABEL_PREFIX = re.compile(r"^(?:the )?(?:label|answer|category|class|intent|sentiment|result|output)\s*(?:is|:|=)\s*", re.ASCII)
_AROUND = re.compile(r"^[\s\"'`*.:(\[]+|[\s\"'`*.:!)\]]+$", re.ASCII)


class Form(NamedTuple):
    """The form of an answer."""

    json: str | None
    """The JSON object, without its fence; None if it is none."""
    is_json: bool
    is_code: bool
    is_sql: bool


def form_of(answer: str) -> Form:
    """What shows in an answer."""
    answer = answer.strip()
    body = _unfenced(answer)
    whole = _is_object(body)
    fenced = "```" in answer and not body.startswith("{") and "```sql" not in answer.lower()
    return Form(
        json=body if whole else None,
        is_json=whole,
        is_code=fenced or _CODE.search(answer[:_LOOKED_AT]) is not None,
        is_sql=_SQL.match(answer[:_SQL_CHARACTERS]) is not None,
    )


def is_json(answer: str) -> bool:
    """Whether an answer is a JSON object, with or without a fence around it."""
    return _is_object(_unfenced(answer.strip()))


def documents_in(prompt: str) -> int:
    """Documents that stand in a prompt."""
    return len(_DOCUMENT.findall(prompt)) if len(prompt) > _DOCUMENTS_CHARACTERS else 0


def label_of(answer: str) -> str | None:
    """The answer as a label; None for one that is none."""
    body = _unfenced(answer.strip())
    if len(body) > SHORT_CHARACTERS:
        return None
    if body.startswith("{"):
        found = _ONE_FIELD.match(body)
        body = found.group(1) if found is not None else ""
    plain = _AROUND.sub("", _LABEL_PREFIX.sub("", body.lower()))
    return plain if 0 < len(plain) <= LABEL_CHARACTERS and "\n" not in plain else None


def _is_object(body: str) -> bool:
    return body.startswith("{") and body.endswith("}")


def _unfenced(answer: str) -> str:
    found = _FENCED_JSON.match(answer) if answer.startswith("```") else None
    return (found.group(1) if found is not None else "") or answer
