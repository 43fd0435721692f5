"""Pixels with the published clients; arrays come back in .npz files at the paths given."""

import numpy as np
from published_catalog import catalog


def _save(path, array):
    masked = np.ma.asarray(array)
    np.savez(path, data=masked.filled(0), raw=masked.data, mask=np.ma.getmaskarray(masked))
    return list(masked.shape)


def _context(kind, image=None, **arguments):
    try:
        from descarteslabs import geo
    except ImportError:
        from earthdaily.earthone import geo

    if kind is None:
        return None
    if kind == "image":
        return image.geocontext.assign(**arguments)
    if kind == "dltile":
        return geo.DLTile.from_latlon(**arguments)
    if kind == "xyz":
        return geo.XYZTile(**arguments)
    return geo.AOI(**arguments)


def image(id, bands, path, context=None, arguments=None, **more):
    """Read one image; say the shape and what raster_info says of the place."""
    found = catalog.Image.get(id)
    context = _context(context, found, **(arguments or {}))
    array, info = found.ndarray(bands, geocontext=context, raster_info=True, progress=False, **more)
    return {"shape": _save(path, array), "info": info, "dtype": str(array.dtype)}


def several(ids, bands, path, how, context, arguments, **more):
    """Read a mosaic or a stack."""
    images = catalog.ImageCollection([catalog.Image.get(id) for id in ids])
    context = _context(context, **arguments)
    array = getattr(images, how)(bands, geocontext=context, progress=False, **more)
    return {"shape": _save(path, array)}


def download(ids, bands, dest, how="download", context=None, arguments=None, **more):
    """Download an image, each of several, or their mosaic."""
    images = [catalog.Image.get(id) for id in ids]
    context = _context(context, images[0], **(arguments or {}))
    if how == "download":
        written = images[0].download(bands, dest=dest, geocontext=context, progress=False, **more)
    else:
        collection = catalog.ImageCollection(images)
        method = getattr(collection, "download" if how == "each" else how)
        written = method(bands, dest=dest, geocontext=context, progress=False, **more)
    return written if isinstance(written, list) else [written]


def unknown(id, bands):
    """Read an image that is not there, without asking the catalog first."""
    from descarteslabs.core.client.services.raster import Raster

    Raster().ndarray([id], bands, progress=False)


def scene(id, bands, path, resolution):
    """Read one scene as the last client with Scenes does."""
    from descarteslabs import scenes

    found, context = scenes.Scene.from_id(id)
    array, info = found.ndarray(
        bands, context.assign(resolution=resolution), raster_info=True, progress=False
    )
    return {"shape": _save(path, array), "info": info}


def scene_collection(ids, bands, path, how, resolution):
    """Read scenes together."""
    from descarteslabs import scenes

    found = [scenes.Scene.from_id(id) for id in ids]
    collection = scenes.SceneCollection([each for each, _ in found])
    context = found[0][1].assign(resolution=resolution)
    return {"shape": _save(path, getattr(collection, how)(bands, context, progress=False))}
