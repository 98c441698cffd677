"""The HTML page: what it is made of, that it asks nobody for anything, and that its script computes as Python does."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings

from slmdecide import numbers
from slmdecide.money.what_if import Part, Settings, cheaper_from, cost_together, too_few_labels
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.links import claim_links, source_address
from slmdecide.records.assessment import Assessment, Band, Status
from slmdecide.report.charts import MOST_DRAWN, over_volume
from slmdecide.report.document import assessments_from_document
from slmdecide.report.figures import labels
from slmdecide.report.html import MOST_ROWS, Page, write
from slmdecide.report.pages import assessment_page, page_of, portfolio_page
from slmdecide.report.saved import read_saved
from slmdecide.report.what_if import MOST_TASKS, NOT_SAVED, NOTHING_COSTED, WhatIf, of_assessment, of_portfolio
from tests.example_assessments import EXAMPLES, HOSTILE, INFEASIBLE, SMALL, UNDECIDED, instances, with_strings
from tests.saved_reports import KINDS, PROMPTED_SMALL, document_of

Golden = Callable[[str, str], None]
TEMPLATES = Path(__file__).parents[1] / "slmdecide" / "report" / "templates"
LIBRARY = "window.vegaEmbed = () => Promise.reject(new Error('</script><!-- none'));"
ELEMENTS = {
    "html", "head", "meta", "title", "link", "style", "body", "a", "header", "p", "h1", "h2", "h3", "nav", "ul", "ol", "li", "main",
    "section", "dl", "div", "dt", "dd", "figure", "figcaption", "details", "summary", "table", "caption", "thead", "tbody", "tr", "th",
    "td", "span", "code", "svg", "path", "line", "form", "label", "input", "button", "noscript", "footer", "script",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "rel", "href", "class", "id", "aria-label", "aria-labelledby", "aria-describedby",
    "aria-hidden", "aria-live", "role", "tabindex", "scope", "open", "for", "type", "inputmode", "value", "min", "max", "step", "hidden",
    "width", "height", "viewbox", "d", "x1", "x2", "y1", "y2", "data-control", "data-scale", "data-row", "data-figure",
}  # fmt: skip
PAGES = {**EXAMPLES, "prompted": PROMPTED_SMALL}
VOID = {"meta", "link", "input"}


class Shape(HTMLParser):
    """The elements of a page with their attributes, its words and its scripts; fails on what is not closed as it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element begins."""
        self.elements.append(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in ("href", "src", "action"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.append(value or "")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It ends."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Words between elements."""
        if self._open and self._open[-1] == "script":
            self.scripts.append(data)
        elif self._open and self._open[-1] != "style":
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        """Pages have none."""
        raise AssertionError(data)


def shape_of(page: str) -> Shape:
    """The page, read."""
    shape = Shape()
    shape.feed(page)
    shape.close()
    assert shape._open == []
    return shape


def page_text(one: Assessment) -> str:
    """The page of one assessment."""
    return write(assessment_page(one), library=LIBRARY)


def check(page: str) -> Shape:
    """Fail if a page holds anything but our own elements, or names an address that is not one of our sources."""
    shape = shape_of(page)
    assert set(shape.elements) <= ELEMENTS
    assert shape.attributes <= ATTRIBUTES
    assert len(set(shape.ids)) == len(shape.ids)
    assert all(one.startswith(("#", "data:,")) for one in shape.addresses)
    assert {one[1:] for one in shape.addresses if one.startswith("#")} <= set(shape.ids)
    assert "".join(shape.words).replace("\n", "").isprintable()
    return shape


@pytest.mark.parametrize("name", PAGES)
def test_page(name: str, golden: Golden) -> None:
    """The page of each kind of verdict, without its scripts and its style."""
    page = page_text(PAGES[name])
    check(page)
    page = re.sub(r"<style>.*?</style>", "<style></style>", page, flags=re.DOTALL)
    page = re.sub(r"<script[^>]*>.*?</script>", "<script></script>", page, flags=re.DOTALL)
    golden(re.sub(r"sha256-[^&]*", "sha256-…", page), ".html")


