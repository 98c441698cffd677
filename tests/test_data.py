"""Tests of what stands in `pricing/`: not that it can be read, but that it can be true and fits together."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from slmdecide.money.layout import layouts_of
from slmdecide.readers.catalog import (
    API_PRICES,
    GPU_RENTAL,
    GPUS,
    THROUGHPUT,
    load_catalog,
    load_models,
    load_prices,
)
from slmdecide.readers.files import DATA, read_text
from slmdecide.readers.table import read_table
from slmdecide.records.catalog import DatedPrice, Gpu, Model, Price, Rental, Throughput

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from slmdecide.records.catalog import Catalog

PRICE_HISTORY = DATA / "pricing" / "price_history.csv"
SOURCES = DATA / "pricing" / "SOURCES.md"
_TABLES: tuple[tuple[Path, type[Any]], ...] = (
    (API_PRICES, Price),
    (PRICE_HISTORY, DatedPrice),
    (GPUS, Gpu),
    (GPU_RENTAL, Rental),
    (THROUGHPUT, Throughput),
)
_ISO = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?")
_TODAY = "2026-11-24"
"""Day of the snapshot; nothing in the data can be younger."""


@cache
def _rows(path: Path) -> tuple[Any, ...]:
    return read_table(path, dict(_TABLES)[path])


@cache
def _models() -> tuple[Model, ...]:
    return load_models()


@cache
def _prices() -> dict[str, Price]:
    return load_prices()


@cache
def _throughput() -> tuple[Throughput, ...]:
    return read_table(THROUGHPUT, Throughput)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The shipped data sets as the program sees them."""
    return load_catalog()


def _live(names: Iterable[str]) -> list[Price]:
    """The offers with a known price that are still served on the day of the snapshot."""
    offers = [_prices()[name] for name in names]
    return [one for one in offers if one.status == "priced" and (one.deprecation_date is None or one.deprecation_date > _TODAY)]


def _defaults(size_class: str) -> list[Model]:
    return [one for one in _models() if one.default_candidate and one.size_class == size_class]


@pytest.mark.parametrize(
    ("path", "least"),
    [(API_PRICES, 3_000), (PRICE_HISTORY, 20), (GPUS, 25), (GPU_RENTAL, 150), (THROUGHPUT, 3_000)],
    ids=lambda value: value.name if hasattr(value, "name") else "",
)
def test_tables_hold_enough_rows(path: Path, least: int) -> None:
    """Every table loads and has not lost most of its rows."""
    assert len(_rows(path)) >= least


def test_catalog_loads(catalog: Catalog) -> None:
    """The data sets fit together well enough to be one catalog."""
    assert len(catalog.models) >= 60
    assert catalog.prices_as_of == _TODAY


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param(lambda: [one.id for one in _rows(API_PRICES)], id="api_prices"),
        pytest.param(lambda: [one.id for one in _models()], id="models"),
        pytest.param(lambda: [one.id for one in _rows(GPUS)], id="gpus"),
        pytest.param(lambda: [one.id for one in _throughput()], id="throughput"),
        pytest.param(lambda: [(one.model, one.from_date) for one in _rows(PRICE_HISTORY)], id="price_history"),
    ],
)
def test_ids_are_unique(ids: Any) -> None:
    """No id stands twice in a file."""
    assert [name for name, count in Counter(ids()).items() if count > 1] == []


@pytest.mark.parametrize("path", [path for path, _ in _TABLES], ids=lambda path: path.name)
def test_rows_have_source_and_date(path: Path) -> None:
    """Every row names its source and an ISO date that is not after the snapshot."""
    wrong = []
    for row in _rows(path):
        source = row.spec_source if isinstance(row, Gpu) else row.source
        day = row.from_date if isinstance(row, DatedPrice) else row.as_of
        if not source.strip() or not _ISO.fullmatch(day) or day > _TODAY:
            wrong.append(row)
    assert wrong == []


def test_models_have_source_and_date() -> None:
    """Every model names its source and an ISO date; a release, where given, is an ISO date too."""
    dates = [(one.id, day) for one in _models() for day in (one.as_of, one.released) if day is not None]
    assert [one.id for one in _models() if not one.source.strip()] == []
    assert [(name, day) for name, day in dates if not _ISO.fullmatch(day) or day > _TODAY] == []


# --- prices


