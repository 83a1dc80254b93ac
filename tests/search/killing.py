"""What stands for a kill of the process at a chosen call."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from contextlib import ExitStack, contextmanager, suppress
from types import ModuleType
from unittest.mock import patch


class Killed(BaseException):
    """Nothing catches it, so nothing is tidied up: as after a kill, what counts is what is on disk."""


@contextmanager
def killed_at(moment: int, functions: Iterable[tuple[ModuleType, str]]):
    """Raise at the call of these functions that has this number, before it does its work; `Killed` goes no further."""
    calls = itertools.count()

    def or_die(original):
        def call(*arguments, **options):
            if next(calls) == moment:
                raise Killed
            return original(*arguments, **options)

        return call

    with ExitStack() as patches, suppress(Killed):
        for module, name in functions:
            patches.enter_context(patch.object(module, name, or_die(getattr(module, name))))
        yield
