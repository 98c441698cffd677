"""Which parts of a text vary from call to call? These are masked; a masked template becomes a pattern for the texts themselves.

Pure. The patterns of templates mean the same to RE2, to `java.util.regex`, to PostgreSQL and to `re`: any engine may match them.
So they name no class of characters, since each has its own idea of a space, and none of them asks for the shortest match.
"""

from __future__ import annotations

import re

_CODE = re.compile(r"```.*?(?:```|$)", re.DOTALL)
_TAGGED = re.compile(r"<[a-zA-Z_]+>[^<]*</[a-zA-Z_]+>")
_QUOTED = re.compile(r'"[^"]*"|“[^”]*”|«[^»]*»')
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|(?<!\S)[^\s@]*+@\S+\.\S+", re.ASCII)
# Begun only where a word begins and never turned back: the time is that of one pass.
_NUMBER = re.compile(r"(?<!\S)[^\s0-9]*+[0-9]\S*", re.ASCII)
_DIGIT = re.compile(r"[0-9]")
# Begins with one class of characters, which `re` seeks far quicker than a choice of two.
_SPACES = re.compile(r"\s(?:\s+|(?<=[\t\n\r]))", re.ASCII)
_BLANKS = r" \t\n\r\f\x0b"
SPACE = f"[{_BLANKS}]"
"""A pattern for one character that sets words apart."""
SIGN = f"[^{_BLANKS}]"
"""A pattern for one that does not."""
_SIGN_BUT_DIGIT = f"[^0-9{_BLANKS}]"
_PATTERN_OF = {
    # The two sides of the bar are any character: `.` is without line breaks, and which these are is seen differently.
    "<code>": "(?:```(?:[^`]|`)*(?:```|$))",
    "<tagged>": _TAGGED.pattern,
    "<quoted>": f"(?:{_QUOTED.pattern})",
    "<address>": rf"(?:(?:https?://|www\.){SIGN}+|{SIGN}*@{SIGN}+\.{SIGN}+)",
    "<number>": f"{_SIGN_BUT_DIGIT}*[0-9]{SIGN}*",
}
"""A pattern for each kind of variable part."""
VARIABLE = re.compile(r"<(?:code|tagged|quoted|address|number)>")
"""What stands in a masked text for its variable parts."""


def masked(text: str) -> str:
    """The text with its variable parts replaced by their kind, and words one space apart."""
    if "```" in text:
        text = _CODE.sub(" <code> ", text)
    if "</" in text:
        text = _TAGGED.sub(" <tagged> ", text)
    if '"' in text or "“" in text or "«" in text:
        text = _QUOTED.sub(" <quoted> ", text)
    if "@" in text or "://" in text or "www." in text:
        text = _ADDRESS.sub(" <address> ", text)
    if _DIGIT.search(text) is not None:
        text = _NUMBER.sub(" <number> ", text)
    return _SPACES.sub(" ", text).strip(" ")


def both_ends(text: str, most: int) -> str:
    """The text; of one with more characters its two ends."""
    half = most // 2
    return text if len(text) <= most else f"{text[:half]} … {text[-half:]}"


def pattern_of(words: str) -> str:
    """A regular expression for the texts of which these are the masked words."""
    parts: list[str] = []
    before = ""
    for position, one in enumerate(words.split(" ")):
        mask = _PATTERN_OF.get(one)
        if position:
            # What is masked as a number reaches from space to space; the other masks may touch what stands beside them.
            loose = any(word in _PATTERN_OF and word != "<number>" for word in (before, one))
            parts.append(f"{SPACE}*" if loose else f"{SPACE}+")
        parts.append(mask if mask is not None else _escaped(one))
        before = one
    return "".join(parts)


def _escaped(word: str) -> str:
    """The word with what a pattern takes for a sign escaped, in the way that all dialects read."""
    return "".join(f"\\{one}" if "!" <= one <= "~" and not one.isalnum() and one != "_" else one for one in word)
