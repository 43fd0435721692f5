"""The forms of texts that may name a coordinate reference system, for ingest and for raster.

PROJ can be told to read grids, files and URLs from inside a text. A caller's text therefore has to
be one of three closed forms (an authority code, a PROJ string of plain parameters, WKT), and
nothing in it may name a file.
"""

from __future__ import annotations

import re

from swath_core.documents import shown

_AUTHORITY = re.compile(
    r"\s*(?:urn:ogc:def:crs:)?(EPSG|ESRI|OGC|IAU_2015):{1,2}(\w{1,12})\s*", re.IGNORECASE
)
_WKT = re.compile(
    r"\s*(?:PROJCS|GEOGCS|PROJCRS|PROJECTEDCRS|GEOGCRS|GEOGRAPHICCRS|GEODCRS|GEODETICCRS"
    r"|BOUNDCRS|COMPD_CS|COMPOUNDCRS)\s*[\[(]",
    re.IGNORECASE,
)
_PROJ4_EXTENSION = re.compile(r"EXTENSION\s*[\[(]\s*\"PROJ4\"\s*,\s*\"([^\"]*)\"", re.IGNORECASE)
_PROJ_TOKEN = re.compile(r"\+?([A-Za-z_][\w]*)(?:=([\w.,+:@-]*))?")
_FILE_KEYS = frozenset(
    {"catalog", "file", "geoidgrids", "geoid_crs", "grids", "init", "nadgrids", "proj_lib", "step"}
    | {"inv", "xyzgrids", "omit_fwd", "omit_inv", "boundary"}
)
CRS_FORMS = "an EPSG code (EPSG:32615), a PROJ string (+proj=utm +zone=15 +datum=WGS84) or WKT"
"""The accepted forms, in words."""


def crs_form(text: str) -> str:
    """Return a text that PROJ may be given, in normal form.

    Raises ValueError where it is none of the accepted forms, or names a file or a pipeline.
    """
    authority = _AUTHORITY.fullmatch(text)
    if authority:
        return f"{authority[1].upper()}:{authority[2]}"
    _refuse_files(text)
    return text.strip()


def _refuse_files(text: str) -> None:
    if _WKT.match(text):
        if re.search(r"PARAMETERFILE", text, re.IGNORECASE):
            raise ValueError("a CRS may not name a grid file (PARAMETERFILE)")
        for proj4 in _PROJ4_EXTENSION.findall(text):
            _refuse_proj_files(proj4)
        return
    if "+proj=" in text or text.lstrip().startswith("+"):
        _refuse_proj_files(text)
        return
    raise ValueError(f"{shown(text)} is not {CRS_FORMS}")


def _refuse_proj_files(text: str) -> None:
    for token in text.split():
        match = _PROJ_TOKEN.fullmatch(token)
        if match is None:
            raise ValueError(f"{shown(token)} is not a parameter of a PROJ string")
        key, value = match[1].lower(), match[2]
        if key == "nadgrids" and value == "@null":
            continue
        if key in _FILE_KEYS or (key == "proj" and value == "pipeline"):
            raise ValueError(f"+{key} is not accepted: a CRS may not name files or pipelines")
