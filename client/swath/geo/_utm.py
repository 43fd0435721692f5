"""Universal transverse Mercator on WGS 84, by Krüger's series.

Formulas: C. F. F. Karney, "Transverse Mercator with an accuracy of a few nanometers", Journal of
Geodesy 85 (2011), equations 7 to 36, here to the sixth order: below a micrometre inside a zone.
Eastings have the usual offset of 500 km; northings of the southern hemisphere are negative, as in
the grid of DLTile, which has one set of zones for both hemispheres.
"""

from __future__ import annotations

import math

_A = 6378137.0
_F = 1 / 298.257223563
_N = _F / (2 - _F)
_E = math.sqrt(_F * (2 - _F))
_K0 = 0.9996
_EASTING = 500000.0
_RADIUS = _A / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64 + _N**6 / 256)

_ALPHA = (
    _N / 2 - 2 * _N**2 / 3 + 5 * _N**3 / 16 + 41 * _N**4 / 180 - 127 * _N**5 / 288
    + 7891 * _N**6 / 37800,
    13 * _N**2 / 48 - 3 * _N**3 / 5 + 557 * _N**4 / 1440 + 281 * _N**5 / 630
    - 1983433 * _N**6 / 1935360,
    61 * _N**3 / 240 - 103 * _N**4 / 140 + 15061 * _N**5 / 26880 + 167603 * _N**6 / 181440,
    49561 * _N**4 / 161280 - 179 * _N**5 / 168 + 6601661 * _N**6 / 7257600,
    34729 * _N**5 / 80640 - 3418889 * _N**6 / 1995840,
    212378941 * _N**6 / 319334400,
)  # fmt: skip
_BETA = (
    _N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96 - _N**4 / 360 - 81 * _N**5 / 512
    + 96199 * _N**6 / 604800,
    _N**2 / 48 + _N**3 / 15 - 437 * _N**4 / 1440 + 46 * _N**5 / 105
    - 1118711 * _N**6 / 3870720,
    17 * _N**3 / 480 - 37 * _N**4 / 840 - 209 * _N**5 / 4480 + 5569 * _N**6 / 90720,
    4397 * _N**4 / 161280 - 11 * _N**5 / 504 - 830251 * _N**6 / 7257600,
    4583 * _N**5 / 161280 - 108847 * _N**6 / 3991680,
    20648693 * _N**6 / 638668800,
)  # fmt: skip


def central_meridian(zone: int) -> float:
    """Longitude of the middle of a zone, in degrees."""
    return 6.0 * zone - 183.0


def zone_of(lon: float) -> int:
    """The zone, 1 to 60, of a longitude in degrees; no exceptions for Norway and Svalbard."""
    return min(int((lon + 180.0) // 6.0) + 1, 60)


def to_utm(lon: float, lat: float, zone: int) -> tuple[float, float]:
    """Easting and northing in metres of a longitude and latitude in degrees."""
    lam = math.radians((lon - central_meridian(zone) + 180.0) % 360.0 - 180.0)
    tau = math.tan(math.radians(max(min(lat, 89.9999999), -89.9999999)))
    sigma = math.sinh(_E * math.atanh(_E * tau / math.hypot(1.0, tau)))
    tau = tau * math.hypot(1.0, sigma) - sigma * math.hypot(1.0, tau)
    xi = math.atan2(tau, math.cos(lam))
    eta = math.asinh(math.sin(lam) / math.hypot(tau, math.cos(lam)))
    x, y = eta, xi
    for j, alpha in enumerate(_ALPHA, start=1):
        x += alpha * math.cos(2 * j * xi) * math.sinh(2 * j * eta)
        y += alpha * math.sin(2 * j * xi) * math.cosh(2 * j * eta)
    return _EASTING + _K0 * _RADIUS * x, _K0 * _RADIUS * y


def to_lonlat(x: float, y: float, zone: int) -> tuple[float, float]:
    """Longitude and latitude in degrees of an easting and northing in metres."""
    xi, eta = y / (_K0 * _RADIUS), (x - _EASTING) / (_K0 * _RADIUS)
    xi_, eta_ = xi, eta
    for j, beta in enumerate(_BETA, start=1):
        xi_ -= beta * math.sin(2 * j * xi) * math.cosh(2 * j * eta)
        eta_ -= beta * math.cos(2 * j * xi) * math.sinh(2 * j * eta)
    conformal = math.sin(xi_) / math.hypot(math.sinh(eta_), math.cos(xi_))
    lon = central_meridian(zone) + math.degrees(math.atan2(math.sinh(eta_), math.cos(xi_)))
    return (lon + 180.0) % 360.0 - 180.0, math.degrees(math.atan(_geographic(conformal)))


def _geographic(conformal: float) -> float:
    """Tangent of the geographic latitude from that of the conformal one, by Newton's method."""
    tau = conformal / math.sqrt(1 - _E**2)
    for _ in range(6):
        sigma = math.sinh(_E * math.atanh(_E * tau / math.hypot(1.0, tau)))
        guess = tau * math.hypot(1.0, sigma) - sigma * math.hypot(1.0, tau)
        slope = (1 + (1 - _E**2) * tau**2) / ((1 - _E**2) * math.hypot(1.0, tau))
        step = (conformal - guess) / math.hypot(1.0, guess) * slope
        tau += step
        if abs(step) < 1e-14 * max(1.0, abs(tau)):
            break
    return tau
