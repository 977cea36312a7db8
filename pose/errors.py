"""What a user's input can have wrong with it."""


class DataError(ValueError):
    """Data that cannot be used as asked.

    The message is one line that says what to type instead; arguments that it names stand in backticks.
    """
