"""The version of the client, in one place for the package, the user agent and the build."""

__version__ = "0.1.0"
