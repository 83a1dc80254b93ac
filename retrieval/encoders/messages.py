"""Other libraries' errors inside our own, which are one line."""

from __future__ import annotations


def first_line(error: BaseException) -> str:
    """The first line of what an error says, at most 200 characters; its class where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]