def test_free_is_not_unpriced() -> None:
    """A free offer costs 0 by its source, an unpriced one has no price at all, and both occur."""
    by_status = Counter(one.status for one in _rows(API_PRICES))
    assert min(by_status["free"], by_status["unpriced"]) > 0
    wrong = []
    for one in _rows(API_PRICES):
        asked = (one.input_usd_per_mtok, one.output_usd_per_mtok)
        as_told = {"free": asked == (0, 0), "unpriced": asked == (None, None), "priced": None not in asked and any(asked)}
        if not as_told[one.status]:
            wrong.append(one.id)
    assert wrong == []


def test_prices_are_sorted_by_id() -> None:
    """A refreshed snapshot differs only where prices differ, because the order is fixed."""
    ids = [one.id for one in _rows(API_PRICES)]
    assert ids == sorted(ids)


def test_prices_of_models_exist() -> None:
    """Every price id of a model is in the snapshot."""
    named = [(one.id, price) for one in _models() for price in (*one.prices, *one.fine_tuned_prices)]
    assert [pair for pair in named if pair[1] not in _prices()] == []


def test_models_are_sold_for_money() -> None:
    """No offer of a model is free or unpriced: either would pass for the cheapest."""
    named = [(one.id, price) for one in _models() for price in (*one.prices, *one.fine_tuned_prices)]
    assert [pair for pair in named if _prices()[pair[1]].status != "priced"] == []


def test_price_means_one_model() -> None:
    """No offer is listed for two models."""
    sold = Counter(price for one in _models() for price in one.prices)
    assert [price for price, count in sold.items() if count > 1] == []


def test_offers_of_a_closed_model_agree() -> None:
    """No live offer of a closed model is below half or above twice another: one of them would be another model."""
    wrong = []
    for model in _models():
        asked = [one.output_usd_per_mtok for one in _live(model.prices) if one.output_usd_per_mtok is not None]
        if model.weights == "closed" and asked and max(asked) > 2 * min(asked):
            wrong.append((model.id, min(asked), max(asked)))
    assert wrong == []


@pytest.mark.parametrize(
    ("model", "from_date", "input_usd_per_mtok", "output_usd_per_mtok"),
    [
        ("gpt-4o", "2024-10-02", 2.5, 10.0),
        ("gpt-4o-mini", "2024-07-18", 0.15, 0.6),
        ("llama-3.1-8b", "2024-07-23", 0.18, 0.18),
        ("gpt-4", "2023-03", 30.0, 60.0),
        ("gpt-j", "2023-03", 0.2, 5.0),
        ("gpt-5", "2025-08", 1.25, 10.0),
        ("claude-opus-4", "2025-08", 15.0, 75.0),
    ],
)
def test_published_prices(model: str, from_date: str, input_usd_per_mtok: float, output_usd_per_mtok: float) -> None:
    """Prices that the article, FrugalGPT (Table 1) and arXiv 2509.18101 (Table I) print, per million tokens."""
    found = [one for one in _rows(PRICE_HISTORY) if (one.model, one.from_date) == (model, from_date)]
    assert [(one.input_usd_per_mtok, one.output_usd_per_mtok) for one in found] == [(input_usd_per_mtok, output_usd_per_mtok)]


def test_dated_prices_follow_each_other() -> None:
    """A price ends after it began, and not after the next one of the same model began."""
    wrong = []
    by_model: dict[str, list[DatedPrice]] = {}
    for one in _rows(PRICE_HISTORY):
        by_model.setdefault(one.model, []).append(one)
    for rows in by_model.values():
        for row, following in zip(rows, [*rows[1:], None], strict=True):
            if row.to_date is not None and row.to_date <= row.from_date:
                wrong.append(row)
            if following is not None and (row.to_date is None or row.to_date > following.from_date):
                wrong.append(row)
    assert wrong == []


# --- models


def test_size_class_follows_the_size() -> None:
    """A published size decides: small at most 14B, where 14.8e9 real parameters are a nominal 14B."""
    sized = [one for one in _models() if one.params_total_b is not None]
    assert [one.id for one in sized if (one.params_total_b <= 14.8) != (one.size_class == "small")] == []


def test_open_models_are_sized_and_licensed() -> None:
    """Open weights have a size or a note why not, a licence, where that was read, and log-probabilities of some kind."""
    opened = [one for one in _models() if one.weights == "open"]
    assert [one.id for one in opened if one.params_total_b is None and one.params_active_b is None] == []
    assert [one.id for one in opened if not one.licence or not one.licence_source] == []
    assert [one.id for one in opened if one.logprobs is False] == []


