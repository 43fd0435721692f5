"""Which objects of the data bucket belong to an image, and which none refers to any more."""

from __future__ import annotations

from urllib.parse import quote

from swath_core.documents import Document

IMAGES = "images/"


def _quoted(text: str) -> str:
    """Return an id's part as it stands in object keys: injective, no slash, no percent surprise."""
    return quote(text, safe="-_.")


def image_prefix(product_id: str) -> str:
    """Return the key prefix of a product's image files: ``images/ORG/PRODUCT/``.

    Under it stand ``YYYY/MM/DD/NAME/VERSIONTOKEN/FILE.tif``. Parts of the id are
    percent-encoded, so that no two products share a prefix; one without an org stands under
    ``%``, which no org is encoded as.
    """
    org, _, rest = product_id.partition(":")
    return f"{IMAGES}{_quoted(org)}/{_quoted(rest)}/" if rest else f"{IMAGES}%/{_quoted(org)}/"


def belongs(key: str, product_id: str, name: str) -> bool:
    """Whether an object of the data bucket is a file of the image of that product and name."""
    prefix = image_prefix(product_id)
    parts = key.removeprefix(prefix).split("/") if key.startswith(prefix) else []
    if len(parts) != 6 or parts[3] != name or not all(parts):  # noqa: PLR2004 - the layout above
        return False
    # where a path is normalised on its way to S3, these would lead to another image's files
    return not {".", ".."} & {*parts[:3], *parts[4:]}


def own_key(href: str | None, bucket: str) -> str | None:
    """Return the key that an href means in the data bucket, or None if it lies elsewhere."""
    prefix = f"s3://{bucket}/"
    return href.removeprefix(prefix) if bucket and href and href.startswith(prefix) else None


def owned_keys(image: Document | None, bucket: str) -> frozenset[str]:
    """Return the keys of an image's files that the catalog itself holds in the data bucket."""
    if image is None:
        return frozenset()
    product_id, name = str(image.get("product_id")), str(image.get("name"))
    hrefs = (file.get("href") for file in image.get("files") or ())
    return frozenset(
        key for href in hrefs if (key := own_key(href, bucket)) and belongs(key, product_id, name)
    )
