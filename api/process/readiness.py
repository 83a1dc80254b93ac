"""Whether the service is ready for traffic: the collections that it should have loaded, and how far each one is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

LoadState: TypeAlias = Literal["loading", "ready", "failed"]


class Readiness:
    """The states of the collections that are loaded at start."""

    def __init__(self) -> None:
        self._is_known = False
        self._states: dict[str, LoadState] = {}

    @property
    def is_ready(self) -> bool:
        """Whether everything that was to be loaded is."""
        return self._is_known and all(state == "ready" for state in self._states.values())

    @property
    def collections(self) -> Mapping[str, LoadState]:
        """Each collection's state."""
        return dict(self._states)

    def expect(self, names: Iterable[str]) -> list[str]:
        """Set what has to be loaded, and return the names of those that are not yet."""
        known = self._states
        self._states = {name: "ready" if known.get(name) == "ready" else "loading" for name in names}
        self._is_known = True
        return [name for name, state in self._states.items() if state != "ready"]

    def note(self, name: str, state: LoadState) -> None:
        """Record how far a collection is."""
        self._states[name] = state
