"""odc-stac on STAC items: a request of JSON from stdin, arrays to the path that it names."""

import json
import sys

import numpy as np
import odc.stac
import pystac


def main():
    """Load the items on the grid that the request describes."""
    request = json.load(sys.stdin)
    items = [pystac.Item.from_dict(item) for item in request["items"]]
    loaded = odc.stac.load(
        items,
        bands=["red"],
        crs=request["crs"],
        resolution=request["resolution"],
        bbox=request["bbox"],
        groupby="id",
        dtype="uint16",
        nodata=0,
    )
    red = loaded["red"].transpose("time", ...)
    y, x = red.dims[1:]
    np.savez(
        request["path"],
        red=red.values,
        x=loaded[x].values,
        y=loaded[y].values,
        time=loaded["time"].values.astype("datetime64[ns]"),
    )


main()
