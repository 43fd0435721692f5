"""Create, read, update and delete objects of any kind with the published client."""

from published_catalog import catalog, exceptions, plain, properties, resource, view


def attributes_of(kind):
    """Return the names of every attribute that the client's class has."""
    return list(resource(kind).ATTRIBUTES)


def build(kind, attributes):
    return resource(kind)(**attributes)


def create(kind, **attributes):
    new = build(kind, attributes)
    before = new.state.value
    new.save()
    assert before == "unsaved"
    repr(new)
    return view(new)


def create_many(kind, objects):
    return [create(kind, **attributes)["id"] for attributes in objects]


def get(kind, id, **arguments):
    return view(resource(kind).get(id, **arguments))


def exists(kind, id):
    return resource(kind).exists(id)


def get_or_create(kind, id, save=True, **attributes):
    found = resource(kind).get_or_create(id, **attributes)
    before = found.state.value
    if save:
        found.save()
    return {**view(found), "before": before}


def get_many(kind, ids, ignore_missing=False):
    return [view(each) for each in resource(kind).get_many(ids, ignore_missing=ignore_missing)]


def change(kind, id, by_update=False, **changes):
    """Change a saved object by assignment, or through update()."""
    found = resource(kind).get(id)
    if by_update:
        found.update(**changes)
    else:
        for name, value in changes.items():
            setattr(found, name, value)
    between = found.state.value
    found.save()
    return {**view(found), "between": between}


def change_each(kind, id, changes):
    """Change one attribute at a time; return the attribute as each save answered.

    Where the client's own checks refuse a null, the request is made without them.
    """
    found = resource(kind).get(id)
    answers = {}
    for name, value in changes.items():
        try:
            setattr(found, name, value)
        except ValueError:
            body = {"data": {"type": found._doc_type, "id": id, "attributes": {name: value}}}
            send("patch", f"{found._url}/{id}", body)
            found.reload()
        try:
            found.save()
        except Exception as error:  # noqa: BLE001 - told to the test
            answers[name] = f"{type(error).__name__}: {error}"
            found = resource(kind).get(id)
        else:
            answers[name] = found.serialize().get(name)
    return plain(answers)


def change_containers(kind, id):
    """Change mutable containers in place: the client sends them whole."""
    found = resource(kind).get(id)
    found.tags = ["one"]
    found.extra_properties = {"a": 1}
    found.save()
    found.tags.append("two")
    found.extra_properties["b"] = "two"
    assert found.state.value == "modified"
    found.save()
    del found.extra_properties["a"]
    found.tags.remove("one")
    found.save()
    return view(resource(kind).get(id))


def save_again(kind, id):
    """Save an unmodified object (no request), and force a request."""
    found = resource(kind).get(id)
    before = found.modified
    found.save()
    assert found.modified == before
    found.save(request_params={"description": "forced"} if hasattr(found, "description") else {})
    return {"before": plain(before), "after": plain(found.modified), **view(found)}


def reload(kind, id, **changes):
    """Change an object behind the back of another copy, which then reloads."""
    mine, other = resource(kind).get(id), resource(kind).get(id)
    for name, value in changes.items():
        setattr(other, name, value)
    other.save()
    mine.reload()
    return {"mine": view(mine), "other": view(other), "equal": mine == other}


def delete(kind, id):
    """Delete by the class's method: whether there was something."""
    return resource(kind).delete(id)


def delete_instance(kind, id):
    """Delete an object, and see what the copy of it says afterwards."""
    mine, other = resource(kind).get(id), resource(kind).get(id)
    mine.delete()
    after = {"state": mine.state.value, "get": view(resource(kind).get(id))}
    for name, act in {
        "reload": mine.reload,
        "save": mine.save,
        "delete": mine.delete,
        "other_reload": other.reload,
        "other_delete": other.delete,
    }.items():
        try:
            act()
        except Exception as error:  # noqa: BLE001 - told to the test
            after[name] = type(error).__name__
    return after


def product_doors(id, band, image):
    """Reach a product's bands and images through the product."""
    product = catalog.Product.get(id)
    return {
        "named_id": product.named_id(band),
        "get_band": view(product.get_band(band)),
        "get_image": view(product.get_image(image)),
        "no_band": view(product.get_band("there-is-none")),
        "bands": [each.id for each in product.bands()],
        "images": [each.id for each in product.images()],
        "band_product": product.get_band(band).product.id,
        "image_product": product.get_image(image).product.id,
        "included": catalog.Image.get(product.named_id(image))._attributes["product"].id,
        "namespace_id": catalog.Product.namespace_id("some"),
    }


def uploads_of(product_id=None, image_id=None):
    found = (
        catalog.Image.get(image_id).image_uploads()
        if image_id
        else catalog.Product.get(product_id).image_uploads()
    )
    return [view(each) for each in found]


def may(id):
    """What the client's own access helpers say of the caller and a product."""
    product = catalog.Product.get(id)
    return {
        "own": product.user_is_owner(),
        "write": product.user_can_write(),
        "read": product.user_can_read(),
        "owners": list(product.owners),
        "writers": list(product.writers),
        "readers": list(product.readers),
    }


def identity():
    """The subjects by which the client thinks that the caller is known."""
    auth = catalog.CatalogClient.get_default_client().auth
    return {
        "namespace": auth.namespace,
        "subjects": sorted(auth.all_acl_subjects_as_set),
        "owner_subjects": sorted(auth.all_owner_acl_subjects_as_set),
    }


def delete_related(id, seconds=60.0):
    """Empty a product with the task as the client's documentation shows it."""
    product = catalog.Product.get(id)
    never = product.get_delete_status()
    statuses = []
    task = product.delete_related_objects()
    rounds = 0
    while task is not None and rounds < 20:
        # the client's own polling interval is a minute
        type(task)._POLLING_INTERVAL = 0.3
        task.wait_for_completion(timeout=seconds)
        statuses.append({"status": task.status.value, "deleted": task.objects_deleted})
        repr(task)
        rounds += 1
        task = product.delete_related_objects()
    last = product.get_delete_status()
    return {
        "never": never.status.value,
        "statuses": statuses,
        "last": {
            "status": last.status.value,
            "deleted": last.objects_deleted,
            "errors": last.errors,
            "seconds": last.duration_in_seconds,
        },
        "bands": product.bands().count(),
        "images": product.images().count(),
    }


def send(method, path, body=None, headers=None):
    """Send what the client's classes would refuse, through its session; its exceptions come up."""
    session = catalog.CatalogClient.get_default_client().session
    response = getattr(session, method)(path, json=body, headers=headers)
    return response.json() if response.content else None


def error_classes():
    """The client's exceptions and their ancestors among themselves."""
    return {
        name: [base.__name__ for base in each.__mro__]
        for name, each in vars(exceptions).items()
        if isinstance(each, type)
    }


def filters(expression):
    """Evaluate a filter over `p`, the client's properties."""
    return eval(expression, {"p": properties, "catalog": catalog})  # noqa: S307 - the tests' own