@pytest.mark.parametrize("kind", KINDS)
def test_pages_of_every_kind(kind: str) -> None:
    """Every kind of report is a page of our own elements; each chart has a title, a description and its numbers."""
    page = page_of(read_saved(document_of(kind), "saved.json"))
    shape = check(write(page, library=LIBRARY))
    drawn = {"decision", "prompted", "priced decision", "pipeline", "portfolio", "priced portfolio", "break-even", "probe", "cascade"}
    assert bool(page.drawn) == (kind in {*drawn, "chain", "backtest", "traffic", "dear traffic"})
    for one in page.drawn:
        assert one.id in shape.ids
        assert one.title
        assert len(one.description) > 40
        assert one.table.rows or one.id == "chart-volume"
        assert "$schema" not in json.dumps(one.spec)


def test_a_page_of_every_verdict() -> None:
    """The pages that are compared with golden files are of every family there is."""
    assert {one.verdict.family for one in PAGES.values()} == {word for part in get_args(Status) for word in get_args(part)}


def test_only_our_scripts_may_run() -> None:
    """The policy names the digest of each script, and nothing else may load or run anything."""
    page = page_text(SMALL)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    told = policy[1].replace("&#39;", "'")
    assert told.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in told
    assert "unsafe-inline" not in told.split("style-src")[0]
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    assert len(scripts) == 2
    digests = {f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in scripts}
    assert set(re.findall(r"'sha256-[^']*'", told)) == digests


def test_a_page_without_charts_has_no_library() -> None:
    """What is not drawn needs no script that draws."""
    page = write(page_of(read_saved(document_of("does not fit"), "saved.json")), library=LIBRARY)
    assert "vegaEmbed = () =>" not in page


def test_nothing_is_asked_for() -> None:
    """Beside the links to sources a page holds no address but the name spaces that the library knows."""
    page = write(page_of(read_saved(document_of("priced decision"), "saved.json")), library="")
    assert not re.findall(r"https?://[^\s\"'<>]+", page)
    assert not re.search(r"@import|url\(|<img|<iframe|<object|<embed", page)


@pytest.mark.parametrize("name", EXAMPLES)
def test_hostile_text_stays_text(name: str) -> None:
    """Whatever stands in an assessment, the page has the elements that harmless words give it."""
    hostile, harmless = with_strings(EXAMPLES[name], HOSTILE), with_strings(EXAMPLES[name], "x " * 300)
    assert check(page_text(hostile)).elements == check(page_text(harmless)).elements
    several = [replace(hostile, task=replace(hostile.task, name=f"{HOSTILE} {n}")) for n in range(3)]
    shape = check(write(portfolio_page(several), library=LIBRARY))
    assert shape.elements == check(write(portfolio_page([harmless] * 3), library=LIBRARY)).elements


def test_data_does_not_end_its_script() -> None:
    """JSON inside the page holds no character that HTML reads."""
    page = page_text(with_strings(SMALL, "</script><script>alert(1)</script>\u2028<!--&amp;"))
    data = shape_of(page).scripts[0]
    assert not set(data) & set("<>&\u2028\u2029")
    assert "\\u003c/script\\u003e" in data
    assert json.loads(data)["charts"]


