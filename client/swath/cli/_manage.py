"""`swath product`, `band` and `image`: create, show, edit, delete; copy and share products."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
import tomllib
from argparse import Namespace
from pathlib import Path
from typing import Any

from swath.catalog import Band, DeletionTask, Image, Product, TaskState
from swath.errors import NotFoundError, SwathError
from swath.progress import progress_bar

from ._output import client_of, emit_json, emit_object, pairs

Managed = Product | Band | Image
KINDS: dict[str, type[Managed]] = {"product": Product, "band": Band, "image": Image}
_PAUSE = 1.0  # seconds between looks at a task
_OWN = frozenset({"id", "owners", "readers", "writers"})  # what a copied product does not take over


def create(options: Namespace) -> None:
    """Create what a file and options describe; of a product's file its `bands` as well."""
    client = client_of(options)
    attributes = {**_read(options.file), **pairs(options.set)}
    if options.id is not None:
        attributes["id"] = options.id
    bands = attributes.pop("bands", []) if options.kind == "product" else []
    made = _new(options.kind, attributes, client)
    of_product = [_new("band", band, client) for band in bands]  # all are checked before any saves
    made.save()
    for band in of_product:
        band.product = made
        band.save()
    _say(options, "created", made, bands=len(of_product))


def show(options: Namespace) -> None:
    """One object in full; with --structure a product and its bands as `create` takes them."""
    found = _find(options)
    if getattr(options, "structure", False) and isinstance(found, Product):
        emit_json({"id": found.id, **_editable(found), "bands": _structure(found)})
    else:
        emit_object(options, found.to_dict())


def edit(options: Namespace) -> None:
    """Save what a file or options change, or what is changed in an editor."""
    found = _find(options)
    if options.file or options.set:
        changes = {**_read(options.file), **pairs(options.set)}
    else:
        changes = _in_editor(found)
    changes.pop("id", None)
    found._assign(changes)
    changed = sorted(found._changed())
    found.save()
    _say(options, "changed" if changed else "unchanged", found, attributes=changed)


def delete(options: Namespace) -> None:
    """Delete an object, and with --related the bands and images of a product before it."""
    found = _find(options)
    if not options.yes and not _agreed(f"delete {found.id}?"):
        raise SwathError("nothing was deleted: say yes, or --yes where nobody is asked")
    if getattr(options, "related", False) and isinstance(found, Product):
        task = found.delete_related_objects()
        while task is not None:
            _watch(task)
            task = found.delete_related_objects()
    found.delete()
    _say(options, "deleted", found)


def copy(options: Namespace) -> None:
    """Create a product with the attributes and bands of another, but not its images and access."""
    client = client_of(options)
    source = Product._find(options.source, client=client)
    attributes = {k: v for k, v in _editable(source).items() if k not in _OWN}
    attributes |= {"id": options.new, **pairs(options.set)}
    made = Product(client=client, **attributes)
    bands = [_new("band", band, client) for band in _structure(source)]
    made.save()
    for band in bands:
        band.product = made
        band.save()
    _say(options, "created", made, bands=len(bands))


def share(options: Namespace) -> None:
    """Add subjects to the access lists of a product, or take them away; without options, list."""
    product = Product._find(options.id, client=client_of(options))
    for name in ("readers", "writers", "owners"):
        held = [each for each in getattr(product, name) if each not in options.remove]
        setattr(product, name, list(dict.fromkeys([*held, *getattr(options, name)])))
    product.save()
    lists = {name: list(getattr(product, name)) for name in ("owners", "writers", "readers")}
    emit_object(options, {"id": product.id, **lists})


def task(options: Namespace) -> None:
    """How far the deletion of a product's bands and images is; with --wait until it ends."""
    product = Product._find(options.id, client=client_of(options))
    found = product.get_delete_status()
    if options.wait:
        _watch(found)
    shown: dict[str, Any] = {"product": product.id, "status": found.status.value}
    shown |= {"objects_deleted": found.objects_deleted, "seconds": found.duration_in_seconds}
    emit_object(options, {**shown, "errors": found.errors})
    if found.status is TaskState.FAILED:
        raise SwathError(f"the deletion of {product.id} failed")


def _watch(task: DeletionTask) -> None:
    """Show the progress of a task until it ends."""
    bar, shown = progress_bar(None, "delete", "objects"), 0
    try:
        while task.status is TaskState.RUNNING:
            time.sleep(_PAUSE)
            task.reload()
            bar.update(task.objects_deleted - shown)
            shown = task.objects_deleted
    finally:
        bar.close()


# -- attributes


def _read(path: str | None) -> dict[str, Any]:
    """The attributes in a TOML or JSON file; `-` is stdin, as JSON or TOML."""
    if path is None:
        return {}
    text = sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
    return _parsed(text, "stdin" if path == "-" else path)


def _parsed(text: str, where: str) -> dict[str, Any]:
    is_json = where.endswith(".json") or text.lstrip().startswith(("{", "["))
    try:
        found = json.loads(text) if is_json else tomllib.loads(text)
    except ValueError as error:
        form = "JSON" if is_json else "TOML"
        raise ValueError(f"{where} is no {form}: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{where} holds no object of attributes")  # noqa: TRY004 - a usage error
    return found


def _new(kind: str, attributes: dict[str, Any], client: Any) -> Any:
    given = dict(attributes)
    if kind != "band":
        return KINDS[kind](client=client, **given)
    name = given.pop("type", None)
    if name not in Band._classes:
        known = ", ".join(Band._classes)
        raise ValueError(f"the type of a band is one of {known}, not {name!r}")
    return Band._classes[name](client=client, **given)


def _find(options: Namespace) -> Managed:
    found = KINDS[options.kind].get(options.id, client=client_of(options))
    if found is None:
        raise NotFoundError(f"there is no {options.kind} {options.id!r}, or it is not yours to see")
    return found


def _editable(found: Managed) -> dict[str, Any]:
    """The attributes that may change, as JSON."""
    fixed = {name for name, a in found._attributes.items() if a.read_only or not a.mutable}
    return {name: value for name, value in found.to_dict().items() if name not in fixed}


def _structure(product: Product) -> list[dict[str, Any]]:
    """The bands of a product as `create` takes them."""
    return [
        {"name": band.name, "type": str(band.type), **_editable(band)} for band in product.bands()
    ]


def _in_editor(found: Managed) -> dict[str, Any]:
    """What is changed of the attributes in the user's editor; what is taken out is cleared."""
    before = _editable(found)
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{found._kind}.json")
        path.write_text(json.dumps(before, indent=2, ensure_ascii=False) + "\n", "utf-8")
        ended = subprocess.run([*shlex.split(editor), str(path)], check=False)  # noqa: S603 - the user's own editor
        if ended.returncode:
            raise SwathError(f"{editor} ended with {ended.returncode}; nothing was changed")
        after = _parsed(path.read_text("utf-8"), path.name)
    cleared = dict.fromkeys(name for name in before if name not in after)
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    return {**cleared, **changed}


# -- people


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}


def _say(options: Namespace, done: str, found: Managed, **more: Any) -> None:
    if options.json:
        emit_json({"id": found.id, "result": done, **more})
        return
    counted = [
        f"{value} {name}" for name, value in more.items() if isinstance(value, int) and value
    ]
    listed = [", ".join(value) for value in more.values() if isinstance(value, list) and value]
    tail = "".join(f" ({text})" for text in [*counted, *listed])
    print(f"{done} {found._kind} {found.id}{tail}")
