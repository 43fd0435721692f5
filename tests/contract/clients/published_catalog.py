"""The catalog package of whichever published client this environment has."""

import datetime as dt
import enum

try:
    from descarteslabs import catalog, exceptions
except ImportError:
    from earthdaily.earthone import catalog, exceptions

__all__ = ["catalog", "exceptions", "plain", "properties", "resource", "view"]

properties = catalog.properties


def resource(kind):
    """Return a class of the client by its name: Product, SpectralBand, Image ..."""
    return getattr(catalog, kind)


def plain(value):
    """Return a value of the client's as JSON has it; times in ISO form."""
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if hasattr(value, "__geo_interface__"):
        return plain(value.__geo_interface__)
    return value


def view(found):
    """Return what an object of the client's says of itself; None stays None."""
    if found is None:
        return None
    return {
        "class": type(found).__name__,
        "id": found.id,
        "state": found.state.value,
        "attributes": plain(found.serialize()),
    }