def test_links_lead_to_our_own_sources_only() -> None:
    """A claim is linked by its id to where our data file says that it is from; the text of the report is never an address."""
    one = with_strings(SMALL, "javascript:alert(1) https://evil.example")
    claims = load_catalog(decisions=False).claims
    one = replace(
        one, evidence=tuple(replace(each, id=key) for each, key in zip(one.evidence, ("labels-curve-fit", "nobody-2024"), strict=True))
    )
    links = claim_links((each.id for each in one.evidence), claims)
    shape = shape_of(write(assessment_page(one), library=LIBRARY, links=links | {"labels-curve-fit": "https://arxiv.org/abs/2406.08660"}))
    assert [each for each in shape.addresses if not each.startswith(("#", "data:"))] == ["https://arxiv.org/abs/2406.08660"]
    assert "nobody-2024" not in links
    every = claim_links(claims, claims)
    assert len(every) > 200
    assert all(re.fullmatch(r"https?://[a-z0-9.-]+(/[\w.~%/-]*)?", address) for address in every.values())


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("arXiv 2509.18101", "https://arxiv.org/abs/2509.18101"),
        ("Some Author, arXiv:2406.08660v2, table 4", "https://arxiv.org/abs/2406.08660"),
        ("https://sageseek.net/local-inference-breakeven-part1", "https://sageseek.net/local-inference-breakeven-part1"),
        ("github.com/lm-sys/RouteLLM routellm/evals", "https://github.com/lm-sys/RouteLLM"),
        ("see http://a.example/x_1.html, and more", "http://a.example/x_1.html"),
        ("predibase.com/blog/lora-land.", "https://predibase.com/blog/lora-land"),
        ("article: SLM vs LLM, tensoria.fr", None),
        ("javascript:alert(1)", None),
        ("someone@host.example/path", None),
        ("evidence/head_to_head.csv", None),
        ("1.5/2.5 points", None),
    ],
)
def test_addresses_of_sources(source: str, address: str | None) -> None:
    """Papers, whole addresses, and hosts with a path; nothing else is taken for one."""
    assert source_address(source) == address


def test_long_lists_are_cut_and_said_to_be() -> None:
    """3,000 options and names of 100,000 characters leave the page small."""
    options = tuple(replace(SMALL.options[n % 14], id=f"o{n}") for n in range(3000))
    page = page_text(replace(SMALL, options=options))
    assert len(page) < 900_000
    assert f"{3000 * 12 // 14 - MOST_ROWS:,}"[:2] in page
    assert "more rows are in the JSON report." in page
    assert len(page_text(with_strings(SMALL, "a" * 100_000))) < 400_000


def test_a_portfolio_of_many_tasks_stays_small() -> None:
    """A thousand tasks are one table; the first are told one by one, and the page says how many are not."""
    page = write(portfolio_page([SMALL, INFEASIBLE] * 500), library="x" * 900_000)
    assert len(page.encode()) < 2_500_000
    assert "960 more tasks are told in the table alone" in page


@pytest.mark.parametrize("number", [40, 300, 301, 1000])
def test_a_portfolio_of_costed_tasks_stays_small(number: int) -> None:
    """With the library and the controls, of real decisions; of many tasks the dearest are drawn, of too many there are no controls."""
    real = assessments_from_document(document_of("priced portfolio"))
    tasks = [replace(real[n % 2], task=replace(real[n % 2].task, name=f"task {n}")) for n in range(number)]
    made = portfolio_page(tasks)
    page = write(made, library="x" * 900_000)
    assert len(page.encode()) < 2_500_000
    assert (made.what_if is None) == (number > MOST_TASKS)
    assert ("There are no controls for more than 300 tasks" in page) == (number > MOST_TASKS)
    (chart,) = made.figures
    assert len(chart.table.rows) == MOST_DRAWN
    assert chart.title == ("What the answers cost" if number == MOST_DRAWN else f"What the answers cost: the dearest 40 of {number:,}")


def test_charts_show_names_apart() -> None:
    """Equal or endless names of lines are told apart, and shown harmless."""
    assert labels(["a", "a", "a", "b"]) == ["a", "a (2)", "a (3)", "b"]
    assert labels(["\u202ea", "x" * 500])[0] == "\\u202ea"
    assert len(labels(["x" * 500])[0]) == 60
    assert len(set(labels(["x" * 500 + str(n) for n in range(3)]))) == 3
    assert over_volume(["a"], "requests").series == ("a",)


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(instances(Assessment))
def test_any_assessment_is_a_page(one: Assessment) -> None:
    """Whatever an assessment holds, the page is our own elements around words, alone and in a portfolio."""
    check(page_text(one))
    check(write(portfolio_page([one, one]), library=LIBRARY))


