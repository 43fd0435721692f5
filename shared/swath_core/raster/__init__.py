"""Pixels out of the catalog: grids, reading, warping, mosaics, streams and pictures."""
