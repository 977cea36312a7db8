"""Levels of loggers that belong to others."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator


@contextlib.contextmanager
def logger_level(level: int, *names: str) -> Iterator[None]:
    """Set the level of some loggers for the block, and put back what it was.

    Args:
        level: such as ``logging.ERROR``.
        names: of the loggers.

    Example:
        >>> with logger_level(logging.ERROR, "noisy"):
        ...     logging.getLogger("noisy").getEffectiveLevel() == logging.ERROR
        True
        >>> logging.getLogger("noisy").level == logging.NOTSET
        True
    """
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, previous in zip(loggers, before, strict=True):
            logger.setLevel(previous)
