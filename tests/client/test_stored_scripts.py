"""Names and texts that others stored: shown as text, never run, in notebooks and terminals."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from tests.client.fake import FakeCatalog
from tests.client.test_cli import AREA, Run, run

import swath
from swath.catalog import Band, Image, ImageUpload, Product, properties

__all__ = ["run"]  # a fixture

SCRIPTS = (
    "<script>alert(1)</script>",
    "</td></table></div><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    '" onfocus="alert(1)" autofocus="',
    "javascript:alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{constructor.constructor('alert(1)')()}}",
    "<svg/onload=alert(1)>",
    "<!--", "-->", "]]>", "<style>*{background:url(//x.example)}</style>",
)  # fmt: skip
ESCAPES = (
    "\x1b]0;title\x07", "\x1b[2J", "\x9b31m", "\x1b[8m", "\x1bP$q\x1b\\", "\x1b]8;;http://x\x07",
    "\r", "\x08\x08", "\x7f", "\u202egpj.exe", "\u2066", "\u2028", "\x85", "\n\nID  evil",
)  # fmt: skip
HOSTILE = "".join((*SCRIPTS, *ESCAPES))
DRAWN = {
    "div", "b", "i", "table", "tr", "td", "th", "svg", "g", "line", "path", "circle", "rect",
    "text", "br", "small", "img",
}  # fmt: skip


class Elements(HTMLParser):
    """Every element of a piece of HTML with its attributes, and the text around them."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.shown = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.shown += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")


def harmless(source: str) -> Elements:
    """Return the elements of HTML in which nothing runs."""
    elements = Elements(source)
    for tag, attributes in elements.found:
        assert tag in DRAWN, tag
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in {"href", "xlink:href", "srcdoc", "formaction"}
            if name == "src":
                assert str(value).startswith(("https://", "http://", "data:image/png;")), value
            if name == "style":
                assert "url(" not in str(value)
                assert "<" not in str(value)
    return elements


@pytest.fixture
def stored(client: swath.Client, fake: FakeCatalog) -> str:
    """What somebody else wrote: hostile in every text that an attribute takes."""
    texts: dict[str, Any] = {
        "description": HOSTILE,
        "tags": [HOSTILE, *SCRIPTS],
        "extra_properties": {HOSTILE: HOSTILE, "n": 1},
        "owners": [f"email:{HOSTILE}"],
    }
    fake.objects["products"]["acme:p"] = {"name": HOSTILE, **texts}
    fake.objects["bands"]["acme:p:b"] = {
        "name": "b", "product_id": "acme:p", "type": "spectral", "data_type": "UInt16",
        "color": HOSTILE, "vendor_band_name": HOSTILE, **texts,
    }  # fmt: skip
    for number, url in enumerate(("javascript:alert(1)", "https://x.example/'onerror='alert(1)")):
        fake.objects["images"][f"acme:p:i{number}"] = {
            "name": f"i{number}", "product_id": "acme:p", "acquired": "2020-01-01T00:00:00Z",
            "geometry": AREA, "preview_url": url, "preview_file": HOSTILE, "provider_id": HOSTILE,
            "satellite_id": HOSTILE, "processing_pipeline_id": HOSTILE, **texts,
        }  # fmt: skip
    fake.objects["uploads_v2"]["u1"] = {
        "image_id": "acme:p:i0", "product_id": "acme:p", "user": HOSTILE, "status": "failure",
        "image_upload_options": {"upload_type": "file", "image_files": [HOSTILE]},
    }  # fmt: skip
    return "acme:p"


def test_objects_in_a_notebook_run_nothing(stored: str) -> None:
    product = Product.get(stored)
    assert product is not None
    found = [
        product,
        Band.get("acme:p:b"),
        Image.get("acme:p:i0"),
        Image.get("acme:p:i1"),
        ImageUpload.get("u1"),
    ]
    for each in found:
        assert each is not None
        elements = harmless(each._repr_html_())
        assert "alert(1)" in elements.shown  # as text
    assert "<script>alert(1)</script>" in harmless(product._repr_html_()).shown


def test_collections_and_searches_in_a_notebook_run_nothing(stored: str) -> None:
    images = Image.search().collect()
    assert len(images) == 2
    harmless(images._repr_html_())
    harmless(Product.search().collect()._repr_html_())
    for script in SCRIPTS:
        asked = Image.search().filter(properties.satellite_id == script).find_text(script)
        elements = harmless(asked.intersects(AREA)._repr_html_())
        assert script[:20] in elements.shown.replace('\\"', '"')
        harmless(Product(name=script, id=f"acme:{script}")._repr_html_())


def test_terminals_are_written_text(run: Run, stored: str) -> None:
    commands = (
        ["products"],
        ["products", stored],
        ["bands", stored],
        ["images", "search", "--product", stored],
        ["images", "search", "--geojson"],
        ["images", "show", "acme:p:i0"],
        ["images", "summary"],
        ["product", "show", stored],
        ["band", "show", "acme:p:b"],
        ["image", "show", "acme:p:i1"],
    )
    shown = ""
    for command in commands:
        for more in ([], ["--json"]):
            status, out, err = run(*command, *more)
            if status != 0:  # it has no such form
                assert "--json" in err or "usage" in err, (command, err)
                continue
            unprintable = {each for each in out + err if not each.isprintable()} - {"\n"}
            assert not unprintable, (command, unprintable)
            assert "\n\nID  evil" not in out
            shown += out
    assert shown.count("\\u001b") > len(commands)
    assert shown.count("\\u202e") > len(commands)


def test_json_for_programs_is_what_was_stored(run: Run, stored: str) -> None:
    status, out, err = run("products", stored, "--json")
    assert status == 0, err
    assert json.loads(out)["name"] == HOSTILE
