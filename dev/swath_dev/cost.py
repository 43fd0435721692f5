"""`python -m swath_dev cost`: what a stack costs a month, from counts at published prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from swath_dev.build import ROOT

PAGE = ROOT / "docs" / "aws-first-day.md"
_BEGIN = "<!-- costs: python -m swath_dev cost --write -->\n"
_END = "<!-- end of costs -->\n"

PRICED = "us-east-1, list prices as published up to September 2026, first tiers, no tax"
PRICES: Mapping[str, tuple[float, str]] = {
    "write units": (0.625e-6, "DynamoDB on demand, a write request unit"),
    "read units": (0.125e-6, "DynamoDB on demand, a read request unit"),
    "table GB": (0.25, "DynamoDB storage, a GB and month"),
    "backup GB": (0.20, "DynamoDB point-in-time recovery, a GB and month"),
    "object GB": (0.023, "S3 Standard, a GB and month (first 50 TB)"),
    "object writes": (5e-6, "S3 PUT, COPY, POST, LIST"),
    "object reads": (0.4e-6, "S3 GET"),
    "GB-seconds": (13.3334e-6, "Lambda on arm64, a GB-second"),
    "runs": (0.2e-6, "Lambda, an invocation"),
    "calls": (1e-6, "API Gateway HTTP API, a request"),
    "messages": (0.4e-6, "SQS standard, a request"),
    "log GB": (0.50, "CloudWatch Logs, a GB taken in"),
    "metrics": (0.30, "CloudWatch, a custom metric and month"),
    "alarms": (0.10, "CloudWatch, an alarm metric and month"),
}
"""US dollars by what is counted.

Compared in November 2026 with published copies: HTTP API with AWS's page as read in September 2026;
CloudWatch with a listing of AWS's page of May 2026; DynamoDB's units with an article of July 2025
(they were halved in November 2024), its storage with AWS's page; Lambda with an article of 2024
and notes of May 2026; S3 with an undated article; SQS and point-in-time recovery with a listing of
March 2020. AWS's own pages were not asked: look there before you rely on them.
"""


@dataclass(frozen=True)
class Assumptions:
    """What one image and one search are.

    ``write_units`` is the dearest of the footprints that ``make bench NAME=writes`` counts (43 to
    57: a transaction pays each item twice), ``postings`` what that is in items. ``search_units`` is
    what ``make bench NAME=search`` prints for a first page of 100 of a 100 km box over all time on
    the Landsat grid, ``document_units`` the documents of that page. Times, sizes and bytes are
    round figures.
    """

    postings: float = 24.0
    posting_bytes: float = 750.0
    document_bytes: float = 3000.0
    write_units: float = 57.0
    ingest_seconds: float = 20.0
    ingest_gb: float = 3.0
    object_mb: float = 100.0
    search_units: float = 30.0
    document_units: float = 100.0
    search_seconds: float = 0.15
    api_gb: float = 1.769
    log_bytes: float = 700.0
    months_kept: float = 1.0


IDLE: Mapping[str, float] = {
    "runs": 43_800,
    "GB-seconds": 43_800 * 0.5,
    "messages": 2 * 1_314_000,
    "read units": 43_800 * 3,
    "metrics": 5,
    "alarms": 40,
}
"""A month in which nobody calls: the scheduled run each minute, the pollers of two queues (five
long polls of 20 seconds each, and more), the alarms."""


def quantities(images: float, searches: float, given: Assumptions) -> dict[str, float]:
    """Return what is used in a month that takes in images and answers searches."""
    row_bytes = given.postings * given.posting_bytes + given.document_bytes
    stored = images * given.months_kept
    counted = {
        "write units": images * given.write_units,
        "read units": images * 10 + searches * (given.search_units + given.document_units),
        "table GB": stored * row_bytes / 1e9,
        "backup GB": stored * row_bytes / 1e9,
        "object GB": stored * given.object_mb / 1e3,
        "object writes": images * 3,
        "object reads": images * 3,
        "GB-seconds": images * given.ingest_seconds * given.ingest_gb
        + (2 * images + searches) * given.search_seconds * given.api_gb,
        "runs": 3 * images + searches,
        "calls": 2 * images + searches,
        "messages": 3 * images,
        "log GB": (4 * images + 2 * searches) * given.log_bytes / 1e9,
        "metrics": 12,
    }
    return {name: counted.get(name, 0.0) + IDLE.get(name, 0.0) for name in PRICES}


def monthly(images: float, searches: float, given: Assumptions) -> dict[str, float]:
    """Return US dollars a month by what is counted."""
    used = quantities(images, searches, given)
    return {name: used[name] * price for name, (price, _) in PRICES.items()}


def report(images: float, searches: float, given: Assumptions) -> Iterator[str]:
    """Yield the lines of a bill, the dearest first, and what they rest on."""
    used, bill = quantities(images, searches, given), monthly(images, searches, given)
    yield f"{images:,.0f} images taken in and {searches:,.0f} searches in a month; {PRICED}"
    for name, dollars in sorted(bill.items(), key=lambda each: -each[1]):
        yield f"{dollars:14,.2f}  {used[name]:18,.0f} {name:14} {PRICES[name][1]}"
    yield f"{sum(bill.values()):14,.2f}  US dollars"


_SHARES = {
    "tables": ("write units", "read units", "table GB", "backup GB"),
    "objects": ("object GB", "object writes", "object reads"),
    "functions": ("GB-seconds", "runs", "calls", "messages"),
    "watching": ("log GB", "metrics", "alarms"),
}


def table() -> str:
    """Return the table of the page, prices and assumptions included, as Markdown."""
    given = Assumptions()
    lines = [f"US dollars a month ({PRICED}):", ""]
    lines += [f"| images | searches | {' | '.join(_SHARES)} | together |"]
    lines += ["|---|---|" + "---|" * (len(_SHARES) + 1)]
    for images in (0, 1e6, 1e8):
        for searches in (0,) if not images else (1e5, 1e7):
            bill = monthly(images, searches, given)
            parts = [sum(bill[name] for name in names) for names in _SHARES.values()]
            cells = [f"{part:,.0f}" for part in (*parts, sum(parts))]
            lines.append(f"| {images:,.0f} | {searches:,.0f} | {' | '.join(cells)} |")
    lines += ["", "| assumed | |", "|---|---|"]
    lines += [f"| `{name}` | {value:g} |" for name, value in vars(given).items()]
    lines += ["", "| counted | US dollars each | |", "|---|---|---|"]
    lines += [f"| {name} | {price:.7g} | {what} |" for name, (price, what) in PRICES.items()]
    return "\n".join(lines) + "\n"


def page_with_table(page: str) -> str:
    """Return the page of the first day with the table as it is now."""
    before, rest = page.split(_BEGIN)
    _, after = rest.split(_END)
    return f"{before}{_BEGIN}\n{table()}\n{_END}{after}"


def write() -> None:
    """Bring the table in docs/aws-first-day.md up to date."""
    PAGE.write_text(page_with_table(PAGE.read_text()))
