"""What a search was chosen from, for those who ask why it was made as it was."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.certificate import Recall


@dataclass(frozen=True, slots=True)
class Alternative:
    """A way in which a search could be made, the seconds that it should take, and the recall that was measured for it.

    `modality` is that of the queries it was measured with; None of exact search, which has no `ef_search` either.
    """

    strategy: str
    ef_search: int | None
    seconds: float
    recall: Recall
    modality: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a search was made as it was: what was known of the query, the recall to reach, and what could be chosen from.

    There are no `alternatives` where nothing was measured. `candidates` are those that the hits were taken from, less
    what was given before and what is left out.
    """

    modality: str | None
    target_recall: float | None
    alternatives: tuple[Alternative, ...]
    candidates: int
