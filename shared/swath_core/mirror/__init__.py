"""The mirror: a columnar copy of the postings by time, GeoParquet files per product and month.

The schedule keeps it under the markers of the rollups (:class:`Mirror`), and queries about very
many images read it in place of postings (:class:`MirrorReader`). To be read in this order:
``_schema``, ``_extras``, ``_footer``, ``_layout``, ``_write``, ``_content``, ``_read``, ``_files``,
``_context``, ``_months``, ``_sweep``, ``_audit``, ``_keep``, ``_reader``.
"""

from ._content import LostFileError, Wanted
from ._context import MirrorContext, MirrorReport, Policy
from ._days import days_in
from ._extras import Extras, declared_extras
from ._files import MirrorFiles
from ._keep import Mirror, scheduled_mirror
from ._read import NO_MOMENT, MirrorColumns, moment_texts
from ._reader import MirrorPart, MirrorReader, MonthFile
from ._schema import CELLS, COLUMNS, Kind
from ._write import write_file

__all__ = [
    "CELLS",
    "COLUMNS",
    "NO_MOMENT",
    "Extras",
    "Kind",
    "LostFileError",
    "Mirror",
    "MirrorColumns",
    "MirrorContext",
    "MirrorFiles",
    "MirrorPart",
    "MirrorReader",
    "MirrorReport",
    "MonthFile",
    "Policy",
    "Wanted",
    "days_in",
    "declared_extras",
    "moment_texts",
    "scheduled_mirror",
    "write_file",
]
