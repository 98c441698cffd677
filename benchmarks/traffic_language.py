"""How often the language of a text is told, and told rightly: `slmdecide.traffic.spoken` on texts whose language is known.

    python benchmarks/traffic_language.py DIR

DIR holds the English messages of BANKING77 and CLINC150 (see traffic_calls.py). Other languages: the example sentences that
spaCy ships for its languages (`pip install spacy`). Baseline: the same library on all its 140 languages, without a limit.
"""

from __future__ import annotations

import importlib
import pkgutil
import random
import sys
from pathlib import Path

import spacy.lang
from py3langid.langid import MODEL_FILE, LanguageIdentifier
from traffic_calls import messages

from slmdecide.traffic import spoken

_SAMPLED = 1600
_SAME = {"nb": "no", "nn": "no"}


def sentences() -> list[tuple[str, str]]:
    """Sentences with their language, of those languages that are told apart."""
    found = []
    for module in pkgutil.iter_modules(spacy.lang.__path__):
        code = _SAME.get(module.name, module.name)
        if code not in spoken.LANGUAGES:
            continue
        try:
            examples = importlib.import_module(f"spacy.lang.{module.name}.examples").sentences
        except ImportError:
            continue
        found += [(text, code) for text in examples]
    return found


def main() -> None:
    """Prints shares of texts that are told, and of these that are wrong."""
    banking, clinc = messages(Path(sys.argv[1]))
    texts = [text for text, _ in random.Random(0).sample([*banking, *clinc], _SAMPLED)]  # noqa: S311  (no secret)
    everything = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    for name, pairs in (("English messages", [(text, "en") for text in texts]), ("sentences of other languages", sentences())):
        mine = [(spoken.language_of(text), code) for text, code in pairs]
        told = [(found, code) for found, code in mine if found is not None]
        wrong = sum(found != code for found, code in told)
        plain = sum(everything.classify(text)[0] != code for text, code in pairs)
        languages = len({code for _, code in pairs})
        print(
            f"{name}: {len(pairs):,} in {languages} languages; told {len(told) / len(pairs):.1%}, of which wrong {wrong / len(told):.2%};"
            f" baseline: told 100.0%, wrong {plain / len(pairs):.2%}"
        )


if __name__ == "__main__":
    main()
