"""Commands and their options."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from swath._version import __version__

from . import _account, _catalog, _manage, _operate, _pixels, _stac, _upload
from ._completion import SHELLS, completion

Run = Callable[[argparse.Namespace], None]


class Commands:
    """Adds commands to a parser, every one with the options that all have."""

    def __init__(self, parser: argparse.ArgumentParser, title: str) -> None:
        self._commands = parser.add_subparsers(required=True, metavar="COMMAND", title=title)

    def add(self, name: str, run: Run, summary: str, epilog: str = "") -> argparse.ArgumentParser:
        """A command that is run by `run`."""
        made = self._commands.add_parser(name, help=summary, description=summary, epilog=epilog)
        made.set_defaults(run=run)
        _common(made)
        return made

    def group(self, name: str, summary: str) -> Commands:
        """A command of commands."""
        return Commands(self._commands.add_parser(name, help=summary, description=summary), name)


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command."""
    made = argparse.ArgumentParser(
        prog="swath", description="A catalog of georeferenced images, from a shell."
    )
    made.add_argument("--version", action="version", version=f"swath {__version__}")
    commands = Commands(made, "commands")
    _account_commands(commands)
    _catalog_commands(commands)
    _managing_commands(commands)
    _data_commands(commands)
    _stac_commands(commands.group("stac", "items of elsewhere, and items for elsewhere"))
    _operating_commands(commands)
    shell = commands.add(
        "completion", lambda o: completion(parser(), o.shell), "completion for a shell"
    )
    shell.add_argument("shell", choices=SHELLS)
    return made


def _common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="JSON instead of a table")
    command.add_argument("--profile", help="section of the configuration file")
    command.add_argument("--url", help="root of the API, instead of the configured one")


def _account_commands(commands: Commands) -> None:
    login = commands.add("login", _account.login, "try a catalog and its token, then store them")
    login.add_argument("--token", help="the token; else --token-url, or it is asked for")
    login.add_argument("--raster-url", help="root of the raster service, where it differs")
    login.add_argument("--token-url", help="OAuth 2 endpoint that tokens are fetched from")
    login.add_argument("--client-id")
    login.add_argument("--client-secret")
    token = commands.add("token", _account.token, "who the token speaks for, and until when")
    token.add_argument("--raw", action="store_true", help="print the token itself")


def _catalog_commands(commands: Commands) -> None:
    products = commands.add("products", _catalog.products, "the products, or one of them in full")
    products.add_argument("id", nargs="?", help="show this one")
    products.add_argument("--text", help="words in name or description")
    products.add_argument("--limit", type=int)
    bands = commands.add("bands", _catalog.bands, "the bands of a product")
    bands.add_argument("product")
    images = commands.group("images", "find and show images")
    for name, run, summary in (
        ("search", _catalog.search, "images that match"),
        ("count", _catalog.count, "how many images match"),
        ("summary", _catalog.summary, "count, bytes and products of what matches"),
    ):
        command = images.add(name, run, summary)
        command.add_argument("products", nargs="*", metavar="PRODUCT", help="product ids")
        _search_options(command)
        if name == "search":
            command.add_argument("--sort", default="acquired", help="attribute; -NAME descends")
            command.add_argument("--limit", type=int, default=100, help="at most so many (100)")
            command.add_argument("--geojson", action="store_true", help="a FeatureCollection")
            command.add_argument("--explain", action="store_true", help="the plan, not the images")
        if name == "summary":
            command.add_argument("--interval", help="year, quarter, month, week, day, hour, minute")
    show = images.add("show", _catalog.show, "one image in full")
    show.add_argument("id")


def _managing_commands(commands: Commands) -> None:
    for kind in _manage.KINDS:
        group = commands.group(kind, f"create, show, edit and delete {kind}s")
        create = group.add("create", _manage.create, f"a new {kind}, of a file or of options")
        create.add_argument("id", nargs="?", help="its id, unless the file has it")
        edit = group.add("edit", _manage.edit, "change attributes; without options in $EDITOR")
        edit.add_argument("id")
        for command in (create, edit):
            command.add_argument(
                "-f", "--file", help="attributes as TOML or JSON; - reads stdin", metavar="FILE"
            )
            _set_option(command)
        show = group.add("show", _manage.show, f"one {kind} in full")
        delete = group.add("delete", _manage.delete, f"delete a {kind}")
        delete.add_argument("-y", "--yes", action="store_true", help="do not ask")
        for command in (show, delete):
            command.add_argument("id")
        for command in (create, edit, show, delete):
            command.set_defaults(kind=kind)
        if kind == "product":
            show.add_argument(
                "--structure", action="store_true", help="with its bands, as create -f takes it"
            )
            delete.add_argument("--related", action="store_true", help="its bands and images, too")
            _product_commands(group)


def _product_commands(group: Commands) -> None:
    copy = group.add("copy", _manage.copy, "a new product with the attributes and bands of another")
    copy.add_argument("source")
    copy.add_argument("new", help="id of the new product")
    copy.set_defaults(kind="product")
    _set_option(copy)
    share = group.add("share", _manage.share, "who may read, write and own a product")
    share.add_argument("id")
    for one in ("reader", "writer", "owner"):
        share.add_argument(
            f"--{one}", action="append", default=[], dest=f"{one}s", metavar="SUBJECT",
            help="add org:, user:, email: or group:NAME",
        )  # fmt: skip
    share.add_argument(
        "--remove", action="append", default=[], metavar="SUBJECT", help="take from all lists"
    )
    task = group.add("task", _manage.task, "how far the deletion of a product's objects is")
    task.add_argument("id")
    task.add_argument("--wait", action="store_true", help="until it has ended")


