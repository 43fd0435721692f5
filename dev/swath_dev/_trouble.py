"""The one error that the tools show to people."""


class Trouble(Exception):
    """Something that whoever runs the tool can act on; the message is one clear line."""
