"""The one error that the tools show to people."""


class CommandError(Exception):
    """Something that whoever runs the tool can act on; the message is one clear line."""
