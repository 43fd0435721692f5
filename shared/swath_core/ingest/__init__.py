"""Ingest: files come in, are read whole, become COGs, and then an image of the catalog.

``pixels`` is the part that decodes rasters; it runs in a child process (``decoder``) that holds
no credentials. Everything else here moves objects and keeps the upload's record true.
"""
