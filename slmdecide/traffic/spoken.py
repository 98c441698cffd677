"""In which languages are prompts and answers written? Told text by text on a bounded sample, by py3langid.

What nearly all texts of a group share is the program's own wording and not what people wrote, so it is left out first.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CODES = """
ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id is it ja ko lt lv mk ms nl no pl pt ro ru sk sl sq sr sv sw ta te th tl tr uk
ur vi zh
"""
LANGUAGES = tuple(_CODES.split())
"""ISO 639-1 codes that are told apart. Of more, rare ones are guessed for short texts of frequent ones."""
_LEAST_PROBABILITY = 0.7
"""By py3langid. On 1,600 English messages it then tells 95 %, none wrongly; on 325 sentences in 41 languages 86 %, one wrongly
(benchmarks/traffic_language.py, November 2026)."""
_LEAST_CHARACTERS = 12
_MOST_CHARACTERS = 400
"""Of a text that is looked at."""
_SHARED = 0.9
"""A word that so many texts have is the program's."""
_LEAST_TEXTS = 5
"""From fewer nothing is left out."""
_LEAST_SHARE = 0.02
"""A rarer language is a slip of the method, unless it has enough texts."""
_ENOUGH_TEXTS = 3


class Spoken(NamedTuple):
    """What was told of a sample."""

    shares: Mapping[str, float]
    """Of the texts whose language could be told, by code, the most frequent first."""
    told: int
    sampled: int


def languages_of(texts: Sequence[str]) -> Spoken:
    """The languages of the texts, in any order of them."""
    counts: Counter[str] = Counter()
    for text in _without_shared(texts):
        found = language_of(text)
        if found is not None:
            counts[found] += 1
    total = sum(counts.values())
    kept = {code: n for code, n in counts.items() if n >= _LEAST_SHARE * total or n >= _ENOUGH_TEXTS}
    of_kept = sum(kept.values())
    ordered = sorted(kept.items(), key=lambda one: (-one[1], one[0]))
    return Spoken({code: n / of_kept for code, n in ordered}, total, len(texts))


def _without_shared(texts: Sequence[str]) -> list[str]:
    """The texts without the words that nearly all of them have; as they are where nothing would be left."""
    split = [text[: 4 * _MOST_CHARACTERS].split() for text in texts]
    if len(split) < _LEAST_TEXTS:
        return [" ".join(words)[:_MOST_CHARACTERS] for words in split]
    counts = Counter(word for words in split for word in set(words))
    shared = {word for word, n in counts.items() if n >= _SHARED * len(split)}
    own = [" ".join(word for word in words if word not in shared)[:_MOST_CHARACTERS] for words in split]
    return own if any(len(one) >= _LEAST_CHARACTERS for one in own) else [" ".join(words)[:_MOST_CHARACTERS] for words in split]


def language_of(text: str) -> str | None:
    """ISO 639-1 code of the text's language; None where it cannot be told for sure."""
    if text.isascii() and not _has_letters(text):
        return None
    code, probability = load_languages().result().classify(text)
    return str(code) if probability >= _LEAST_PROBABILITY else None


def _has_letters(text: str) -> bool:
    """Whether there are enough of them."""
    return next(islice(filter(str.isalpha, text), _LEAST_CHARACTERS - 1, None), None) is not None


@cache
def load_languages() -> Future[Any]:
    """Begins to load what tells languages apart: half a second, most of it outside of Python."""
    pool = ThreadPoolExecutor(1)
    loading = pool.submit(_load)
    pool.shutdown(wait=False)
    return loading


def _load() -> Any:  # noqa: ANN401  (ships no types)
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415  (unpacks a model of 4 MB)

    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages(LANGUAGES)
    return found
