"""Decoding: the only package of the ingest that opens rasters. It reads no environment and no S3."""

from ._open import ACCEPTED, DRIVERS
from ._process import process

__all__ = ["ACCEPTED", "DRIVERS", "process"]
