"""Items as several providers write them, for tests that they come out as they came in."""

from __future__ import annotations

from typing import Any

Item = dict[str, Any]

_EXT = "https://stac-extensions.github.io"


def _ring(*points: tuple[float, float]) -> list[list[float]]:
    return [list(point) for point in (*points, points[0])]


SENTINEL: Item = {
    "type": "Feature",
    "stac_version": "1.0.0",
    "id": "S2B_33UUP_20240114_0_L2A",
    "collection": "sentinel-2-l2a",
    "geometry": {
        "type": "Polygon",
        "coordinates": [_ring((11.9, 48.7), (13.4, 48.75), (13.4, 47.8), (11.95, 47.76))],
    },
    "bbox": [11.9, 47.76, 13.4, 48.75],
    "properties": {
        "created": "2024-01-14T18:43:34.125Z",
        "updated": "2024-01-14T18:43:34.125Z",
        "datetime": "2024-01-14T10:17:27.283000Z",
        "platform": "sentinel-2b",
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "eo:cloud_cover": 37.284172,
        "proj:epsg": 32633,
        "mgrs:utm_zone": 33,
        "mgrs:latitude_band": "U",
        "grid:code": "MGRS-33UUP",
        "view:sun_azimuth": 165.829,
        "view:sun_elevation": 18.9,
        "s2:nodata_pixel_percentage": 0,
        "s2:degraded_msi_data_percentage": 0.0236,
        "s2:reflectance_conversion_factor": 1.03341,
        "earthsearch:boa_offset_applied": True,
        "processing:software": {"sentinel2-to-stac": "0.1.1"},
    },
    "links": [
        {"rel": "self", "href": "https://earth-search.example/v1/items/S2B"},
        {"rel": "canonical", "href": "s3://sentinel-cogs/S2B.json", "type": "application/json"},
        {"rel": "license", "href": "https://sentinel.example/legal", "title": "Legal notice"},
        {"rel": "collection", "href": "https://earth-search.example/v1/collections/s2"},
    ],
    "assets": {
        "blue": {
            "href": "https://sentinel-cogs.example/33/U/UP/B02.tif",
            "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "title": "Blue (band 2) - 10m",
            "eo:bands": [{"name": "blue", "common_name": "blue", "center_wavelength": 0.49}],
            "gsd": 10,
            "proj:shape": [10980, 10980],
            "proj:transform": [10, 0, 300000, 0, -10, 5400000],
            "raster:bands": [{"nodata": 0, "data_type": "uint16", "scale": 0.0001, "offset": -0.1}],
            "roles": ["data", "reflectance"],
        },
        "scl": {
            "href": "https://sentinel-cogs.example/33/U/UP/SCL.tif",
            "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "title": "Scene classification map (SCL)",
            "gsd": 20,
            "raster:bands": [{"nodata": 0, "data_type": "uint8", "spatial_resolution": 20}],
            "roles": ["data", "reflectance"],
        },
        "thumbnail": {
            "href": "https://sentinel-cogs.example/33/U/UP/thumbnail.jpg",
            "type": "image/jpeg",
            "title": "Thumbnail image",
            "roles": ["thumbnail"],
        },
        "granule_metadata": {
            "href": "https://sentinel-cogs.example/33/U/UP/granule.xml",
            "type": "application/xml",
            "roles": ["metadata"],
        },
    },
    "stac_extensions": [
        f"{_EXT}/eo/v1.1.0/schema.json",
        f"{_EXT}/raster/v1.1.0/schema.json",
        f"{_EXT}/view/v1.0.0/schema.json",
        f"{_EXT}/projection/v1.1.0/schema.json",
    ],
}

