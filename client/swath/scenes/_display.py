"""Arrays as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from swath.errors import MissingExtraError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COLOURS = 3


def display(
    *arrays: NDArray[Any],
    title: str | list[str] | None = None,
    bands_axis: int = 0,
    size: float = 6.0,
    robust: bool = True,
    **options: Any,
) -> Any:
    """Show arrays below each other: one band in grey (or `cmap=`), three in colour.

    `size`: inches of each. `robust`: black and white are the 2nd and the 98th percentile, else the
    extremes; bytes are shown as they are. Masked pixels are transparent. Returns the figure. Needs
    matplotlib. Raises ValueError for an array that is no picture.
    """
    plt = _pyplot()
    pictures = [_picture(array, bands_axis, robust=robust) for array in arrays]
    if not pictures:
        raise ValueError("nothing to display")
    titles = [title] * len(pictures) if title is None or isinstance(title, str) else title
    figure, axes = plt.subplots(
        len(pictures), 1, figsize=(size, size * len(pictures)), squeeze=False
    )
    for axis, picture, words in zip(axes[:, 0], pictures, titles, strict=True):
        axis.imshow(picture, **({"cmap": "gray"} | options if picture.ndim == 2 else options))  # noqa: PLR2004
        axis.set_axis_off()
        axis.set_title(words or "")
    figure.tight_layout()
    return figure


def _picture(array: NDArray[Any], bands_axis: int, *, robust: bool) -> NDArray[Any]:
    """(rows, columns), or (rows, columns, 4) of floats 0 to 1 with the mask as alpha."""
    import numpy as np

    whole = np.ma.asarray(array)
    if whole.ndim == 3:  # noqa: PLR2004
        whole = np.ma.asarray(np.moveaxis(whole, bands_axis, 0))
        whole = whole[0] if whole.shape[0] == 1 else whole
    if whole.ndim == 2:  # noqa: PLR2004
        grey: NDArray[Any] = whole
        return grey
    if whole.ndim != 3 or whole.shape[0] != _COLOURS:  # noqa: PLR2004
        raise ValueError(f"a picture has one band or three; this array is {array.shape}")
    colours = [_stretched(band, robust=robust) for band in whole]
    alpha = ~np.ma.getmaskarray(whole).any(axis=0)
    return np.stack([*colours, alpha.astype(float)], axis=-1)


def _stretched(band: Any, *, robust: bool) -> NDArray[Any]:
    import numpy as np

    if band.dtype == np.uint8:
        return np.asarray(band.filled(0) / 255.0)
    valid = band.compressed()
    if valid.size == 0:
        return np.zeros(band.shape)
    low, high = np.percentile(valid, (2, 98)) if robust else (valid.min(), valid.max())
    span = float(high - low) or 1.0
    return np.asarray(np.clip((band.filled(low) - low) / span, 0.0, 1.0))


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise MissingExtraError("this needs matplotlib: pip install 'swath[display]'") from None
    return plt