def test_closed_models_show_no_shape() -> None:
    """What a vendor does not publish is not filled in."""
    closed = [one for one in _models() if one.weights == "closed"]
    assert len(closed) >= 25
    assert [one.id for one in closed if one.layers or one.kv_elements_per_token or one.weight_bytes or one.fine_tunable] == []


def test_kv_elements_of_dense_attention() -> None:
    """Keys and values of grouped-query attention: 2 × layers × KV heads × head dimension; 61 × 576 and the like for MLA."""
    shaped = [one for one in _models() if one.layers and one.kv_heads and one.head_dim]
    assert len(shaped) >= 64
    wrong = []
    for one in shaped:
        assert one.layers is not None
        assert one.kv_heads is not None
        assert one.head_dim is not None
        kept = 1 if one.note is not None and "MLA" in one.note else 2
        if one.kv_elements_per_token != kept * one.layers * one.kv_heads * one.head_dim:
            wrong.append(one.id)
    assert wrong == []


def test_weights_in_16_bit_are_two_bytes_a_parameter() -> None:
    """weight_bytes_fp16 is 2 × params_total_b within 1 %, and the native weights are never larger."""
    weighed = [one for one in _models() if one.weight_bytes_fp16 is not None]
    assert len(weighed) >= 64
    wrong = []
    for one in weighed:
        assert one.params_total_b is not None
        assert one.weight_bytes_fp16 is not None
        close = abs(one.weight_bytes_fp16 / (2e9 * one.params_total_b) - 1) <= 0.01
        if not close or (one.weight_bytes or 0) > one.weight_bytes_fp16:
            wrong.append(one.id)
    assert wrong == []


def test_active_parameters_are_part_of_all() -> None:
    """No model multiplies more parameters per token than it has."""
    both = [one for one in _models() if one.params_total_b is not None and one.params_active_b is not None]
    assert [one.id for one in both if one.params_active_b > one.params_total_b] == []


@pytest.mark.parametrize(
    ("model", "modality", "params_total_b"),
    [
        ("distilbert-base", "text", 0.066),
        ("bert-base", "text", 0.110),
        ("roberta-base", "text", 0.125),
        ("roberta-large", "text", 0.355),
        ("deberta-v3-large", "text", 0.435),
        ("toxic-bert", "text", 0.109),
        ("prompt-guard-2-22m", "text", 0.022),
        ("prompt-guard-2-86m", "text", 0.086),
        ("roblox-voice-safety", "audio", 0.095),
        ("private-detector", "image", 0.0529),
    ],
)
def test_encoders(model: str, modality: str, params_total_b: float) -> None:
    """The encoders and specialists that the field names, with their published sizes and what they read."""
    found = {one.id: one for one in _models()}[model]
    assert (found.kind, found.modalities, found.params_total_b) == ("encoder", (modality,), params_total_b)
    assert found.fine_tunable
    assert found.size_class == "small"


@pytest.mark.parametrize(
    ("alias", "models"),
    [
        ("gpt4o", ("gpt-4o",)),
        ("meta-llama/Llama-3.1-8B-Instruct", ("llama-3.1-8b",)),
        ("Qwen/Qwen3-8B", ("qwen3-8b",)),
        ("distilbert-base-uncased", ("distilbert-base",)),
        ("detoxify", ("toxic-bert",)),
        ("claude-haiku-4.5", ("claude-haiku-4-5",)),
        ("llama-8b", ("llama-3-8b", "llama-3.1-8b")),
        ("gpt-6", ("gpt-6-sol", "gpt-6-luna")),
    ],
)
def test_aliases(catalog: Catalog, alias: str, models: tuple[str, ...]) -> None:
    """Common other names lead to their model, ambiguous ones to all that may be meant."""
    assert catalog.aliases[alias] == models


def test_recall_is_flagged() -> None:
    """What was written down from memory still says so: nobody has looked it up since."""
    licences = [one for one in _models() if one.licence_source is not None and "from recall" in one.licence_source]
    assert len(licences) >= 58
    assert sum("recall" in one.spec_source for one in _rows(GPUS)) >= 56
    assert sum(one.note is not None and "from recall" in one.note for one in _throughput()) >= 800


# --- default candidates


def test_default_candidates_are_few() -> None:
    """A decision without named candidates compares 12 to 16 models."""
    assert 12 <= len(_defaults("small")) + len(_defaults("large")) <= 16


