"""The error of arguments that do not fit together."""


class UsageError(ValueError):
    """Arguments that do not fit together; the message says what would."""
