"""The HTTP side of the API: routes, requests, responses."""
