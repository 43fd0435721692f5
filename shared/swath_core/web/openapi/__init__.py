"""The OpenAPI description, made from the attribute definitions, and the page that shows it."""

from ._document import document
from ._page import PAGE_POLICY, page

__all__ = ["PAGE_POLICY", "document", "page"]