LANDSAT: Item = {
    "type": "Feature",
    "stac_version": "1.1.0",
    "id": "LC09_L2SP_193026_20240301_02_T1",
    "collection": "landsat-c2-l2",
    "geometry": {
        "type": "Polygon",
        "coordinates": [_ring((10.1, 49.5), (12.6, 49.1), (11.9, 47.4), (9.5, 47.8))],
    },
    "bbox": [9.5, 47.4, 12.6, 49.5],
    "properties": {
        "datetime": "2024-03-01T10:01:30.512345Z",
        "platform": "landsat-9",
        "instruments": ["oli", "tirs"],
        "description": "Landsat Collection 2 Level-2",
        "gsd": 30,
        "eo:cloud_cover": 4.61,
        "view:off_nadir": 0,
        "view:sun_azimuth": 157.1,
        "view:sun_elevation": 31.33,
        "proj:code": "EPSG:32632",
        "proj:shape": [7931, 7821],
        "proj:transform": [30.0, 0.0, 591585.0, 0.0, -30.0, 5484615.0, 0, 0, 1],
        "landsat:wrs_path": "193",
        "landsat:cloud_cover_land": 4.61,
        "landsat:scene_id": "LC91930262024061LGN00",
        "sci:doi": "10.5066/P9OGBGM6",
    },
    "links": [{"rel": "cite-as", "href": "https://doi.example/10.5066/P9OGBGM6"}],
    "assets": {
        "red": {
            "href": "https://landsat.example/LC09_SR_B4.TIF",
            "type": "image/vnd.stac.geotiff; cloud-optimized=true",
            "file:checksum": "d50110" + "0123456789abcdef" * 2,
            "file:size": 85123456,
            "roles": ["data"],
            "bands": [
                {
                    "name": "OLI_B4",
                    "eo:common_name": "red",
                    "eo:center_wavelength": 0.65,
                    "raster:scale": 2.75e-05,
                    "raster:offset": -0.2,
                    "data_type": "uint16",
                    "nodata": 0,
                }
            ],
        },
        "qa": {
            "href": "https://landsat.example/LC09_QA.TIF",
            "roles": ["cloud"],
            "classification:bitfields": [
                {"name": "fill", "offset": 0, "length": 1,
                 "classes": [{"name": "no", "value": 0, "description": "no fill"},
                             {"name": "yes", "value": 1, "description": "fill"}]}
            ],
        },
        "MTL.json": {"href": "https://landsat.example/MTL.json", "roles": ["metadata"]},
    },
    "stac_extensions": [
        f"{_EXT}/eo/v2.0.0/schema.json",
        f"{_EXT}/raster/v2.0.0/schema.json",
        f"{_EXT}/view/v1.1.0/schema.json",
        f"{_EXT}/projection/v2.0.0/schema.json",
        f"{_EXT}/file/v2.1.0/schema.json",
        f"{_EXT}/classification/v1.1.0/schema.json",
    ],
}  # fmt: skip

SAR: Item = {
    "type": "Feature",
    "stac_version": "1.1.0",
    "id": "CAPELLA_C05_SP_GEO_HH_20220904",
    "collection": "capella",
    "geometry": {
        "type": "Polygon",
        "coordinates": [_ring((179.9, -17.1), (179.9, -17.3), (-179.8, -17.3), (-179.8, -17.1))],
    },
    "bbox": [179.9, -17.3, -179.8, -17.1],
    "properties": {
        "datetime": None,
        "start_datetime": "2022-09-04T21:00:01.5Z",
        "end_datetime": "2022-09-04T21:00:33.25Z",
        "platform": "capella-5",
        "sar:instrument_mode": "spotlight",
        "sar:polarizations": ["HH"],
        "sar:center_frequency": 9.65,
        "view:incidence_angle": 36.2,
        "sat:orbit_state": "ascending",
        "capella:order": {"number": 7, "tags": ["a", None]},
        "title": "A spotlight scene",
    },
    "links": [],
    "assets": {"HH": {"href": "s3://capella-open-data/HH.tif", "roles": ["data"]}},
    "stac_extensions": [f"{_EXT}/view/v1.1.0/schema.json"],
}

PLANET: Item = {
    "type": "Feature",
    "stac_version": "1.0.0",
    "id": "20210617_171453_55_245d",
    "collection": "planet",
    "geometry": {
        "type": "MultiPolygon",
        "coordinates": [
            [_ring((0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0))],
            [_ring((2.0, 0.0), (3.0, 0.0), (3.0, 1.0), (2.0, 1.0))],
        ],
    },
    "bbox": [0.0, 0.0, 3.0, 1.0],
    "properties": {
        "datetime": "2021-06-17T17:14:53.559792+00:00",
        "gsd": 3.9,
        "view:azimuth": 271.9,
        "view:off_nadir": 2.7,
        "keywords": ["test", "orthorectified"],
        "pl:quality_category": "standard",
        "pl:ground_control": True,
        "eo:cloud_cover": None,
        "a property with a long text": "x" * 1500,
    },
    "links": [{"rel": "via", "href": "https://planet.example/x", "auth:refs": ["key"]}],
    "assets": {},
    "stac_extensions": [f"{_EXT}/view/v1.0.0/schema.json"],
}

MODEL: Item = {
    "type": "Feature",
    "stac_version": "1.1.0",
    "id": "era5-2020-02",
    "collection": "era5",
    "geometry": None,
    "properties": {"datetime": "2020-02-01T00:00:00Z", "cube:dimensions": {"x": {"type": "x"}}},
    "links": [],
    "assets": {"data": {"href": "abfs://era5/2020/02.zarr", "type": "application/vnd.zarr"}},
    "stac_extensions": [],
}

ALL = (SENTINEL, LANDSAT, SAR, PLANET, MODEL)
