"""Print the API's description, as it is checked in under docs/."""

from __future__ import annotations

import json

from swath_core.web.openapi import document

if __name__ == "__main__":
    print(json.dumps(document(), indent=1))
