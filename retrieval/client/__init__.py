"""The service from Python, without the engine: neither torch nor FAISS is loaded.

    from retrieval.client import Client

    with Client("http://127.0.0.1:8000") as client:
        for hit in client.search("photos", "two people on a beach", k=3).hits:
            print(hit.rank, hit.doc_id, hit.score)

`docs/client.md` tells more. A request is made and its answer is read in `calls/`, whoever sends it; the two clients
send, repeat and wait.
"""

from __future__ import annotations

from retrieval.client.asynchronous import AsyncClient
from retrieval.client.blocking import Client
from retrieval.client.calls.documents import NewItem
from retrieval.client.calls.searches import Term
from retrieval.client.errors import (
    BadRequestError,
    ClientError,
    ConflictError,
    DeniedError,
    NoAnswerError,
    NotFoundError,
    RateLimitError,
    RefusedError,
    ServerError,
    StillRunningError,
    UnavailableError,
    UnexpectedAnswerError,
)
from retrieval.client.retry import Retry

__all__ = [
    "AsyncClient",
    "BadRequestError",
    "Client",
    "ClientError",
    "ConflictError",
    "DeniedError",
    "NewItem",
    "NoAnswerError",
    "NotFoundError",
    "RateLimitError",
    "RefusedError",
    "Retry",
    "ServerError",
    "StillRunningError",
    "Term",
    "UnavailableError",
    "UnexpectedAnswerError",
]
