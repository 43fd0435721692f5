"""Uploads of files and arrays with the published client."""

import numpy as np
from published_catalog import catalog, plain, view

EVENT_ATTRIBUTES = ("id", "event_datetime", "component", "event_type", "severity", "message")


def _told(upload):
    repr(upload)
    return {
        **view(upload),
        "status": plain(upload.status),
        "events": [
            {name: plain(getattr(each, name)) for name in EVENT_ATTRIBUTES}
            for each in upload.events or ()
        ],
    }


def _finished(upload, image, wait):
    began = _told(upload)
    if wait:
        # by default the client asks every second at first
        type(upload)._POLLING_INTERVALS = [0.2]
        upload.wait_for_completion(timeout=wait)
    return {"began": began, "upload": _told(upload), "image": view(image)}


def upload_files(id, files, attributes, options=None, overwrite=False, wait=60, opened=False):
    """Upload files by name, or by open file object."""
    image = catalog.Image(id=id, **attributes)
    if options:
        options = catalog.ImageUploadOptions(**options)
    given = [open(each, "rb") for each in files] if opened else files  # noqa: SIM115, PTH123
    if len(given) == 1:
        given = given[0]
    upload = image.upload(given, upload_options=options, overwrite=overwrite)
    return _finished(upload, image, wait)


def upload_arrays(id, arrays, attributes, wait=60, overwrite=False, resampler=None, **more):
    """Upload arrays that are made here: {shape, dtype, seed}."""
    image = catalog.Image(id=id, **attributes)
    made = [array(**each) for each in arrays]
    if resampler:
        more["overview_resampler"] = getattr(catalog.OverviewResampler, resampler)
    upload = image.upload_ndarray(made[0] if len(made) == 1 else made, overwrite=overwrite, **more)
    return _finished(upload, image, wait)


def array(shape, dtype, seed=0):
    """Return the pixels that the tests make again on their side."""
    values = (np.arange(int(np.prod(shape))) * 7 + seed) % 251
    return values.reshape(shape).astype(dtype)


def declared(id, attributes, files):
    """Declare an upload without sending any file, then cancel it."""
    image = catalog.Image(id=id, **attributes)
    options = catalog.ImageUploadOptions(upload_type="file", image_files=files)
    upload = catalog.ImageUpload(image=image, image_upload_options=options)
    upload.save()
    began = {**_told(upload), "urls": list(upload.resumable_urls)}
    upload.cancel()
    canceled = _told(upload)
    again = None
    try:
        upload.cancel()
        upload.status = "pending"
        upload.save()
    except Exception as error:  # noqa: BLE001 - told to the test
        again = type(error).__name__
    return {"began": began, "canceled": canceled, "again": again, "id": upload.id}


def finished(upload_id, wait=60):
    """Wait for an upload that somebody else began."""
    upload = catalog.ImageUpload.get(upload_id)
    type(upload)._POLLING_INTERVALS = [0.2]
    upload.wait_for_completion(timeout=wait)
    return _told(upload)


def cancel_finished(upload_id):
    upload = catalog.ImageUpload.get(upload_id)
    upload.cancel()
    return _told(upload)


def get(upload_id):
    return _told(catalog.ImageUpload.get(upload_id))


def refused():
    """Uploads cannot be deleted; the client says so itself."""
    try:
        catalog.ImageUpload.delete("any")
    except NotImplementedError:
        return True
    return False


def search(product_id, expression=None, includes=True, sort=None):
    from objects import filters

    found = catalog.ImageUpload.search(includes=includes).filter(
        catalog.properties.product_id == product_id
    )
    if expression:
        found = found.filter(filters(expression))
    if sort:
        found = found.sort(sort)
    return [_told(each) for each in found]
