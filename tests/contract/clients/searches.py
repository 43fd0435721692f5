"""Searches with the published client; filters are its own expressions over `p`."""

import datetime as dt

from objects import filters
from published_catalog import catalog, plain, resource, view


def query(
    kind,
    filter=None,
    sort=None,
    descending=False,
    limit=None,
    text=None,
    intersects=None,
    match_null_geometry=None,
    request_params=None,
):
    found = resource(kind).search(**({"request_params": request_params} if request_params else {}))
    for expression in [filter] if isinstance(filter, str) else filter or []:
        found = found.filter(filters(expression))
    if sort:
        found = found.sort(sort, ascending=not descending)
    if limit is not None:
        found = found.limit(limit)
    if text is not None:
        found = found.find_text(text)
    if intersects is not None:
        more = {} if match_null_geometry is None else {"match_null_geometry": match_null_geometry}
        found = found.intersects(intersects, **more)
    return found


def ids(kind, **arguments):
    return [each.id for each in query(kind, **arguments)]


def views(kind, **arguments):
    return [view(each) for each in query(kind, **arguments)]


def count(kind, **arguments):
    return query(kind, **arguments).count()


def both(kind, **arguments):
    """Return the ids and the count of the same search."""
    asked = query(kind, **arguments)
    return {"ids": [each.id for each in asked], "count": asked.count()}


def each(kind, searches, counted=True):
    """Answer several searches, by name; an exception stands as its name and text."""
    answers = {}
    for name, arguments in searches.items():
        try:
            answers[name] = (both if counted else ids)(kind, **arguments)
        except Exception as error:  # noqa: BLE001 - told to the test
            answers[name] = f"{type(error).__name__}: {error}"
    return answers


def pages(kind, **arguments):
    """Iterate over several pages; return the ids and the addresses that were asked."""
    session = catalog.CatalogClient.get_default_client().session
    asked = []
    original = session.request

    def request(method, url, *rest, **more):
        asked.append([method, url])
        return original(method, url, *rest, **more)

    session.request = request
    try:
        found = [each.id for each in query(kind, **arguments)]
    finally:
        del session.request
    return {"ids": found, "asked": asked}


def collected(kind, geometry=None, **arguments):
    found = query(kind, intersects=geometry, **arguments).collect()
    return {
        "class": type(found).__name__,
        "ids": [each.id for each in found],
        "each": plain(list(found.each.id)),
    }


def moments(product_id):
    """Search by date in every form in which the client sends one."""
    # a property that was part of a chain of comparisons remembers it: a fresh one each time
    p = catalog.properties
    utc = dt.timezone.utc  # noqa: UP017 - one of the clients runs on Python 3.10
    forms = {
        "datetime": p.acquired >= dt.datetime(2021, 6, 1),
        "aware": p.acquired >= dt.datetime(2021, 6, 1, tzinfo=utc),
        "offset": p.acquired
        >= dt.datetime(2021, 6, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        "day": p.acquired >= "2021-06-01",
        "month": p.acquired >= "2021-06",
        "year": p.acquired >= "2022",
        "second": p.acquired >= "2021-06-01T00:00:00Z",
        "range": (p.acquired > "2021-03-01") & (p.acquired <= "2021-09"),
        "chain": "2021-03-01" <= p.acquired < "2021-09-01",
    }
    base = p.product_id == product_id
    return {
        name: sorted(each.name for each in catalog.Image.search().filter(base).filter(form))
        for name, form in forms.items()
    }
