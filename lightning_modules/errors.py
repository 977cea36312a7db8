"""What can go wrong in training that the user can mend; arguments that a message names stand in backticks."""


class DivergenceError(RuntimeError):
    """The loss is no longer a number. The message is one line that says what to change."""


class FitError(ValueError):
    """A baseline cannot be fitted to the data. The message is one line that says what to change."""


class DeviceError(ValueError):
    """This machine cannot train as asked. The message is one line that says what to change."""
