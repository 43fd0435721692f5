"""The search index: partitions of postings, and which cells an area touches.

``postings_of`` says what a writer stores for an image; ``cover`` and ``planar_cells`` say what a
reader opens.
"""

from ._cells import PlanarCells, planar_cells
from ._cover import cover
from ._keys import (
    key_of,
    null_partition,
    own_partition,
    passing_partition,
    predecessor,
    shard_of,
    split_key,
    successor,
    time_partition,
    whole_partition,
)
from ._ladder import (
    EVERYWHERE,
    FEW_CELLS,
    MOST_CELLS,
    MOST_POSTINGS,
    PASSING,
    RUNGS,
    IndexState,
    Ladder,
    Posting,
    Postings,
    ladder_of,
    postings_of,
)
from ._rows import LONG_VALUE, OMITTED, attributes_of_row, encode_row

__all__ = [
    "EVERYWHERE",
    "FEW_CELLS",
    "LONG_VALUE",
    "MOST_CELLS",
    "MOST_POSTINGS",
    "OMITTED",
    "PASSING",
    "RUNGS",
    "IndexState",
    "Ladder",
    "PlanarCells",
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
    "shard_of",
    "split_key",
    "successor",
    "time_partition",
    "whole_partition",
]
