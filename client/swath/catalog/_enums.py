"""Closed sets of values that no attribute of the service has, and what generated ones can do.

Every member is also its string. The rest of the catalog's enumerations is in `_generated`.
"""

from enum import StrEnum

from swath.arguments import nearest


class Choices(StrEnum):
    """A closed set of strings that says what there is when it is asked for another."""

    @classmethod
    def _missing_(cls, value: object) -> None:
        listed = ", ".join(repr(str(member)) for member in cls)
        hint = nearest(str(value), [str(member) for member in cls])
        raise ValueError(f"{value!r} is none of {listed}{hint}")


class UploadState(Choices):
    """A state of an upload, which may be its last."""

    @property
    def final(self) -> bool:
        """Whether nothing will change any more."""
        return self in {"success", "failure", "canceled"}


class ResolutionUnit(Choices):
    """The unit of a pixel's size."""

    METERS = "meters"
    DEGREES = "degrees"


class ResampleAlgorithm(Choices):
    """How pixels are resampled when an image is read at another resolution or CRS."""

    NEAR = "near"
    BILINEAR = "bilinear"
    CUBIC = "cubic"
    CUBICSPLINE = "cubicspline"
    LANCZOS = "lanczos"
    AVERAGE = "average"
    MODE = "mode"
    MAX = "max"
    MIN = "min"
    MEDIAN = "med"
    Q1 = "q1"
    Q3 = "q3"


class PixelSelection(Choices):
    """What a pixel is made of where several images have one.

    One of the images (the last or the first in order, the least cloudy), or a statistic over all.
    """

    LAST = "last"
    FIRST = "first"
    LEAST_CLOUDY = "least_cloudy"
    MEAN = "mean"
    MEDIAN = "median"
    MIN = "min"
    MAX = "max"
    COUNT = "count"
    STD = "std"


class DownloadFileFormat(Choices):
    """The format of a downloaded file."""

    TIF = "tif"
    PNG = "png"
    JPEG = "jpg"


class Interval(Choices):
    """The length of the buckets of a summary."""

    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"


class AggregateDateField(Choices):
    """The time by which a summary is bucketed."""

    ACQUIRED = "acquired"
    CREATED = "created"
    MODIFIED = "modified"
    PUBLISHED = "published"


class DocumentState(Choices):
    """How an object here relates to the one in the catalog."""

    SAVED = "saved"
    MODIFIED = "modified"
    UNSAVED = "unsaved"
    DELETED = "deleted"


class TaskState(Choices):
    """How far a task of the service has come."""

    NEVERRAN = "NONE"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCESS"
    FAILED = "FAILURE"
