"""What the last client with Scenes does beyond the later ones."""

from published_catalog import catalog, plain, view


def catalogue(product_id):
    """Search the catalog as this version does."""
    p = catalog.properties
    bands = catalog.Band.search().filter(p.product_id == product_id)
    images = catalog.Image.search().filter(p.product_id == product_id)
    summary = images.summary()
    months = images.summary_interval(interval="month", aggregate_date_field="acquired")
    enums = images.summary_interval(
        interval=catalog.Interval.MONTH, aggregate_date_field=catalog.AggregateDateField.ACQUIRED
    )
    return {
        "bands": [each.id for each in bands.sort("sort_order")],
        "images": [each.id for each in images],
        "count": images.count(),
        "summary": [summary.count, summary.bytes],
        "months": [[plain(each.interval_start), each.count] for each in months],
        "enums": [[plain(each.interval_start), each.count] for each in enums],
        "derived": [each.id for each in catalog.Product.get(product_id).derived_bands()],
        "all_derived": [each.id for each in catalog.DerivedBand.search()],
        "no_derived": view(catalog.DerivedBand.get("derived:none")),
    }


def scenes(product_id, aoi, cloud_fraction=None):
    """Find scenes, and look at one."""
    from descarteslabs import scenes as package

    found, context = package.search(
        aoi,
        product_id,
        start_datetime="2020-01-01",
        end_datetime="2021-01-01",
        limit=10,
        cloud_fraction=cloud_fraction,
    )
    scene, own = package.Scene.from_id(found[0].properties.id)
    properties = scene.properties
    return {
        "ids": [each.properties.id for each in found],
        "context": type(context).__name__,
        "own": plain(own.geometry),
        "id": properties.id,
        "product": properties.product,
        "key": properties.key,
        "date": plain(properties.date),
        "crs": properties.crs,
        "cloud_fraction": properties.cloud_fraction,
        "bands": sorted(properties.bands),
        "band": dict(properties.bands["red"]),
        "repr": repr(scene),
    }


def no_scene(id):
    from descarteslabs import scenes as package

    return package.Scene.from_id(id)


def products(product_id, band):
    """The plain functions of the same package."""
    from descarteslabs import scenes as package

    return {
        "product": plain(dict(package.get_product(product_id))),
        "band": plain(dict(package.get_band(f"{product_id}:{band}"))),
        "products": [each["id"] for each in package.search_products(text="old things")],
        "bands": [each["id"] for each in package.search_bands(products=product_id)],
    }