# The script of the page


def asked(kind: str) -> WhatIf:
    """The controls of a saved decision."""
    every = assessments_from_document(document_of(kind))
    found = of_assessment(every[0]) if len(every) == 1 else of_portfolio(every)
    assert isinstance(found, WhatIf)
    return found


def parts_of(found: WhatIf, one: Assessment) -> list[list[Part]]:
    """The rows of the table, as Python reads them: chosen options, or all that are shown."""
    assert one.cost_inputs is not None
    by_words = {each.words: each for each in one.options}
    rows = [by_words[row.label].cost_model for row in found.rows]
    return [[Part(model, one.cost_inputs)] for model in rows if model is not None]


def evaluated(script: str, value: object) -> Any:
    """What Node makes of the page's own modules: `script` is an expression of `value`."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed; the tests marked `browser` compare in a browser")
    modules = "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("numbers.js", "what_if.js"))
    program = f"{modules}\nconst value = {json.dumps(value)};\nconsole.log(JSON.stringify({script}));"
    done = subprocess.run([node, "-"], input=program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def drawn_settings(n: int) -> list[Settings]:
    """The settings as assessed, and others, the same in every run."""
    random_ = random.Random(7)  # noqa: S311  (examples, not secrets)
    found = [Settings()]
    while len(found) < n:
        found.append(
            Settings(
                volume_factor=10 ** random_.uniform(-2, 2),
                api_price_factor=random_.choice([0.0, 0.3, 1.0, random_.uniform(0, 3)]),
                utilization=random_.choice([None, random_.uniform(0.01, 1)]),
                labelled_examples=random_.choice([None, 0, 100, 1200, random_.randrange(20_000)]),
            )
        )
    return found


def as_script(settings: Settings) -> dict[str, object]:
    """The settings under the script's names."""
    return {
        "volume": settings.volume_factor,
        "apiPrice": settings.api_price_factor,
        "utilization": settings.utilization,
        "labelled": settings.labelled_examples,
    }


SCRIPT = """value.settings.map((settings) => value.data.rows.map((row) => {
  const partsOf = (bill) => bill.parts.map(([model, inputs]) => [value.data.models[model], value.data.inputs[inputs]]);
  const [parts, line] = [partsOf(row), partsOf(value.data.lines[value.data.large_line])];
  return [whatIf.costTogether(parts, settings), whatIf.tooFewLabels(parts, settings), whatIf.cheaperFrom(parts, line, settings)];
}))"""


def test_the_script_computes_as_python_does() -> None:
    """On 50 settings each option's cost, its break-even volume and whether there are labels enough agree to the last digits."""
    (one,) = assessments_from_document(document_of("priced decision"))
    found = asked("priced decision")
    every = drawn_settings(50)
    told = evaluated(SCRIPT, {"data": found.data, "settings": [as_script(each) for each in every]})
    rows = parts_of(found, one)
    large = rows[[row.label for row in found.rows].index(found.data["large"])]
    for at, answers in zip(every, told, strict=True):
        for parts, (cost, few, factor) in zip(rows, answers, strict=True):
            expected = cost_together(parts, at)
            for key in ("monthly", "total"):
                band: Band = getattr(expected, key)
                for edge in ("low", "typical", "high"):
                    assert cost[key][edge] == pytest.approx(getattr(band, edge), rel=1e-12, abs=1e-12)
            assert cost["once"] == pytest.approx(expected.once, rel=1e-12, abs=1e-12)
            assert few == any(too_few_labels(part, at) for part in parts)
            volume = cheaper_from(parts, large, at)
            assert factor == (volume if volume is None else pytest.approx(volume, rel=1e-9))


