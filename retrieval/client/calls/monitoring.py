"""How the server is."""

from __future__ import annotations

from pydantic import TypeAdapter

from retrieval.client.call import Call, reading, text
from retrieval.client.results import Health, Readiness


def health() -> Call[Health]:
    """Whether the process answers, and its version."""
    return Call("GET", "healthz", reading(TypeAdapter(Health)))


def ready() -> Call[Readiness]:
    """Whether all is loaded; `UnavailableError`, without another attempt, while it is not."""
    return Call("GET", "readyz", reading(TypeAdapter(Readiness)), repeatable=False)


def metrics() -> Call[str]:
    """Durations, queues and counts in the text format of Prometheus."""
    return Call("GET", "metrics", text)
