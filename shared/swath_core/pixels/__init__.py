"""Decoding: everything that the ingest does with GDAL, in a process of its own.

This face loads no GDAL: it is the parent's side (:class:`DecoderProcess`) and what goes over the
pipe. The child's side is :mod:`swath_core.pixels.worker`.
"""

from ._decoder import Decoder, DecoderFailed, DecoderProcess
from ._model import ExpectedBand, FileResult, FileTask, Georeference, Limits, Refused

__all__ = [
    "Decoder",
    "DecoderFailed",
    "DecoderProcess",
    "ExpectedBand",
    "FileResult",
    "FileTask",
    "Georeference",
    "Limits",
    "Refused",
]
