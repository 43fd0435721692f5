"""The API. Its routes are the rows of ``swath_core.web.routes`` whose function is ``api``."""

from __future__ import annotations

from swath_core.web import Application

lambda_handler = Application("api")
