"""Exact totals and time series at the price of a few rows, and the rollups they are read from."""

from ._cells import cells_of, parse_resolution
from ._fold import FoldPlan, fold_plan
from ._folded import FoldedSummary
from ._intervals import MOST_INTERVALS, AskedRange, DateField, Interval, TimeRange
from ._live import LiveCounter
from ._rollup import Rollup, RollupReport, scheduled_rollup
from ._summaries import CellSummaries, Summaries, Summary

__all__ = [
    "MOST_INTERVALS",
    "AskedRange",
    "CellSummaries",
    "DateField",
    "FoldPlan",
    "FoldedSummary",
    "Interval",
    "LiveCounter",
    "Rollup",
    "RollupReport",
    "Summaries",
    "Summary",
    "TimeRange",
    "cells_of",
    "fold_plan",
    "parse_resolution",
    "scheduled_rollup",
]