@pytest.mark.parametrize(("size_class", "least"), [("small", 2), ("large", 2)])
def test_default_candidates_are_sold(size_class: str, least: int) -> None:
    """Of both sizes at least two default candidates have a price today; none with an API is sold out."""
    sellable = [one for one in _defaults(size_class) if one.prices]
    assert len(sellable) >= least
    assert [one.id for one in sellable if not _live(one.prices)] == []


def test_a_default_candidate_can_be_fine_tuned_by_api() -> None:
    """At least one small default candidate is served fine-tuned for a known price."""
    assert [one.id for one in _defaults("small") if _live(one.fine_tuned_prices)] != []


def test_default_candidates_run_on_rented_gpus(catalog: Catalog) -> None:
    """A small decoder, an encoder and a large decoder among the defaults are measured on a GPU that can be rented."""
    rentable = {
        (model.size_class, model.kind)
        for model in _models()
        if model.default_candidate and model.id in catalog.throughput
        for row in _throughput()
        if row.model == model.id and catalog.rent(row.gpu) is not None
    }
    assert rentable == {("small", "decoder"), ("small", "encoder"), ("large", "decoder")}


def test_default_candidates_come_from_several_vendors() -> None:
    """No vendor's models make up the large side alone."""
    vendors = {_prices()[one.prices[0]].provider for one in _defaults("large")}
    assert len(vendors) >= 4


# --- hardware


@pytest.mark.parametrize(
    "prefix",
    [
        *("t4", "l4", "a10g", "l40s", "a100-40", "a100-80", "h100", "h200", "b200", "mi300x"),
        *("rtx-3090", "rtx-4090", "rtx-5090", "m3-max", "orin-"),
    ],
)
def test_common_gpus_are_known(prefix: str) -> None:
    """GPUs that people have, with the memory and bandwidth that decide what fits and how fast it runs."""
    found = [one for one in _rows(GPUS) if one.id.startswith(prefix)]
    assert found != []
    assert [one.id for one in found if not one.memory_gib or not one.mem_bw_gb_per_s or not one.power_w] == []


def test_gpu_figures_are_plausible() -> None:
    """Bandwidth reads the whole memory 2 to 110 times a second; power lies between a module and a superchip."""
    wrong = []
    for one in _rows(GPUS):
        reads_per_second = one.mem_bw_gb_per_s / (one.memory_gib * 2**30 / 1e9)
        if not 1.5 <= reads_per_second <= 110 or not 15 <= (one.power_w or 15) <= 1_400:
            wrong.append((one.id, reads_per_second, one.power_w))
    assert wrong == []


def test_purchase_prices_are_ordered() -> None:
    """Low ≤ typical ≤ high, all three or none, and a price names its day and source."""
    wrong = []
    for one in _rows(GPUS):
        band = (one.purchase_low_usd, one.purchase_usd, one.purchase_high_usd)
        known = [usd for usd in band if usd is not None]
        cells = (*band, one.purchase_as_of, one.purchase_source)
        dated = one.purchase_as_of is None or _ISO.fullmatch(one.purchase_as_of)
        if not dated or known != sorted(known) or len({cell is None for cell in cells}) > 1 or min(known, default=100) < 100:
            wrong.append(one.id)
    assert wrong == []
    assert sum(one.purchase_usd is not None for one in _rows(GPUS)) >= 30


def test_unverified_prices_are_not_shipped() -> None:
    """Neither pages that nobody verified nor assumptions of a paper set a purchase price."""
    told = [one.purchase_source or "" for one in _rows(GPUS)]
    assert [source for source in told if "unverified" in source or "assumption" in source or "claude.ai" in source] == []


def test_rentals_are_plausible(catalog: Catalog) -> None:
    """Known GPUs, 0.05 to 20 USD an hour, and of several prices of one day the cheapest first."""
    rentals = _rows(GPU_RENTAL)
    assert [one for one in rentals if one.gpu not in catalog.gpus or not 0.05 <= one.usd_per_gpu_hour <= 20] == []
    order = [(one.gpu, one.provider, one.price_kind, one.as_of, one.usd_per_gpu_hour) for one in rentals]
    assert order == sorted(order)


@pytest.mark.parametrize("gpu", ["t4", "l4", "a10g", "l40s", "a100-80-sxm", "h100-sxm", "h200-sxm", "b200", "mi300x", "rtx-4090"])
def test_common_gpus_can_be_rented(catalog: Catalog, gpu: str) -> None:
    """Somebody rents the common ones out on demand, and the band is ordered."""
    band = catalog.rent(gpu)
    assert band is not None
    assert 0 < band.low <= band.typical <= band.high


