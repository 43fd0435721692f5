"""Shared by all suites: hypothesis budgets, and credentials that can reach nothing real."""

import os

from hypothesis import HealthCheck, settings

# Unit tests must never find a developer's own account.
os.environ.setdefault("AWS_ACCESS_KEY_ID", "testing")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "testing")
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")

# SWATH_EXAMPLES=20000 runs the property tests with that many examples each.
settings.register_profile(
    "swath",
    max_examples=int(os.environ.get("SWATH_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("swath")
