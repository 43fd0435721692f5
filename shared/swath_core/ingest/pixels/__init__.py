"""Decoding: the only part of the ingest that opens rasters; it knows no bucket and no table."""

from ._open import ACCEPTED, DRIVERS
from ._process import process

__all__ = ["ACCEPTED", "DRIVERS", "process"]
