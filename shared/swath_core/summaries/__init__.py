"""Exact totals and time series at the price of a few rows, and the rollups they are read from."""

from ._cells import cells_at, cells_of, parse_resolution
from ._intervals import DateField, Interval, RequestedRange, TimeRange
from ._live import LiveCounter
from ._recount import Rollup, RollupReport, scheduled_rollup
from ._rollup_summary import RollupSummary
from ._summaries import CellSummaries, Summaries, Summary

__all__ = [
    "CellSummaries",
    "DateField",
    "Interval",
    "LiveCounter",
    "RequestedRange",
    "Rollup",
    "RollupReport",
    "RollupSummary",
    "Summaries",
    "Summary",
    "TimeRange",
    "cells_at",
    "cells_of",
    "parse_resolution",
    "scheduled_rollup",
]
