"""The search index: partitions of postings, and which cells an area touches.

``postings_of`` says what a writer stores for an image; ``cover`` and ``planar_cells`` say what a
reader opens.
"""

from ._cells import cover, planar_cells
from ._postings import (
    EVERYWHERE,
    FEW_CELLS,
    IN_KEYS,
    MOST_CELLS,
    MOST_POSTINGS,
    OMITTED,
    PASSING,
    RUNGS,
    IndexState,
    Posting,
    Postings,
    attributes_of_row,
    encode_row,
    key_of,
    ladder_of,
    null_partition,
    own_partition,
    passing_partition,
    postings_of,
    predecessor,
    split_key,
    stored_bytes,
    successor,
    time_partition,
    whole_partition,
)

__all__ = [
    "EVERYWHERE",
    "FEW_CELLS",
    "IN_KEYS",
    "MOST_CELLS",
    "MOST_POSTINGS",
    "OMITTED",
    "PASSING",
    "RUNGS",
    "IndexState",
    "Posting",
    "Postings",
    "attributes_of_row",
    "cover",
    "encode_row",
    "key_of",
    "ladder_of",
    "null_partition",
    "own_partition",
    "passing_partition",
    "planar_cells",
    "postings_of",
    "predecessor",
    "split_key",
    "stored_bytes",
    "successor",
    "time_partition",
    "whole_partition",
]
