"""The catalog: products, their bands and their images."""

from swath.catalog._band import (
    Band,
    ClassBand,
    GenericBand,
    MaskBand,
    MicrowaveBand,
    SpectralBand,
)
from swath.catalog._collection import Collection
from swath.catalog._deletion import DeletionTask
from swath.catalog._enums import (
    AggregateDateField,
    BandType,
    Colormap,
    DataType,
    DocumentState,
    DownloadFileFormat,
    ImageUploadEventSeverity,
    ImageUploadEventType,
    ImageUploadStatus,
    ImageUploadType,
    Interval,
    OverviewResampler,
    ResampleAlgorithm,
    ResolutionUnit,
    StorageState,
    TaskState,
)
from swath.catalog._expressions import Expression, properties
from swath.catalog._file import File
from swath.catalog._image import Image
from swath.catalog._image_collection import ImageCollection
from swath.catalog._image_search import ImageSearch
from swath.catalog._image_upload import ImageUpload, ImageUploadEvent, ImageUploadOptions
from swath.catalog._object import CatalogObject
from swath.catalog._processing import DerivedParams, ProcessingStep
from swath.catalog._product import Product
from swath.catalog._resolution import Resolution
from swath.catalog._search import Search
from swath.catalog._summary import SummaryResult
from swath.catalog._uploading import upload_images
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

__all__ = [
    "AggregateDateField",
    "ApiError",
    "AttributeValidationError",
    "BadRequestError",
    "Band",
    "BandType",
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
    "OverviewResampler",
    "ProcessingStep",
    "Product",
    "ResampleAlgorithm",
    "Resolution",
    "ResolutionUnit",
    "Search",
    "ServerError",
    "SpectralBand",
    "StorageState",
    "SummaryResult",
    "SwathError",
    "TaskState",
    "UnauthorizedError",
    "UnsavedObjectError",
    "UploadError",
    "ValidationError",
    "properties",
    "upload_images",
]