def test_operations_a_second_are_ordered() -> None:
    """Narrower numbers are never multiplied more slowly, and every GPU class that is predicted knows its 16-bit figure."""
    wrong = []
    for one in _rows(GPUS):
        known = [one.fp16_bf16_dense_tflops, one.fp8_dense_tflops, one.fp4_dense_tflops]
        rising = [tflops for tflops in known if tflops is not None]
        if rising != sorted(rising) or (one.int8_dense_tops or 1e9) < (one.fp16_bf16_dense_tflops or 0):
            wrong.append(one.id)
    assert wrong == []
    bare = {one.id for one in _rows(GPUS) if one.gpu_class not in ("other", "Apple") and one.fp16_bf16_dense_tflops is None}
    assert bare == {"rtx-pro-5000", "rtx-pro-6000-maxq"}


@pytest.mark.parametrize(
    ("gpu", "gigabytes"),
    [("a100-80-sxm", 300), ("h100-sxm", 450), ("b200", 900), ("l40s", 32), ("a100-80-pcie", 32), ("rtx-pro-6000", 64), ("m3-max", None)],
)
def test_links(gpu: str, gigabytes: float | None) -> None:
    """NVLink 300, 450, 900 and PCIe 32, 64 GB a second one way; none where GPUs are not joined."""
    assert {one.id: one.link_gb_per_s for one in _rows(GPUS)}[gpu] == gigabytes


def test_links_name_their_source() -> None:
    """A link without a source, or a source without a link, is a mistake; what is from memory says so."""
    links = [(one.link_gb_per_s, one.link_source) for one in _rows(GPUS)]
    assert [pair for pair in links if (pair[0] is None) != (pair[1] is None)] == []
    assert [source for _, source in links if source is not None and not source.startswith(("from recall: ", "https://"))] == []


def test_memory_that_may_be_used_is_part_of_it() -> None:
    """Apple's machines keep a quarter for the system; for all others nothing is stated."""
    stated = {one.id: one.usable_memory_gib / one.memory_gib for one in _rows(GPUS) if one.usable_memory_gib is not None}
    assert set(stated) == {one.id for one in _rows(GPUS) if one.gpu_class == "Apple"}
    assert set(stated.values()) == {0.75}


def test_shapes_are_whole() -> None:
    """A model with one field of the predictor has them all; experts and windows come in pairs; query heads are shared evenly."""
    shaped = [one for one in _models() if one.hidden_size is not None]
    assert len(shaped) >= 64
    lacking = [
        one.id
        for one in shaped
        if None in (one.q_heads, one.vocab_size, one.layers, one.kv_heads, one.kv_elements_per_token, one.native_precision)
        or (one.experts_total is None) != (one.experts_active is None)
        or (one.sliding_window is None) != (one.sliding_layers is None)
    ]
    assert lacking == []
    assert [one.id for one in shaped if one.q_heads % one.kv_heads] == []
    assert [one.id for one in shaped if (one.attention == "mla") != ("MLA" in (one.note or ""))] == []


def test_parameters_follow_from_the_shape() -> None:
    """What is active leaves out the input embedding, and of a mixture the experts that a token is not sent to."""
    dense = [one for one in _models() if one.vocab_size is not None and one.experts_total is None]
    wrong = []
    for one in dense:
        embedding = 0 if one.tied_embeddings else one.vocab_size * one.hidden_size
        if abs((one.params_total_b - one.params_active_b) * 1e9 - embedding) > 0.002e9:
            wrong.append(one.id)
    assert wrong == []


# --- throughput


def test_throughput_is_positive() -> None:
    """A replica has GPUs, reads and writes tokens, and takes time."""
    wrong = [
        one.id
        for one in _throughput()
        if one.output_tokens_per_second <= 0
        or min(one.gpus, one.input_tokens, one.output_tokens) < 1
        or (one.load_value is not None and one.load_value <= 0)
        or (one.ttft_ms is not None and one.ttft_ms <= 0)
        or (one.itl_ms is not None and one.itl_ms <= 0)
    ]
    assert wrong == []


def test_throughput_names_known_models_and_gpus(catalog: Catalog) -> None:
    """Every measured model and GPU has an entry."""
    assert {one.model for one in _throughput()} - set(catalog.models) == set()
    assert {one.gpu for one in _throughput()} - set(catalog.gpus) == set()


