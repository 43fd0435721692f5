"""The catalog: products, their bands and their images."""

from swath.errors import (
    ApiError,
    AttributeValidationError,
    BadRequestError,
    ConflictError,
    DeletedObjectError,
    ForbiddenError,
    NotFoundError,
    ServerError,
    SwathError,
    UnauthorizedError,
    UnsavedObjectError,
    UploadError,
    ValidationError,
)

from ._collection import Collection
from ._cube import open_images
from ._deletion import DeletionTask
from ._enums import (
    AggregateDateField,
    DocumentState,
    DownloadFileFormat,
    Interval,
    PixelSelection,
    ResampleAlgorithm,
    ResolutionUnit,
    TaskState,
)
from ._expressions import Expression, properties
from ._generated import (
    BandType,
    Colormap,
    DataType,
    DerivedParams,
    File,
    ImageUploadEventSeverity,
    ImageUploadEventType,
    ImageUploadOptions,
    ImageUploadStatus,
    ImageUploadType,
    OverviewResampler,
    ProcessingStep,
    StorageState,
)
from ._model import (
    Band,
    ClassBand,
    GenericBand,
    Image,
    ImageCollection,
    ImageSearch,
    ImageUpload,
    MaskBand,
    MicrowaveBand,
    Product,
    SpectralBand,
)
from ._object import CatalogObject
from ._resolution import Resolution
from ._save_many import BulkError, FailedImage, SaveReport
from ._search import Search
from ._summary import SummaryResult
from ._timeseries import Observation, TimeSeries
from ._upload import ImageUploadEvent
from ._upload_many import upload_images

__all__ = [
    "AggregateDateField",
    "ApiError",
    "AttributeValidationError",
    "BadRequestError",
    "Band",
    "BandType",
    "BulkError",
    "CatalogObject",
    "ClassBand",
    "Collection",
    "Colormap",
    "ConflictError",
    "DataType",
    "DeletedObjectError",
    "DeletionTask",
    "DerivedParams",
    "DocumentState",
    "DownloadFileFormat",
    "Expression",
    "FailedImage",
    "File",
    "ForbiddenError",
    "GenericBand",
    "Image",
    "ImageCollection",
    "ImageSearch",
    "ImageUpload",
    "ImageUploadEvent",
    "ImageUploadEventSeverity",
    "ImageUploadEventType",
    "ImageUploadOptions",
    "ImageUploadStatus",
    "ImageUploadType",
    "Interval",
    "MaskBand",
    "MicrowaveBand",
    "NotFoundError",
    "Observation",
    "OverviewResampler",
    "PixelSelection",
    "ProcessingStep",
    "Product",
    "ResampleAlgorithm",
    "Resolution",
    "ResolutionUnit",
    "SaveReport",
    "Search",
    "ServerError",
    "SpectralBand",
    "StorageState",
    "SummaryResult",
    "SwathError",
    "TaskState",
    "TimeSeries",
    "UnauthorizedError",
    "UnsavedObjectError",
    "UploadError",
    "ValidationError",
    "open_images",
    "properties",
    "upload_images",
]
