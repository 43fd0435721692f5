"""What every door answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from swath_core.ingest._context import IngestContext, ObjectCreated
from swath_core.store.objects import Objects
from swath_core.uploads import Upload


class Door(ABC):
    """A way by which files come into the data bucket.

    ``name`` is stored with the uploads that came this way, ``prefix`` begins the keys of their
    files. ``newer_file_is_new_upload`` tells what a file means that is put again over one that
    its upload has not read yet: an upload of its own, or the file that the upload waits for.
    """

    name: ClassVar[str]
    prefix: ClassVar[str]
    newer_file_is_new_upload: ClassVar[bool]

    @abstractmethod
    def record(self, context: IngestContext, created: ObjectCreated) -> str | None:
        """Record an object with its upload and return the upload's id.

        None where there is nothing to process: the object is gone or nothing awaits it.
        """

    @abstractmethod
    def delete_sources(self, objects: Objects, upload: Upload, *, is_due: bool) -> None:
        """Delete the files that a final upload was made from, as far as it is time to.

        ``is_due`` tells that the time is over for which files stay after a failure.
        """
