"""Fits the throughput predictor on the shipped rows and says how far off it is on rows that it has not seen.

    python benchmarks/fit_roofline.py            prints the errors
    python benchmarks/fit_roofline.py --write    also writes pricing/roofline.json
    python benchmarks/fit_roofline.py --docs     also writes docs/throughput-error.md and docs/throughput-error.csv

Exit code 1 if a target is missed: the median absolute error at most 17 % with each source held out, pooled, and 20 %
with each GPU held out, as a mean over GPUs; at least 80 % of rows inside the band in every class of 50 rows or more.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from benchmarks.roofline_bands import ENOUGH_ROWS, INSIDE, Tested, bands, coverage, must_hold, tested, widening  # noqa: E402
from benchmarks.roofline_fit import NAMES, absolute, as_rows, fit, gpu_of, held_out, rounded, source_of  # noqa: E402
from benchmarks.throughput_page import page, table  # noqa: E402
from slmdecide.money.scoring import Prepared, classes_of, prepared  # noqa: E402
from slmdecide.readers.catalog import THROUGHPUT, load_catalog  # noqa: E402
from slmdecide.readers.roofline import ROOFLINE  # noqa: E402
from slmdecide.readers.table import read_table  # noqa: E402
from slmdecide.records.catalog import Throughput  # noqa: E402
from slmdecide.records.roofline import HeldOut, Roofline  # noqa: E402
from slmdecide.records.trial import trial_of  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.roofline_fit import Floats

PAGE = ROOT / "docs" / "throughput-error.md"
TABLE = ROOT / "docs" / "throughput-error.csv"
OFFLINE_REQUESTS = 512
"""Requests at once when as many as possible are sent. Of 256, 512, 1,024 and 2,048 the best with the source held out."""
MOST_BY_SOURCE = 0.17
MOST_BY_GPU = 0.20


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """Everything that one run finds."""

    rows: tuple[Prepared, ...]
    skipped: dict[str, int]
    roofline: Roofline
    by_source: Floats
    """ln(measured ÷ predicted) with the row's source held out, one per row."""
    by_gpu: Floats
    """The same with the row's GPU held out."""
    tested: tuple[Tested, ...]


def fitted() -> Fitted:
    """The predictor fitted on pricing/throughput.csv."""
    catalog = load_catalog()
    shipped = read_table(THROUGHPUT, Throughput)
    ready = [prepared(trial_of(row), catalog.models, catalog.gpus, catalog.aliases, OFFLINE_REQUESTS) for row in shipped]
    rows = tuple(row for row in ready if isinstance(row, Prepared))
    by_source, by_gpu = held_out(rows, source_of), held_out(rows, gpu_of)
    nested = tested(rows)
    factor = widening(nested)
    roofline = Roofline(
        as_of=max(one.as_of for one in (*shipped, *catalog.gpus.values(), *catalog.models.values())),
        script="benchmarks/fit_roofline.py",
        fitted_on="pricing/throughput.csv",
        rows=len(rows),
        offline_requests=OFFLINE_REQUESTS,
        constants=rounded(fit(as_rows(rows))),
        by_source=summary(by_source, [source_of(row) for row in rows]),
        by_gpu=summary(by_gpu, [gpu_of(row) for row in rows]),
        coverage=round(coverage(nested, factor)["all"][1], 3),
        widening=factor,
        bands=bands(rows, by_source, factor),
    )
    skipped = Counter(row for row in ready if isinstance(row, str))
    return Fitted(rows=rows, skipped=dict(sorted(skipped.items())), roofline=roofline, by_source=by_source, by_gpu=by_gpu, tested=nested)


def summary(off: Floats, groups: Sequence[str]) -> HeldOut:
    """The median absolute error over all rows, and the mean over the groups of theirs."""
    medians = medians_of(off, groups).values()
    return HeldOut(
        median_pooled=round(float(np.median(absolute(off))), 4),
        median_mean=round(statistics.fmean(error for _, error in medians), 4),
        groups=len(medians),
    )


def medians_of(off: Floats, groups: Sequence[str]) -> dict[str, tuple[int, float]]:
    """Rows and median absolute error of each group."""
    errors = absolute(off)
    found: dict[str, tuple[int, float]] = {}
    for group in sorted(set(groups)):
        some = errors[[one == group for one in groups]]
        found[group] = (len(some), float(np.median(some)))
    return found


def document(roofline: Roofline) -> str:
    """The file that is shipped."""
    return json.dumps(asdict(roofline), indent=1, ensure_ascii=False) + "\n"