def test_throughput_is_sorted_and_one_line_a_row() -> None:
    """Rows can be split by their first column: model first, sorted, and no cell with a line break or a quoted model."""
    order = [(one.model, one.gpu, one.id) for one in _throughput()]
    lines = read_text(THROUGHPUT).splitlines()
    assert order == sorted(order)
    assert lines[0].split(",")[0] == "model"
    assert [line.partition(",")[0] for line in lines[1:]] == [model for model, _, _ in order]


def test_models_are_read_apart_as_together(catalog: Catalog) -> None:
    """Reading the file model by model gives the same rows as reading it whole."""
    apart = [row for model in catalog.throughput for row in catalog.throughput[model].rows]
    assert apart == list(_throughput())


def test_throughput_obeys_its_memory_bandwidth(catalog: Catalog) -> None:
    """One request at a time cannot be faster than reading the active weights at 4 bits once per token."""
    wrong = []
    for one in _throughput():
        active = catalog.models[one.model].params_active_b
        bandwidth = catalog.gpus[one.gpu].mem_bw_gb_per_s
        if one.load_type != "single" or one.output_tokens == 1 or active is None or bandwidth is None:
            continue
        if one.output_tokens_per_second > one.gpus * bandwidth / (active * 0.5):
            wrong.append((one.id, one.output_tokens_per_second))
    assert wrong == []


def test_encoders_write_one_answer(catalog: Catalog) -> None:
    """For encoders, and only for them, output tokens are counted as one answer; the latency of one request is its rate."""
    encoders = [one for one in _throughput() if catalog.models[one.model].kind == "encoder"]
    assert {one.model for one in encoders} >= {"distilbert-base", "bert-base", "roberta-large"}
    assert [one.id for one in encoders if one.output_tokens != 1] == []
    single = {one.id: one.output_tokens_per_second * (one.ttft_ms or 0) / 1000 for one in encoders if one.load_type == "single"}
    assert [name for name, seconds in single.items() if abs(seconds - 1) > 0.01] == []


def test_derived_throughput_can_be_derived_again() -> None:
    """Rows computed from TTFT and TPOT follow concurrency × out ÷ (TTFT + TPOT × (out − 1)) within 1 %."""
    derived = [one for one in _throughput() if one.derived == "output_tokens_per_second, from TTFT and TPOT"]
    assert len(derived) >= 2_000
    wrong = []
    for one in derived:
        assert one.load_value is not None
        assert one.ttft_ms is not None
        assert one.itl_ms is not None
        seconds = (one.ttft_ms + one.itl_ms * (one.output_tokens - 1)) / 1000
        if abs(one.load_value * one.output_tokens / seconds / one.output_tokens_per_second - 1) > 0.01:
            wrong.append(one.id)
    assert wrong == []


def test_parallelism_uses_the_gpus_there_are() -> None:
    """Tensor × pipeline × replicas of a stated layout is the number of GPUs."""
    stated = [one for one in _throughput() if one.parallelism is not None]
    assert len(stated) >= 3_000
    assert [one.id for one in stated if any(layout.gpus != one.gpus for layout in layouts_of(one.parallelism, one.gpus))] == []
    assert [one.id for one in _throughput() if one.note is not None and "parallelism" in one.note] == []


def test_licences_allow_shipping() -> None:
    """No row comes from a place without a stated licence."""
    licences = {one.licence for one in _throughput()}
    assert [licence for licence in licences if "no licence file" in licence or "none stated" in licence] == []


# --- SOURCES.md


@pytest.mark.parametrize("path", [path for path, _ in _TABLES], ids=lambda path: path.name)
def test_row_counts_are_documented(path: Path) -> None:
    """The table at the top of SOURCES.md counts the rows as they are."""
    line = next(line for line in read_text(SOURCES).splitlines() if line.startswith(f"| `{path.name}` |"))
    assert line.split("|")[3].strip() == f"{len(_rows(path)):,}"


def test_models_are_counted() -> None:
    """SOURCES.md counts the models as they are."""
    line = next(line for line in read_text(SOURCES).splitlines() if line.startswith("| `models.yaml` |"))
    assert line.split("|")[3].strip() == f"{len(_models()):,}"


def test_snapshot_day_is_a_day() -> None:
    """The day of the snapshot is a real one and stands in every price row."""
    assert date.fromisoformat(_TODAY).isoformat() == _TODAY
    assert {one.as_of for one in _rows(API_PRICES)} == {_TODAY}
