"""What a YAML parser complains about, in words that say what to change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from slmdecide.readers.mistakes import MOST_MISTAKES, Mistake, shown

if TYPE_CHECKING:
    from yaml import YAMLError

_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_NOT_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_WORDS = (
    ("mapping values are not allowed", "a ': ' stands where none can; put the text in quotes, or check the indentation"),
    ("did not find expected key", "no field can start here; check the indentation and the quotes"),
    ("did not find expected '-'", "a list item is expected, starting with '- '; check the indentation"),
    ("block sequence entries are not allowed", "a list item cannot start here; check the indentation"),
    ("did not find expected ',' or ']'", "a list that starts with [ has no end; a ',' or ']' is expected"),
    ("did not find expected ',' or '}'", "a map that starts with { has no end; a ',' or '}' is expected"),
    ("did not find expected node content", "a value is expected"),
    ("found a tab character", "a tab; indent with spaces"),
    ("found unknown escape character", "a backslash in double quotes that means nothing; use single quotes"),
    ("found invalid Unicode character escape", "a backslash code that is no character; write the character itself"),
    ("exceeded maximum nesting depth", "it is nested too deeply"),
    ("did not find expected alphabetic or numeric character", "a '*' or '&' starts the value; put the text in quotes"),
    ("did not find expected <document start>", "text follows the end of the document; one file holds one document"),
    ("found undefined tag handle", "a '!' starts the value; put the text in quotes"),
)


def control_characters(text: str) -> list[Mistake]:
    """A mistake for each character that YAML does not allow."""
    found: list[Mistake] = []
    line, counted = 1, 0
    for match in _NOT_YAML.finditer(text):
        line += len(_LINE_END.findall(text, counted, match.start()))
        counted = match.start()
        found.append(Mistake(line=line, problem=f"control character U+{ord(match[0]):04X} is not allowed; remove it"))
        if len(found) > MOST_MISTAKES:
            break
    return found


def syntax_mistake(error: YAMLError, text: str) -> Mistake:
    """Where and why the text is no YAML."""
    mark, start = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or error).splitlines()[0]
    lines = _LINE_END.split(text)
    if start is not None and "unexpected end of stream" in problem:
        return _mistake(start.line, lines, "a quote that is opened here is not closed")
    if start is not None and "could not find expected ':'" in problem:
        return _mistake(start.line, lines, "a field without ':'; 'name: value' is expected, with a space after the colon")
    if mark is None:
        return Mistake(problem=f"is not valid YAML: {problem}")
    words = next((said for sign, said in _WORDS if sign in problem), problem)
    if "cannot start any token" in problem:
        one = lines[mark.line][mark.column : mark.column + 1] if mark.line < len(lines) else ""
        words = "a tab; indent with spaces" if one == "\t" else f"a value cannot start with {shown(one)}; put it in quotes"
    last = max((i for i, line in enumerate(lines) if line.strip()), default=0)
    if start is None or start.line >= min(mark.line, last):
        return _mistake(min(mark.line, last), lines, words)
    if mark.line > last:
        return _mistake(start.line, lines, words)
    return _mistake(mark.line, lines, f"{words} (it starts on line {start.line + 1})")


def _mistake(index: int, lines: list[str], words: str) -> Mistake:
    text = lines[index].strip() if index < len(lines) else ""
    found = f"found {shown(text)}; " if text else ""
    return Mistake(line=index + 1, problem=f"{found}is not valid YAML: {words}")
