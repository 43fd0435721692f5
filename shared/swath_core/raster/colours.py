"""Colours for pictures: named colormaps, and the colours that class bands bring along.

The named maps are matplotlib's, at 17 evenly spaced places; between them colours are interpolated.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from swath_core.errors import BadRequest

Colours = np.ndarray[Any, np.dtype[np.uint8]]

_ANCHORS = {
    "magma": (
        "000004 0a0822 1d1147 36106b 51127c 6a1c81 832681 9c2e7f b73779 "
        "d0416f e75263 f56b5c fc8961 fea772 fec488 fde2a3 fcfdbf"
    ),
    "inferno": (
        "000004 0b0724 210c4a 3d0965 57106e 71196e 8a226a a32c61 bc3754 "
        "d24644 e45a31 f1731d f98e09 fcac11 f9cb35 f2ea69 fcffa4"
    ),
    "plasma": (
        "0d0887 310597 4c02a1 6600a7 7e03a8 9511a1 aa2395 bc3587 cc4778 "
        "da5a6a e66c5c f0804e f89540 fdac33 fdc527 f8df25 f0f921"
    ),
    "viridis": (
        "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918c "
        "1fa088 28ae80 3fbc73 5ec962 84d44b addc30 d8e219 fde725"
    ),
    "cool": (
        "00ffff 10efff 20dfff 30cfff 40bfff 50afff 609fff 708fff 807fff "
        "906fff a05fff b04fff c03fff d02fff e01fff f00fff ff00ff"
    ),
    "hot": (
        "0b0000 350000 5f0000 890000 b30000 dd0000 ff0800 ff3200 ff5c00 "
        "ff8600 ffb000 ffda00 ffff07 ffff46 ffff85 ffffc4 ffffff"
    ),
    "coolwarm": (
        "3b4cc0 4e68d8 6282ea 779af7 8db0fe a3c2fe b9d0f9 ccd9ed dddcdc "
        "ecd3c5 f5c4ac f7b093 f4987a eb7d62 dd5f4b ca3b37 b40426"
    ),
    "bwr": (
        "0000ff 2020ff 4040ff 6060ff 8080ff a0a0ff c0c0ff e0e0ff fffefe "
        "ffdede ffbebe ff9e9e ff7e7e ff5e5e ff3e3e ff1e1e ff0000"
    ),
    "gist_earth": (
        "000000 0b1575 153978 20597b 2b737e 348576 3b8e62 43974f 5ea04b "
        "7fa853 99af58 b4b65d bdab62 c8a779 dab7a0 ecd3ce fdfbfb"
    ),
    "terrain": (
        "333399 1e5ec4 0888ee 00acc4 01cc66 41d973 81e680 c1f38d fefe98 "
        "ded587 beac76 9e8365 815e56 a18781 c1b0ac e1d9d7 ffffff"
    ),
}
NAMES = tuple(_ANCHORS)


@lru_cache(maxsize=len(_ANCHORS))
def colormap(name: str) -> Colours:
    """Return the 256 colours of a named map, (256, 4) red, green, blue, opacity.

    Raises BadRequest for a name that is none of NAMES.
    """
    if name not in _ANCHORS:
        raise BadRequest(
            f"there is no colormap {name!r}; there are: {', '.join(NAMES)}", parameter="colormap"
        )
    anchors = np.array([list(bytes.fromhex(text)) for text in _ANCHORS[name].split()], float)
    at = np.linspace(0, len(anchors) - 1, 256)
    places = np.arange(len(anchors))
    channels = [np.interp(at, places, anchors[:, channel]) for channel in range(3)]
    opaque = np.full(256, 255.0)
    table: Colours = np.rint(np.column_stack([*channels, opaque])).astype(np.uint8)
    return table


def class_colours(entries: list[list[int]]) -> Colours:
    """Return the colours of a class band's own colormap: entry n is the colour of value n.

    Entries are [red, green, blue] or [red, green, blue, opacity]; values beyond them are invisible.
    """
    table = np.zeros((256, 4), np.uint8)
    for value, entry in enumerate(entries[:256]):
        table[value] = [*entry[:3], entry[3] if len(entry) > 3 else 255]  # noqa: PLR2004
    return table
