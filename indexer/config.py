"""The knobs of a bulk run."""

from __future__ import annotations

import os
from dataclasses import dataclass, field


def default_workers() -> int:
    """Threads that read and decode: one a core, two at least."""
    return max(2, os.cpu_count() or 2)


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """How a bulk run works; none of it changes what the result is.

    `batch_size` images are embedded at a time; `workers` threads read and decode ahead of the encoder; every
    `commit_every` images, or once a minute, what is done becomes durable and searchable.
    `checksum` reads every file instead of trusting an unchanged size and modification time; `sync` removes documents
    that the source no longer has.
    """

    batch_size: int = 32
    workers: int = field(default_factory=default_workers)
    commit_every: int = 2_000
    checksum: bool = False
    sync: bool = False
