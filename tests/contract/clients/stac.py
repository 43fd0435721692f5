"""What speaks STAC: the validator of STAC APIs, pystac-client, odc-stac and stackstac."""

import json
from pathlib import Path


def _offline(schemas):
    """Let validators read schemas from pystac's package and from a folder, never the network."""
    import pystac.validation
    from pystac.validation.local_validator import get_local_schema_cache
    from stac_validator import utilities

    known = dict(get_local_schema_cache())
    for path in Path(schemas).glob("*.json"):
        schema = json.loads(path.read_text())
        known[schema["$id"].rstrip("#")] = schema
    cache = pystac.validation.RegisteredValidator.get_validator().schema_cache
    cache.update(known)
    original = utilities.fetch_and_parse_file

    def fetch(address, *arguments, **named):
        found = known.get(str(address).split("#")[0])
        return found if found is not None else original(address, *arguments, **named)

    utilities.fetch_and_parse_file = fetch
    utilities.set_schema_cache_size(64)
    for module in ("stac_validator.validate", "stac_validator.stac_validator"):
        __import__(module)
        import sys

        if hasattr(sys.modules[module], "fetch_and_parse_file"):
            sys.modules[module].fetch_and_parse_file = fetch


def validate(root, token, collection, geometry, classes, nested, comparison, schemas):
    """Return the errors and warnings of the validator."""
    _offline(schemas)
    from stac_api_validator.validations import QueryConfig, validate_api

    field, equal, low, high, text = comparison
    query = QueryConfig(
        query_comparison_field=field,
        query_eq_value=equal,
        query_neq_value=equal,
        query_lt_value=high,
        query_lte_value=high,
        query_gt_value=low,
        query_gte_value=low,
        query_substring_field="platform",
        query_starts_with_value=text[:2],
        query_ends_with_value=text[-2:],
        query_contains_value=text[1:-1],
        query_in_field="keywords",
        query_in_values="odd,nothing",
    )
    warnings, errors = validate_api(
        root_url=root,
        ccs_to_validate=classes,
        collection=collection,
        geometry=geometry,
        auth_bearer_token=None,
        auth_query_parameter=None,
        fields_nested_property=nested,
        validate_pagination=True,
        query_config=query,
        transaction_collection=collection,
        headers={"Authorization": f"Bearer {token}"},
        open_assets_urls=False,
    )
    return {"errors": [str(each) for each in errors], "warnings": [str(e) for e in warnings]}


def _client(root, token):
    from pystac_client import Client

    return Client.open(root, headers={"Authorization": f"Bearer {token}"})


def search(root, token, method, **asked):
    """Return the ids of all pages of a search, and how many the server says there are."""
    found = _client(root, token).search(method=method, max_items=None, **asked)
    return {"ids": [item.id for item in found.items()], "matched": found.matched()}


def collections(root, token):
    """Return the ids of all collections, and the roles of one's assets."""
    return [each.id for each in _client(root, token).get_collections()]


def listed(root, token, collection):
    """Return the ids of a collection's items, as the client lists them."""
    return [each.id for each in _client(root, token).get_collection(collection).get_items()]


def item(root, token, collection, name):
    """Return an item as the client reads it: by its collection."""
    return _client(root, token).get_collection(collection).get_item(name).to_dict()
