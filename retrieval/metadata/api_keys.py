"""Rows of `api_keys`: who may ask the HTTP service, and for what. Tokens themselves are not stored, only digests.

A token is `rk_ID_SECRET`. The secret is 256 random bits, so its plain SHA-256 is as good as a slow hash: bcrypt and
its like make guessing expensive where people choose the secret, and nobody guesses one of 2^256. The slowness would be
paid by every request.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal, TypeAlias

from sqlalchemy import Connection, insert, select, update

from retrieval.errors import ConflictError, NotFoundError
from retrieval.metadata.tables import api_keys

Scope: TypeAlias = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "write", "admin")
"""Each includes the ones before it."""

_TOKEN = re.compile(r"rk_(\d{1,9})_([\w-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key; a revoked one is kept, so that it can be told when it was."""

    id: int
    name: str
    scope: Scope
    created_at: datetime
    revoked_at: datetime | None

    def allows(self, needed: Scope) -> bool:
        """Whether its scope is the needed one or includes it."""
        return SCOPES.index(self.scope) >= SCOPES.index(needed)


_SHOWN = [api_keys.c[name] for name in ApiKey.__slots__]


def create(connection: Connection, *, name: str, scope: Scope) -> tuple[ApiKey, str]:
    """Make a key; the token beside it cannot be had again. `ConflictError` where a key in use has the name."""
    in_use = select(api_keys.c.id).where(api_keys.c.name == name, api_keys.c.revoked_at.is_(None))
    if connection.execute(in_use).first() is not None:
        raise ConflictError(f"there is a key named {name!r}: revoke it first, or choose another name")
    secret = secrets.token_urlsafe(32)
    row = {"name": name, "scope": scope, "secret_sha256": _digest(secret), "created_at": datetime.now(UTC)}
    made = ApiKey(**connection.execute(insert(api_keys).values(row).returning(*_SHOWN)).one()._mapping)
    return made, f"rk_{made.id}_{secret}"


def listed(connection: Connection) -> list[ApiKey]:
    """Every key, the oldest first, revoked ones included."""
    return [ApiKey(**row._mapping) for row in connection.execute(select(*_SHOWN).order_by(api_keys.c.id))]


def revoke(connection: Connection, name: str) -> None:
    """Make the key of this name useless from now on; `NotFoundError` where no key in use has it."""
    found = update(api_keys).where(api_keys.c.name == name, api_keys.c.revoked_at.is_(None))
    if not connection.execute(found.values(revoked_at=datetime.now(UTC))).rowcount:
        raise NotFoundError(f"no key named {name!r} is in use: `retrieval keys list` shows what there is")


def verify(connection: Connection, token: str) -> ApiKey | None:
    """The key that a token is for; None where it is not one, or one that was revoked."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return None
    found = select(*_SHOWN, api_keys.c.secret_sha256).where(
        api_keys.c.id == int(parts[1]), api_keys.c.revoked_at.is_(None)
    )
    row = connection.execute(found).one_or_none()
    if row is None or not hmac.compare_digest(row.secret_sha256, _digest(parts[2])):
        return None
    return ApiKey(row.id, row.name, row.scope, row.created_at, row.revoked_at)


def _digest(secret: str) -> str:
    return sha256(secret.encode("ascii")).hexdigest()
