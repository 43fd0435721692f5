"""The closed sets of values of the catalog. Every member is also its string."""

from enum import StrEnum


class BandType(StrEnum):
    """What a band measures; decides the class of a band object."""

    CLASS = "class"
    SPECTRAL = "spectral"
    MASK = "mask"
    MICROWAVE = "microwave"
    GENERIC = "generic"


class DataType(StrEnum):
    """The type of a pixel."""

    BYTE = "Byte"
    UINT16 = "UInt16"
    INT16 = "Int16"
    UINT32 = "UInt32"
    INT32 = "Int32"
    FLOAT32 = "Float32"
    FLOAT64 = "Float64"


class ResolutionUnit(StrEnum):
    """The unit of a pixel's size."""

    METERS = "meters"
    DEGREES = "degrees"


class Colormap(StrEnum):
    """Named colormaps for bands of one value per pixel."""

    MAGMA = "magma"
    INFERNO = "inferno"
    PLASMA = "plasma"
    VIRIDIS = "viridis"
    COOL = "cool"
    HOT = "hot"
    COOLWARM = "coolwarm"
    BWR = "bwr"
    GIST_EARTH = "gist_earth"
    TERRAIN = "terrain"
    CDL = "cdl"


class StorageState(StrEnum):
    """Whether the catalog holds an image's files itself or only knows where they are."""

    AVAILABLE = "available"
    REMOTE = "remote"


class OverviewResampler(StrEnum):
    """How overviews are computed from full-resolution pixels."""

    NEAREST = "nearest"
    AVERAGE = "average"
    GAUSS = "gauss"
    CUBIC = "cubic"
    CUBICSPLINE = "cubicspline"
    LANCZOS = "lanczos"
    AVERAGE_MP = "average_mp"
    AVERAGE_MAGPHASE = "average_magphase"
    MODE = "mode"


class ResampleAlgorithm(StrEnum):
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


class DownloadFileFormat(StrEnum):
    """The format of a downloaded file."""

    TIF = "tif"
    PNG = "png"
    JPEG = "jpg"


class ImageUploadType(StrEnum):
    """What is uploaded."""

    NDARRAY = "ndarray"
    FILE = "file"


class ImageUploadStatus(StrEnum):
    """How far an upload has come."""

    TRANSFERRING = "transferring"
    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILURE = "failure"
    CANCELED = "canceled"

    @property
    def final(self) -> bool:
        """Whether nothing will change any more."""
        return self in {self.SUCCESS, self.FAILURE, self.CANCELED}


class ImageUploadEventType(StrEnum):
    """What happened to an upload."""

    QUEUE = "queue"
    CANCEL = "cancel"
    RUN = "run"
    COMPLETE = "complete"
    ERROR = "error"
    TIMEOUT = "timeout"
    LOG = "log"
    USAGE = "usage"


class ImageUploadEventSeverity(StrEnum):
    """How bad an event of an upload is."""

    CRITICAL = "CRITICAL"
    ERROR = "ERROR"
    WARNING = "WARNING"
    INFO = "INFO"
    DEBUG = "DEBUG"


class Interval(StrEnum):
    """The length of the buckets of a summary."""

    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"


class AggregateDateField(StrEnum):
    """The time by which a summary is bucketed."""

    ACQUIRED = "acquired"
    CREATED = "created"
    MODIFIED = "modified"
    PUBLISHED = "published"


class DocumentState(StrEnum):
    """How an object here relates to the one in the catalog."""

    SAVED = "saved"
    MODIFIED = "modified"
    UNSAVED = "unsaved"
    DELETED = "deleted"


class TaskState(StrEnum):
    """How far a task of the service has come."""

    NEVERRAN = "NONE"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCESS"
    FAILED = "FAILURE"
