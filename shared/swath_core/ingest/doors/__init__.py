"""The ways by which files come in: presigned URLs and the drop folder."""