def test_numbers_are_written_as_python_writes_them() -> None:
    """Amounts, money and bands are the same texts: exact halves, cents, thousands, millions, almost nothing, unknown."""
    random_ = random.Random(11)  # noqa: S311  (examples, not secrets)
    values = [
        0.0,
        1.125,
        1125.0,
        1135.0,
        0.5,
        9.995,
        99.95,
        999.5,
        9995.0,
        999_500.0,
        1e6,
        1.2345e9,
        1e-6,
        1e-7,
        5e-324,
        1e15,
        1.7e308,
        62.5,
    ]
    values += [random_.choice([-1, 1]) * 10 ** random_.uniform(-9, 16) for _ in range(2000)]
    values += [round(10 ** random_.uniform(-2, 6), random_.randrange(4)) for _ in range(2000)]
    told = evaluated("value.map((one) => [numbers.number(one), numbers.usd(one)])", values)
    assert [one for one, _ in told] == [numbers.number(value) for value in values]
    assert [one for _, one in told] == [numbers.usd(value) for value in values]
    bands = [(1.0, 2.0, 3.0), (0.0, 0.0, 0.0), (-5.0, 1.0, 3.0), (1e-9, 1.0, 3e6)]
    told = evaluated("value.map(([low, typical, high]) => numbers.usdBand({low, typical, high}))", bands)
    assert told == [numbers.usd_band(Band(low=low, typical=typical, high=high)) for low, typical, high in bands]
    assert evaluated("[numbers.usd(null), numbers.number(value), numbers.usdBand(null)]", None) == ["–", "–", "–"]


@pytest.mark.parametrize("kind", ["priced decision", "pipeline", "priced portfolio"])
def test_what_stands_in_the_page_is_what_its_script_computes(kind: str) -> None:
    """As assessed, the script finds the figures that stand in the records, to the letter."""
    found = asked(kind)
    script = """value.rows.map((row) => {
      const parts = row.parts.map(([model, inputs]) => [value.models[model], value.inputs[inputs]]);
      const cost = whatIf.costTogether(parts, whatIf.AS_ASSESSED);
      return [numbers.usdBand(cost.monthly), numbers.usd(cost.once), numbers.usdBand(cost.total)];
    })"""
    told = evaluated(script, found.data)
    rows = [*found.rows, *([found.sum] if found.sum is not None else [])]
    assert told == [[row.monthly, row.once, row.total] for row in rows]


def test_what_cannot_be_asked_is_said() -> None:
    """Without saved numbers, or without any cost, there are no controls but a reason."""
    assert of_assessment(SMALL) == NOT_SAVED
    assert of_portfolio([SMALL, UNDECIDED]) == NOT_SAVED
    (one,) = assessments_from_document(document_of("priced decision"))
    unknown = tuple(replace(each, cost_model=None, total_usd_per_month=None, monthly_cost_usd=None) for each in one.options)
    assert of_assessment(replace(one, options=unknown)) == NOTHING_COSTED
    assert of_portfolio([replace(one, options=unknown)]) == NOTHING_COSTED
    assert "No option within the constraints has a known cost" in page_text(replace(one, options=unknown))
    assert isinstance(assessment_page(one), Page)


def test_controls_start_at_what_was_assessed() -> None:
    """Each control shows the assessed value; a portfolio has a factor for the volume and no labels."""
    page = write(page_of(read_saved(document_of("priced decision"), "x")), library=LIBRARY)
    shape = check(page)
    for name, value in (("volume", "3000000"), ("api-price", "100"), ("utilization", "60"), ("labelled", "1200")):
        assert re.search(rf'<input type="number"[^>]* id="{name}"[^>]* value="{value}"', page)
        assert {name, f"{name}-slider", f"{name}-help", f"{name}-wrong"} <= set(shape.ids)
    several = check(write(page_of(read_saved(document_of("priced portfolio"), "x")), library=LIBRARY))
    assert "labelled" not in several.ids
    assert "volume" in several.ids
