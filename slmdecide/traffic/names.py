"""What is a group called? By a few words of what all its prompts share, and never by what may be a name. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from slmdecide.traffic.personal import plainly_masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slmdecide.records.traffic import GroupFacts

_NAME_WORDS = 6
_NAME_CHARACTERS = 60
_SENTENCE = re.compile(r"[.:!?\n。！？।]+\s*")
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u065f\u0900-\u0dff"
"""Signs that stand on or beside a letter, and the Indic scripts, whose vowels are such signs."""
_WORD = re.compile(rf"(?:[^\W\d_]|[{_MARKS}]){{2,}}(?:[-'](?:[^\W\d_]|[{_MARKS}])+)*")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Scripts that write no spaces: what looks like one word is a sentence (Thai, Lao, Burmese, Khmer, Japanese, Chinese)."""
_STOP_WORDS = """
a an the of to in on at is are be it its this that these those and or as for with from by you your i we our me my they them he
she his her will would can could should must may do does not no only please following below above given into all any each if
then than so what which who how when where why assistant helpful expert role system user message one two three answer return
der die das den dem des ein eine einen einem einer eines und oder nicht nur mit für von vom zu zum zur im am auf aus bei nach ist sind
sie ihr ihre ihren ihnen ihm ich wir mich mir uns du dein bitte wie was wer wo wenn dann folgende folgenden diese dieser dieses
le la les un une du de et ou ne pas que qui dans sur pour par avec est sont vous votre vos je nous il elle ce cette ces au aux en suivant
el los las una unos unas del no con es son usted su sus yo nosotros este esta estos estas al lo se siguiente por para
il gli di della dei che per non è sono lei suo questo questa os um uma da dos das em na você seu sua
het een niet dat op voor met zijn uw ik wij deze dit van
"""
_STOP = frozenset(_STOP_WORDS.split())
"""Words that say nothing of a task: English, German, French, Spanish, Italian, Portuguese, Dutch."""
_CAPITALS = """
english french german spanish italian portuguese dutch polish czech danish swedish norwegian finnish greek turkish russian ukrainian
arabic hebrew hindi chinese japanese korean vietnamese thai indonesian json yaml python javascript markdown
"""
_NO_NAMES = frozenset(_CAPITALS.split())
"""Words with a capital letter that name no person."""
_MASKS = re.compile(r"<(?:number|quoted|address|tagged|code)>")
_TEMPLATE_CALLS = 10
"""Fewer calls that say the same may all be of one person, whose words then are no name."""
_NOUNS_IN_CAPITALS = "de"


def name_of(facts: GroupFacts, taken: Iterable[str] = (), language: str | None = None) -> str:
    """A name from the group's own words: its task key, else the words of its template that say something.

    Names of people and products are left out, as far as a capital letter shows them, and addresses and numbers of a task key
    are masked. Sentences in a script without spaces are no words, and are left out. `language`: of most prompts, its code.
    """
    if facts.task_key is not None:
        base = plainly_masked(facts.task_key)
    else:
        fixed = ". ".join(one for one in (facts.head, facts.tail) if one) if facts.calls >= _TEMPLATE_CALLS else ""
        nouns = language == _NOUNS_IN_CAPITALS
        found = [*_telling(fixed, nouns=nouns), *_telling(facts.system or "", nouns=nouns)]
        words = list(dict.fromkeys(found))[:_NAME_WORDS]
        base = " ".join(words) or _without_words(facts, fixed, language)
    base = base[:_NAME_CHARACTERS].strip()
    used = set(taken)
    name, n = base, 2
    while name in used:
        name, n = f"{base} {n}", n + 1
    return name


def _without_words(facts: GroupFacts, fixed: str, language: str | None) -> str:
    if not facts.prompt_characters:
        return f"calls of {_model(facts)} without text"
    unspaced = _UNSPACED.search(f"{fixed} {facts.system or ''}") is not None
    return f"prompts in {language}" if unspaced and language is not None else "open prompts"


def _model(facts: GroupFacts) -> str:
    return facts.models[0].model if facts.models and facts.models[0].model else "an unnamed model"


def _telling(text: str, *, nouns: bool) -> list[str]:
    """Its words that say something, without those that may be names. `nouns`: whether common nouns have a capital too."""
    found = []
    for sentence in _SENTENCE.split(_MASKS.sub(" ", text)):
        words = _WORD.findall(sentence)
        for position, word in enumerate(words):
            if word.lower() in _STOP or _UNSPACED.search(word) is not None:
                continue
            if nouns or not _may_be_name(words, position):
                found.append(word.lower())
    return found


def _may_be_name(words: Sequence[str], position: int) -> bool:
    """A capital letter inside a sentence; at its beginning, where the next word may be a name too: a first and a last name."""
    if not _is_capital(words[position]):
        return False
    return position > 0 or (len(words) > 1 and _is_capital(words[1]))


def _is_capital(word: str) -> bool:
    return word[0].isupper() and not word.isupper() and word.lower() not in _NO_NAMES
