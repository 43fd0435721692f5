"""What reads the pixels of STAC items: odc-stac, stackstac, and GDAL's STACIT."""

import base64

import numpy as np


def _sent(array):
    array = np.ascontiguousarray(array)
    data = base64.b64encode(array.tobytes()).decode()
    return {"shape": array.shape, "dtype": array.dtype.str, "data": data}


def _items(root, token, collection):
    """Return the items of a collection, the oldest first, with addresses that open."""
    from pystac_client import Client

    headers = {"Authorization": f"Bearer {token}", "X-Sign": "true"}
    found = Client.open(root, headers=headers).search(collections=[collection])
    return sorted(found.items(), key=lambda each: each.datetime)


def odc_array(root, token, collection, band, crs, metres, bounds):
    """Return a band of all items on a grid, by odc-stac."""
    import odc.stac
    from odc.geo.geobox import GeoBox

    items = _items(root, token, collection)
    grid = GeoBox.from_bbox(bounds, crs, resolution=metres)
    loaded = odc.stac.load(items, bands=[band], geobox=grid, groupby="id")
    array = loaded[band].transpose("time", "y", "x").values
    return {"ids": [each.id for each in items], "array": _sent(array)}


def stackstac_array(root, token, collection, band, crs, metres, bounds):
    """Return an asset of one band of all items on a grid, by stackstac."""
    import stackstac

    items = _items(root, token, collection)
    stack = stackstac.stack(
        [each.to_dict() for each in items],
        assets=[band],
        epsg=int(crs.partition(":")[2]),
        resolution=metres,
        bounds=bounds,
        snap_bounds=False,
        rescale=False,
        fill_value=np.uint16(0),
        dtype="uint16",
    )
    array = stack.isel(band=0).values
    return {"ids": [str(each) for each in stack["id"].values], "array": _sent(array)}


def stacit(name, token):
    """Return what GDAL makes of a search."""
    import rasterio

    options = {"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": token} if token else {}
    with rasterio.Env(**options), rasterio.open(f'STACIT:"{name}"') as dataset:
        return {
            "driver": dataset.driver,
            "crs": str(dataset.crs),
            "bounds": list(dataset.bounds),
            "array": _sent(dataset.read(1)),
        }


def run(pieces, environment, folder):
    """Execute pieces of Python and of shell one after the other, as their reader would.

    Returns the ids of the items, and the arrays that come out.
    """
    import os
    import subprocess

    os.environ.update(environment)
    os.chdir(folder)
    names = {}
    for language, text in pieces:
        if language == "python":
            exec(compile(text, "<documentation>", "exec"), names)  # noqa: S102 - our own text
        else:
            subprocess.run(["sh", "-e", "-c", text], check=True)
    return {
        "ids": [each.id for each in names["items"]],
        "cube": _sent(names["cube"]["red"].transpose("time", "y", "x").values),
        "stack": _sent(names["stack"].isel(band=0).values),
        "mosaic": _sent(names["pixels"].filled(0)),
        "overview": list(names["overview"].shape),
    }
