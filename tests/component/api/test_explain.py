"""``explain``: the plan and its cost instead of what was found."""

import json

from tests.component.api.conftest import image

from swath_dev.inprocess import InProcessApi


def test_a_search_explains_itself(api: InProcessApi, product: str) -> None:
    for name in ("a", "b", "c"):
        assert api.save("image", **image(product, name)).status == 201
    condition = json.dumps([{"op": "eq", "name": "product_id", "val": product}])
    area = json.dumps({"type": "Point", "coordinates": [10.2, 50.2]})
    body = {"filter": condition, "intersects": area, "limit": 2, "explain": True}
    answer = api.call("PUT", "/images", body)
    assert answer.status == 200
    explained = answer.json["meta"]["explain"]
    assert answer.json["data"] == []
    assert explained["images"] == 2
    assert explained["cost"]["postings"] >= 2
    assert explained["plan"]
    counted = api.call("PUT", "/images", {**body, "limit": 0}).json["meta"]["explain"]
    assert counted["count"] == 3
