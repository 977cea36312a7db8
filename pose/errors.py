"""Errors in a user's input."""


class DataError(ValueError):
    """Data that cannot be used as asked.

    The message is one line that says what to type instead; arguments that it names stand in backticks.
    """
