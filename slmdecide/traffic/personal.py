"""Masks for personal data in examples: Presidio's recognisers where they are installed, else the form of what is masked.

Presidio finds numbers by their form and check digits (cards, accounts, passports, social security), and names of people if a
spaCy model is installed. Nothing is downloaded: without a model it runs on a blank pipeline, which finds no names.
"""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PLAIN = "a plain mask (e-mail and web addresses, phone, card and account numbers, keys; names of people are not found)"
"""What the report says of it."""
_WITH_PLAIN = "then the plain mask for addresses, phone numbers and keys"
_MASKS = (
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "<email>"),
    (re.compile(r"(?:https?://|www\.)[^\s<>\"']*[^\s<>\"'.,;:!?)\]]"), "<url>"),
    (re.compile(r"\b(?:sk|pk|rk|ghp|gho|glpat|xox[a-z]|AKIA|ASIA|AIza|eyJ)[-_A-Za-z0-9.]{12,}"), "<key>"),
    (re.compile(r"(?i)\b(?:bearer|password|passwd|secret|api[_-]?key)\b(\s*[:=]?\s*)\S{6,}"), "<key>"),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), "<account>"),
    (re.compile(r"(?<![\w-])(?:\d[ -]?){12,18}\d(?![\w-])"), "<card>"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"), "<ip>"),
    (re.compile(r"\b(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}\b"), "<ip>"),
    (re.compile(r"\b\d{3}-\d{2}-\d{4}\b"), "<ssn>"),
    (re.compile(r"(?<![\w.])(?!\d{4}-\d{2}-\d{2}(?!\d))\+?\(?\d[\d ()/.-]{6,}\d(?!\w)"), "<phone>"),
)
"""In this order; dates of the form 2026-11-28 stay."""
_KINDS = {
    "EMAIL_ADDRESS": "email", "URL": "url", "CREDIT_CARD": "card", "IBAN_CODE": "account", "PHONE_NUMBER": "phone", "IP_ADDRESS": "ip",
    "UUID": "id", "US_SSN": "ssn",
}  # fmt: skip
"""Presidio's words for what the plain mask calls otherwise; of all others the lower case stands there."""
_NOT_PERSONAL = ("DATE_TIME", "NRP", "LOCATION", "ORGANIZATION", "URL")
"""Not masked by Presidio: a task may need them, and web addresses are found by the plain mask."""
_LEAST_SCORE = 0.4
"""Presidio's score for a form that is seldom anything else, such as a phone number; most weaker ones are plain digits."""
_SIZES = ("lg", "md", "trf", "sm")
"""Of spaCy's models, the one that is taken first."""


class Mask(NamedTuple):
    """A way to mask, and how the report calls it."""

    mask: Callable[[str], str]
    told: str


UNMASKED = Mask(lambda text: text, "nothing (--show-text)")


def best_mask() -> Mask:
    """Presidio followed by the plain mask if `slmdecide[pii]` is installed, else the plain mask alone."""
    try:
        import presidio_analyzer  # noqa: F401, PLC0415  (heavy: only where examples are written)
    except ImportError:
        return Mask(plainly_masked, PLAIN)
    return _presidio()


def plainly_masked(text: str) -> str:
    """The text with what has the form of an address, a number or a key replaced by its kind."""
    for pattern, kind in _MASKS:
        text = pattern.sub(kind, text)
    return text


def _presidio() -> Mask:
    import logging  # noqa: PLC0415

    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry  # noqa: PLC0415

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    found = _pipelines()
    pipelines = {language: its.pipeline for language, its in found.items()}
    languages = list(pipelines)
    registry = RecognizerRegistry(supported_languages=languages)
    registry.load_predefined_recognizers(languages=languages)
    # Checks what it finds against a list of domains that it downloads; the plain mask finds e-mail addresses too.
    registry.remove_recognizer("EmailRecognizer")
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=_engine(pipelines), supported_languages=languages)

    def masked(text: str) -> str:
        seen = [one for language in languages for one in analyzer.analyze(text, language=language, score_threshold=_LEAST_SCORE)]
        spans = ((one.start, one.end, one.entity_type, one.score) for one in seen if one.entity_type not in _NOT_PERSONAL)
        return plainly_masked(_replaced(text, spans))

    return Mask(masked, _told([one.model for one in found.values() if one.model is not None]))


def _told(models: list[str]) -> str:
    if models:
        return f"Presidio with the spaCy model{'s' if len(models) > 1 else ''} {', '.join(sorted(models))}, {_WITH_PLAIN}"
    return f"Presidio without a spaCy model (names of people are not found), {_WITH_PLAIN}"


def _replaced(text: str, spans: Iterable[tuple[int, int, str, float]]) -> str:
    """The text with each span replaced by its kind; of those that overlap the surest, then the longest."""
    taken: list[tuple[int, int, str]] = []
    for start, end, kind, _ in sorted(spans, key=lambda one: (-one[3], one[0] - one[1], one[0], one[2])):
        if all(end <= its[0] or start >= its[1] for its in taken):
            taken.append((start, end, _KINDS.get(kind, kind.lower())))
    for start, end, kind in sorted(taken, reverse=True):
        text = f"{text[:start]}<{kind}>{text[end:]}"
    return text


class _Pipeline(NamedTuple):
    """A spaCy pipeline, and the name of its model; None for the blank one."""

    pipeline: Any
    model: str | None


def _pipelines() -> dict[str, _Pipeline]:
    """A pipeline by language: the installed models that find people, and English, blank if need be."""
    import spacy  # noqa: PLC0415  (heavy)

    found: dict[str, _Pipeline] = {}
    # spaCy's own list of its models imports each of them, and one that is broken would hide the others.
    for name in sorted({one.name for one in entry_points(group="spacy_models")}, key=_rank):
        language = name.partition("_")[0]
        if language in found:
            continue
        try:
            pipeline = spacy.load(name)
        except Exception:  # noqa: BLE001, S112  (code of a package that may have been made for another version of spaCy)
            continue
        if {"ner", "entity_ruler"} & set(pipeline.pipe_names):
            found[language] = _Pipeline(pipeline, name)
    if "en" not in found:
        found["en"] = _Pipeline(_blank(), None)
    return dict(sorted(found.items()))


def _blank() -> Any:  # noqa: ANN401  (a spaCy pipeline)
    """An English pipeline whose lemmas are the words: Presidio looks for words such as "passport" near a number."""
    import spacy  # noqa: PLC0415
    from spacy.language import Language  # noqa: PLC0415

    if not Language.has_factory("words_as_lemmas"):

        @Language.component("words_as_lemmas")
        def words_as_lemmas(document: Any) -> Any:  # noqa: ANN401
            for token in document:
                token.lemma_ = token.lower_
            return document

    pipeline = spacy.blank("en")
    pipeline.add_pipe("words_as_lemmas")
    return pipeline


def _rank(name: str) -> tuple[int, str]:
    size = name.rpartition("_")[2]
    return _SIZES.index(size) if size in _SIZES else len(_SIZES), name


def _engine(pipelines: dict[str, Any]) -> Any:  # noqa: ANN401  (a class that can only be made where Presidio is)
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine  # noqa: PLC0415

    class Loaded(SpacyNlpEngine):
        """Presidio's engine on pipelines that are loaded already, so that it downloads none."""

        def __init__(self) -> None:
            super().__init__(
                models=[{"lang_code": language, "model_name": language} for language in pipelines],
                ner_model_configuration=NerModelConfiguration(labels_to_ignore=[]),
            )
            self.__dict__.update(nlp=pipelines)  # declared as None in the class above

    return Loaded()
