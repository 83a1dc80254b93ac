"""What a bulk run did, as it goes and at its end."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from retrieval.metadata.ledger import LedgerEntry

MOST_REJECTS_KEPT = 1_000


@dataclass(slots=True)
class IndexReport:
    """Counts of one run, in documents. `rejected` are in the ledger with their reasons; nothing stored was lost."""

    total: int | None = None
    indexed: int = 0
    updated: int = 0  # new captions or attributes, same picture: nothing embedded but captions
    unchanged: int = 0
    rejected: int = 0
    removed: int = 0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)
    rejects: list[LedgerEntry] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Documents of the source dealt with so far."""
        return self.indexed + self.updated + self.unchanged + self.rejected

    @property
    def images_per_second(self) -> float:
        """Images embedded, over the whole run's wall time."""
        return self.indexed / self.seconds if self.seconds else 0.0

    def reject(self, entry: LedgerEntry) -> None:
        """Count one document that could not be indexed."""
        self.rejected += 1
        self.reasons[entry.reason or "unknown"] += 1
        if len(self.rejects) < MOST_REJECTS_KEPT:
            self.rejects.append(entry)

    def counts(self) -> dict[str, Any]:
        """The figures, as JSON."""
        figures = {name: value for name, value in asdict(self).items() if name not in ("rejects", "reasons")}
        return {**figures, "reasons": dict(self.reasons), "images_per_second": round(self.images_per_second, 2)}
