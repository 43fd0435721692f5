"""Uploads: the state machine of files on their way to become an image, and its use cases."""

from .machine import Busy, Step
from .upload import FINAL, OPEN, Event, Lease, Part, Upload

__all__ = ["FINAL", "OPEN", "Busy", "Event", "Lease", "Part", "Step", "Upload"]