def report(run: Fitted) -> bool:
    """Prints what was found; whether every target holds."""
    roofline = run.roofline
    not_used = ", ".join(f"{count} {why}" for why, count in run.skipped.items())
    print(f"{roofline.rows:,} rows of {roofline.fitted_on}; not used: {not_used}")
    print("\nconstants:", ", ".join(f"{name} {getattr(roofline.constants, name):g}" for name in NAMES))
    _report_held_out("source", run.by_source, [source_of(row) for row in run.rows])
    _report_held_out("GPU", run.by_gpu, [gpu_of(row) for row in run.rows])
    print(f"\nbands widened by {roofline.widening:g}; rows inside a band that had not seen their source: {roofline.coverage:.1%}")
    print("  inside: constants and band had not seen the row's source; printed band: only the constants had not")
    print(f"  {'class':<42}{'rows':>6}{'median error':>14}{'printed band':>14}{'testable':>10}{'inside':>8}")
    held, printed = coverage(run.tested, roofline.widening), in_printed_band(run)
    for name, (count, error) in by_class(run).items():
        testable, inside = held.get(name, (0, None))
        told = "–" if inside is None else f"{inside:.0%}"
        print(f"  {name:<42}{count:>6}{error:>14.1%}{printed[name]:>14.0%}{testable:>10}{told:>8}")
    print("\nmeasured ÷ predicted, the printed band of each class with rows")
    for band in (one for one in roofline.bands if one.rows):
        name = f"{band.gpu_class} {band.kind} {band.load}"
        print(f"  {name:<42}{band.low:.2f} to {band.high:.2f}   {band.rows} rows, {band.sources} sources; {band.how}")
    return targets(run)


def _report_held_out(name: str, off: Floats, groups: Sequence[str]) -> None:
    told, errors = summary(off, groups), absolute(off)
    near, double = float(np.mean(errors <= 0.25)), float(np.mean(np.abs(off) <= np.log(2)))
    print(f"\nleave one {name} out: median absolute error {told.median_pooled:.1%} pooled, {told.median_mean:.1%} mean over {told.groups}")
    print(f"  90 % of rows within {float(np.quantile(errors, 0.9)):.0%}; {near:.0%} of rows within 25 %, {double:.0%} within a factor of 2")
    for group, (count, error) in medians_of(off, groups).items():
        print(f"  {group:<18}{count:>6}{error:>8.1%}")


def by_class(run: Fitted) -> dict[str, tuple[int, float]]:
    """Rows and median absolute error, the source held out, of GPU classes, kinds, loads, and classes."""
    found: dict[str, tuple[int, float]] = {}
    for position in range(3):
        found |= medians_of(run.by_source, [classes_of(row)[position] for row in run.rows])
    return found | medians_of(run.by_source, [" ".join(classes_of(row)) for row in run.rows])


def in_printed_band(run: Fitted) -> dict[str, float]:
    """Share of rows inside the printed band, the constants without the row's source, by class."""
    printed = {(one.gpu_class, one.kind, one.load): one for one in run.roofline.bands}
    inside: dict[str, list[bool]] = {}
    for row, off in zip(run.rows, run.by_source, strict=True):
        band = printed[classes_of(row)]
        for name in (*classes_of(row), " ".join(classes_of(row))):
            inside.setdefault(name, []).append(bool(band.low <= np.exp(off) <= band.high))
    return {name: statistics.fmean(some) for name, some in inside.items()}


@dataclass(frozen=True, kw_only=True)
class Target:
    """Something that must hold."""

    name: str
    reached: float
    bound: float
    holds: bool


def targets_of(run: Fitted) -> tuple[Target, ...]:
    """Each target with what was reached."""
    held = coverage(run.tested, run.roofline.widening)
    unseen = {name: share for name, (count, share) in held.items() if must_hold(name, count) and not name.startswith("source ")}
    sizes = {name: count for name, (count, _) in by_class(run).items()}
    printed = {name: share for name, share in in_printed_band(run).items() if sizes[name] >= ENOUGH_ROWS}
    worst, least = min(unseen, key=lambda name: unseen[name]), min(printed, key=lambda name: printed[name])
    pooled, mean = run.roofline.by_source.median_pooled, run.roofline.by_gpu.median_mean
    inside = f"of the classes of {ENOUGH_ROWS} rows or more, least share inside"
    return (
        Target(name="median absolute error, source held out, pooled", reached=pooled, bound=MOST_BY_SOURCE, holds=pooled <= MOST_BY_SOURCE),
        Target(name="median absolute error, GPU held out, mean over GPUs", reached=mean, bound=MOST_BY_GPU, holds=mean <= MOST_BY_GPU),
        Target(
            name=f"{inside} a band that had not seen the source: {worst}",
            reached=unseen[worst],
            bound=INSIDE,
            holds=unseen[worst] >= INSIDE,
        ),
        Target(name=f"{inside} the printed band: {least}", reached=printed[least], bound=INSIDE, holds=printed[least] >= INSIDE),
    )


def targets(run: Fitted) -> bool:
    """Prints the targets; whether all hold."""
    print("\ntargets")
    for one in targets_of(run):
        print(f"  {'met   ' if one.holds else 'MISSED'}  {one.name}: {one.reached:.1%} (target {one.bound:.0%})")
    return all(one.holds for one in targets_of(run))


def main() -> int:
    """Runs what the options ask for; the exit code."""
    parser = argparse.ArgumentParser(description="Fit the throughput predictor and print its errors.")
    parser.add_argument("--write", action="store_true", help=f"write {ROOFLINE.name}")
    parser.add_argument("--docs", action="store_true", help=f"write {PAGE.name} and {TABLE.name}")
    chosen = parser.parse_args()
    run = fitted()
    holds = report(run)
    if chosen.write:
        ROOFLINE.write_text(document(run.roofline), encoding="utf-8")
    if chosen.docs:
        PAGE.write_text(page(run), encoding="utf-8")
        TABLE.write_text(table(run), encoding="utf-8")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
