"""The OpenAPI description, made from the attribute definitions and the route table."""

from ._document import document

__all__ = ["document"]
