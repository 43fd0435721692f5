"""The raster function's answers. Its modules load GDAL: they are imported by the first request."""
