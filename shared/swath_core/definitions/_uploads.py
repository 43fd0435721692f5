"""The upload: files on their way to become an image."""

from __future__ import annotations

from ._attribute import Attribute, AttributeType, Choice, Integer, Resource, Text, Timestamp
from ._common import CREATED, LONGEST_NAME, LONGEST_PRODUCT_ID, MODIFIED
from ._containers import Field, ListOf, Record

UPLOAD_STATUSES = ("transferring", "pending", "running", "success", "failure", "canceled")
UPLOAD_TYPES = ("file", "ndarray")
RESAMPLERS = (
    "nearest",
    "average",
    "gauss",
    "cubic",
    "cubicspline",
    "lanczos",
    "average_mp",
    "average_magphase",
    "mode",
)
EVENT_TYPES = ("queue", "cancel", "run", "complete", "error", "timeout", "log", "usage")
EVENT_SEVERITIES = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")

UPLOAD_OPTIONS = Record(
    {
        "upload_type": Field(Choice(UPLOAD_TYPES), "Arrays or files.", required=True),
        "image_files": Field(
            ListOf(Text(4096, shortest=1), 1000, 1), "Names of the files, in order.", required=True
        ),
        "overviews": Field(ListOf(Integer(2, 2**16), 16), "Factors of the overviews."),
        "overview_resampler": Field(Choice(RESAMPLERS), "How overviews are computed."),
        "upload_size": Field(Integer(0), "Bytes of all files."),
        "worker_tag": Field(Text(200), "Reserved for the operator."),
    }
)
UPLOAD_EVENT = Record(
    {
        "event_datetime": Field(Timestamp(), "When it happened.", required=True),
        "component": Field(Text(), "The part of the service that says so.", required=True),
        "component_id": Field(Text(), "Which instance of it.", required=True),
        "event_type": Field(Choice(EVENT_TYPES), "What kind of event.", required=True),
        "severity": Field(Choice(EVENT_SEVERITIES), "How bad it is.", required=True),
        "message": Field(Text(), "What happened, in words.", required=True),
    }
)


def _upload(
    name: str,
    type_: AttributeType,
    description: str,
    *,
    read_only: bool = True,
    mutable: bool = False,
    index: bool = False,
) -> Attribute:
    return Attribute(
        name=name,
        type=type_,
        description=description,
        read_only=read_only,
        mutable=mutable,
        filterable=index,
        sortable=index,
    )


UPLOAD = Resource.of(
    "image_upload",
    _upload("product_id", Text(LONGEST_PRODUCT_ID), "The product of the image.", index=True),
    _upload(
        "image_id",
        Text(LONGEST_PRODUCT_ID + 1 + LONGEST_NAME, shortest=3),
        "The id that the image will have.",
        read_only=False,
        index=True,
    ),
    _upload(
        "image_upload_options", UPLOAD_OPTIONS, "The files and how to treat them.", read_only=False
    ),
    _upload("user", Text(500), "Who declared the upload.", index=True),
    _upload("resumable_urls", ListOf(Text(10_000), 1000), "Where to PUT the files."),
    _upload(
        "status",
        Choice(UPLOAD_STATUSES),
        "The state of the upload.",
        read_only=False,
        mutable=True,
        index=True,
    ),
    CREATED,
    MODIFIED,
)