def _set_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="attribute"
    )


def _search_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--product", action="append", help="product id; may be repeated")
    command.add_argument("--intersects", metavar="AREA", help="WKT, GeoJSON, W,S,E,N or a file")
    command.add_argument("--after", help="acquired at this time or later")
    command.add_argument("--before", help="acquired before this time")
    command.add_argument("--cloud", type=float, metavar="FRACTION", help="cloud_fraction below")
    command.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="or != < > <= >=",
    )


def _stac_commands(group: Commands) -> None:
    come = group.add(
        "import",
        _stac.import_items,
        "register the items of a STAC API, a file or standard input",
        "What is there already is left as it is, so that an import that ended can be sent again.",
    )
    come.add_argument("source", help="URL of a collection or of items, a file, or -")
    come.add_argument("--product", help="where to; else the items' own collection")
    come.add_argument("--limit", type=int, help="at most so many items")
    come.add_argument("--chunk", type=int, default=100, help="items of one request (100)")
    come.add_argument("--update", action="store_true", help="replace items that are there")
    come.add_argument("--report", metavar="FILE", help="what became of each item, a line of JSON")
    go = group.add("export", _stac.export_items, "write items that match: a line of JSON each")
    go.add_argument("collections", nargs="*", metavar="COLLECTION")
    go.add_argument("-o", "--output", default="-", help=".parquet, or lines; else to stdout")
    go.add_argument("--ids", nargs="+", metavar="NAME")
    go.add_argument("--datetime", help="a moment or an interval of RFC 3339")
    go.add_argument("--bbox", nargs=4, type=float, metavar=("W", "S", "E", "N"))
    go.add_argument("--query", metavar="JSON", help="operators and values by property")
    go.add_argument(
        "--from-files", action="store_true",
        help="all of a collection, out of its GeoParquet files: without the assets of the items",
    )  # fmt: skip


def _data_commands(commands: Commands) -> None:
    upload = commands.add("upload", _upload.upload, "make images of files")
    upload.add_argument("files", nargs="+", metavar="FILE")
    upload.add_argument("--product", required=True)
    upload.add_argument("--name", help="one image of all files; else one of each")
    upload.add_argument("--acquired", help="when it was taken; else the file must tell")
    _set_option(upload)
    upload.add_argument("--overwrite", action="store_true", help="replace images of these names")
    upload.add_argument("--no-wait", action="store_true", help="do not wait for the images")
    _drop_commands(commands.group("drop", "the drop folder: `swath drop FILE...` or `drop status`"))
    raster = commands.add("raster", _pixels.raster, "pixels of images into a file")
    raster.add_argument("images", nargs="+", metavar="IMAGE", help="several become a mosaic")
    raster.add_argument("--bands", required=True, help="names, separated by spaces or commas")
    raster.add_argument("-o", "--output", required=True, help=".tif, .png, .jpg or .npy")
    raster.add_argument("--resolution", type=float)
    raster.add_argument("--crs")
    raster.add_argument("--area", metavar="AREA", help="WKT, GeoJSON, W,S,E,N or a file")
    raster.add_argument("--scaling", choices=["raw", "auto", "display", "physical"])
    raster.add_argument("--nodata", type=float)
    raster.add_argument(
        "--expression", action="append", metavar="NAME=EXPRESSION", default=[],
        help="a band to compute: --bands ndvi --expression 'ndvi=(nir-red)/(nir+red)'",
    )  # fmt: skip
    raster.add_argument("--mask", help="hide pixels where this is true: '(qa & 8) != 0'")
    tile = commands.add("tile", _pixels.tile, "a tile of a web map as PNG")
    for name in "zxy":
        tile.add_argument(name, type=int)
    tile.add_argument("-o", "--output", required=True)
    tile.add_argument("--bands", help="else the product's display bands")
    tile.add_argument("--expression", help="shades of its values instead of bands")
    tile.add_argument(
        "--range", nargs=2, type=float, default=(-1.0, 1.0), metavar=("LOW", "HIGH"),
        help="the expression's values that are black and white (-1 1)",
    )  # fmt: skip
    tile.add_argument("--mask", help="hide pixels where this is true")
    tile.add_argument("--newest", type=int, default=10, help="how many images, newest on top (10)")
    _search_options(tile)


def _drop_commands(group: Commands) -> None:
    put = group.add("put", _upload.drop, "put files into the drop folder (needs boto3)")
    put.add_argument("files", nargs="+", metavar="FILE")
    put.add_argument("--product", required=True)
    put.add_argument("--bucket", help="the data bucket; else SWATH_BUCKET")
    _set_option(put)
    status = group.add("status", _upload.drop_status, "what became of drops, the newest first")
    status.add_argument("product", nargs="*", metavar="PRODUCT", help="of these products alone")
    status.add_argument("--failed", action="store_true", help="only those that failed")
    status.add_argument("--limit", type=int, default=20, help="at most so many (20)")


def _operating_commands(commands: Commands) -> None:
    dlq = commands.group("dlq", "dead letters, for operators (needs boto3)")
    for name, run, summary in (
        ("list", _operate.list_letters, "how many wait"),
        ("show", _operate.show_letters, "what they say"),
        ("replay", _operate.replay, "send them again"),
    ):
        command = dlq.add(name, run, summary)
        command.add_argument("--stack", default="swath", help="CloudFormation stack (swath)")
        command.add_argument("--queue", choices=["ingest", "tasks"], default="ingest")
    local = commands.group("local", "the service on this machine (in a checkout of it)")
    local.add("up", _operate.local_up, "start it and make it the profile `local`")
    local.add("down", _operate.local_down, "end it; its data stays")
