"""Support tickets with eight labels, made from templates; the same for the same seed.

Hard on purpose, so that a model's confidence means something: every label has wordings that only the test texts use; some
wordings belong to two labels (70 to 30), so that no model is always right; texts carry filler, typing errors and clauses of
other labels; 2 % of the training labels are wrong. The texts that the larger model learns from (`train_wide`) know every
wording: the two models differ in what they have read as well as in size.

    python tests/engine/tickets.py FOLDER
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path

LABELS = ("refund", "cancel", "login", "shipping", "billing", "bug", "feature", "praise")
SLOTS = {
    "thing": (
        "headphones", "blender", "laptop", "jacket", "phone case", "coffee grinder", "monitor", "backpack", "keyboard", "lamp", "tent",
        "watch", "printer", "router", "chair", "bike helmet",
    ),
    "plan": ("pro plan", "family plan", "yearly plan", "premium tier", "basic plan", "team plan", "trial"),
    "page": ("checkout page", "dashboard", "settings screen", "report view", "mobile app", "search bar", "export menu"),
    "n": tuple(str(one) for one in range(2, 15)),
    "amt": ("$12", "$49", "$7.99", "$130", "$20", "$260", "$5"),
    "when": ("yesterday", "last week", "on Monday", "two days ago", "this morning", "a month ago", "last night"),
    "feat": (
        "dark mode", "a calendar view", "CSV export", "offline mode", "shared folders", "keyboard shortcuts", "a Slack link",
        "two languages",
    ),
    "who": ("your team", "the support agent", "Maria", "the courier", "the sales person", "the chat bot"),
}  # fmt: skip
UNSEEN = 3
"""Wordings at the end of each label's list that only the test texts use."""
WORDINGS = {
    "refund": (
        "I want my money back for the {thing}",
        "please refund the {thing} I bought {when}",
        "the {thing} broke after {n} days, give me a refund",
        "can I return the {thing} and get {amt} back",
        "I sent the {thing} back {when} and still have no refund",
        "requesting a refund of {amt}",
        "the {thing} is not as described, I want a full refund",
        "how do I get a refund for the {plan}",
        "please return the {amt} to my card, the {thing} never worked",
        "I would like to be reimbursed for the {thing}",
        "send my payment back, the {thing} is useless",
    ),
    "cancel": (
        "cancel my {plan}",
        "please stop my subscription",
        "I do not want the {plan} any more",
        "how can I cancel the {plan} before {when}",
        "close my account please",
        "end my {plan} today",
        "I want to cancel the order of the {thing}",
        "stop renewing my {plan}",
        "please terminate my {plan}",
        "do not renew the {plan} next month",
        "I wish to leave, delete my account",
    ),
    "login": (
        "I cannot log in since {when}",
        "my password does not work",
        "forgot my password and the reset mail never came",
        "the login code never arrives",
        "my account is locked after {n} tries",
        "I can not sign in on the {page}",
        "two factor login fails on my phone",
        "reset my password please",
        "access to my account is denied",
        "it says wrong credentials although I changed the password {when}",
        "how do I get back into my account",
    ),
    "shipping": (
        "where is my {thing}",
        "my {thing} has not arrived after {n} days",
        "the parcel is late",
        "tracking has not moved since {when}",
        "when will the {thing} be delivered",
        "the courier left the {thing} at the wrong house",
        "can you ship the {thing} to another address",
        "my delivery of {n} items is missing one",
        "the package with the {thing} got lost",
        "still waiting for the {thing} ordered {when}",
        "has my order left the warehouse",
    ),
    "billing": (
        "I was charged {amt} twice",
        "why is my invoice {amt} this month",
        "my card was charged {when} but I did not order",
        "please send an invoice for the {plan}",
        "update the credit card on my account",
        "the tax on the bill for the {plan} is wrong",
        "my payment of {amt} was declined",
        "what is this charge of {amt}",
        "there is an unknown fee of {amt} on my statement",
        "change my billing address",
        "the price of the {plan} went up without notice",
    ),
    "bug": (
        "the {page} crashes when I open it",
        "the {page} shows an error since {when}",
        "the {page} is blank after the update",
        "the app freezes after {n} seconds",
        "the button on the {page} does nothing",
        "I get error {n} on the {page}",
        "the {page} is broken on my phone",
        "the numbers on the {page} are wrong",
        "the {page} hangs and never loads",
        "something is wrong with the {page}, it keeps closing",
        "data disappears from the {page}",
    ),
    "feature": (
        "please add {feat}",
        "it would be great to have {feat}",
        "can you support {feat}",
        "I would love {feat} on the {page}",
        "feature request: {feat}",
        "do you plan to add {feat}",
        "the {page} needs {feat}",
        "a suggestion: {feat} for the {plan}",
        "any chance of {feat} soon",
        "my team misses {feat}",
        "have you thought about {feat}",
    ),
    "praise": (
        "I love the {thing}",
        "thanks to {who} for the quick help",
        "great service from {who}",
        "the {page} looks wonderful",
        "best {thing} I ever had",
        "{who} was very kind, thank you",
        "the {plan} is worth every cent",
        "just wanted to say thanks for {feat}",
        "hats off to {who}",
        "very happy with the {thing}",
        "{who} made my day",
    ),
}
AMBIGUOUS = (
    ("the {thing} I ordered {when} never came and I want {amt} back", "refund", "shipping"),
    ("I stopped the {plan} but was charged {amt}", "billing", "cancel"),
    ("you took {amt} for the {plan} I did not want", "billing", "refund"),
    ("the {page} does not let me sign in", "login", "bug"),
    ("the {page} has no {feat}", "feature", "bug"),
    ("please do not send the {thing}, I changed my mind", "cancel", "shipping"),
    ("I want out of the {plan} and my {amt} back", "cancel", "refund"),
    ("the {page} is nice but where is {feat}", "feature", "praise"),
    ("the password screen on the {page} shows an error", "bug", "login"),
    ("my order total on the {page} is wrong by {amt}", "billing", "bug"),
)
"""Wordings that belong to two labels, the likelier one first."""
LEADS = (
    "",
    "",
    "",
    "hello, ",
    "hi team, ",
    "hey, ",
    "good morning. ",
    "sorry to bother you, ",
    "quick question: ",
    "urgent! ",
)
TAILS = (
    "",
    "",
    "",
    ". thanks",
    ". please help",
    ", what now",
    ". I am a customer for {n} years",
    ". this is the {n}th time",
    ". I wrote to {who} {when}",
    ". answer soon please",
    ". I like the {plan} otherwise",
    ". the {thing} is fine by the way",
    ". my other order arrived {when}",
    ". I paid {amt} {when}",
    ". the {page} was fine before",
)
PROMPTS = (
    "Classify the support message into one of: {labels}.\nMessage: {text}\nLabel:",
    "Which label fits this message? Labels: {labels}.\n{text}",
    "You sort support tickets. Answer with one word of {labels}.\nTicket: {text}",
    "{text}\n\nPick one: {labels}",
)
"""Wordings of the instruction; the test uses the first one, and so should a caller."""
SYSTEM = "You are a careful classifier. Answer with the label only."


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """A text, its label, and how it is asked."""

    text: str
    label: str
    messages: list[dict[str, str]]


