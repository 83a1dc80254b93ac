"""From a database's rows to keys and scores."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sqlalchemy import Connection, Executable

from retrieval.metadata.lexical.index import Ranking

PART = 1_000


def parts_of(connection: Connection, statement: Executable, parameters: Mapping[str, object] | None = None) -> Ranking:
    """The rows of a key and a score that a statement finds, as they come."""
    with connection.execute(statement, parameters, execution_options={"yield_per": PART}) as rows:
        for part in rows.partitions():
            yield np.array([key for key, _ in part], np.int64), np.array([score for _, score in part], np.float32)
