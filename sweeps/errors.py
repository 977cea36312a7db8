"""What a user typed wrong."""


class ConfigError(ValueError):
    """A mistake in the command line or a config file; the message is one line that says what to type instead."""