def _with_typo(chance: random.Random, text: str) -> str:
    if len(text) < 12:
        return text
    at = chance.randrange(1, len(text) - 2)
    kind = chance.random()
    if kind < 0.4:
        return text[:at] + text[at + 1 :]
    if kind < 0.8:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + text[at] + text[at:]


def _filled(chance: random.Random, template: str) -> str:
    while "{" in template:
        start, end = template.index("{"), template.index("}")
        template = template[:start] + chance.choice(SLOTS[template[start + 1 : end]]) + template[end + 1 :]
    return template


def _text(chance: random.Random, *, test: bool, every_wording: bool) -> tuple[str, str]:
    if chance.random() < 0.12:
        template, likely, other = chance.choice(AMBIGUOUS)
        label = likely if chance.random() < 0.7 else other
    else:
        label = chance.choice(LABELS)
        pool = WORDINGS[label]
        if not every_wording:
            seen = not test or chance.random() < 0.6
            pool = pool[:-UNSEEN] if seen else pool[-UNSEEN:]
        template = chance.choice(pool)
    text = _filled(chance, chance.choice(LEADS) + template + chance.choice(TAILS))
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2))):
        text = _with_typo(chance, text)
    return text, label


def _messages(chance: random.Random, text: str, *, test: bool) -> list[dict[str, str]]:
    labels = ", ".join(LABELS)
    prompt = PROMPTS[0] if test else PROMPTS[chance.choices(range(len(PROMPTS)), (5, 1, 1, 1))[0]]
    found = [{"role": "user", "content": prompt.format(labels=labels, text=text)}]
    if test or chance.random() < 0.5:
        found.insert(0, {"role": "system", "content": SYSTEM})
    return found


def tickets(train: int = 9000, test: int = 1500, seed: int = 7) -> dict[str, list[Ticket]]:
    """Test texts, and two sets of training texts; no text is in two of them."""
    found: dict[str, list[Ticket]] = {}
    texts: set[str] = set()
    # The test comes first, so that no training text is ever one of the test's.
    for name, size, its_seed in (("test", test, seed + 1), ("train", train, seed), ("train_wide", train, seed + 2)):
        chance = random.Random(its_seed)  # noqa: S311  (not a secret)
        rows = found[name] = []
        while len(rows) < size:
            text, label = _text(chance, test=name == "test", every_wording=name == "train_wide")
            if text in texts:
                continue
            texts.add(text)
            if name != "test" and chance.random() < 0.02:
                label = chance.choice(LABELS)
            rows.append(Ticket(text=text, label=label, messages=_messages(chance, text, test=name == "test")))
    return found


def main() -> None:
    """Write one JSON-lines file for each set."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tickets().items():
        lines = (json.dumps({"text": one.text, "label": one.label, "messages": one.messages}) for one in rows)
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{folder / name}.jsonl: {len(rows)} texts")  # noqa: T201  (a script)


if __name__ == "__main__":
    main()
