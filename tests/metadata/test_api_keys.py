"""Keys of the HTTP service as rows, on SQLite and on PostgreSQL."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from retrieval.errors import ConflictError, NotFoundError
from retrieval.metadata import api_keys, tables
from retrieval.metadata.api_keys import ApiKey
from retrieval.metadata.database import Database


def test_a_key_is_good_until_it_is_revoked_and_its_name_free_after(database_url):
    with closing(Database(database_url)) as database:
        database.upgrade()
        with database.write() as connection:
            made, token = api_keys.create(connection, name="shop", scope="write")
            other, _ = api_keys.create(connection, name="cron", scope="admin")
        with database.read() as connection:
            assert api_keys.verify(connection, token) == made
            wrong = [token[:-1] + ("a" if token[-1] != "a" else "b"), token.replace(f"_{made.id}_", f"_{other.id}_")]
            for tampered in [*wrong, token + "a", "", "rk__", "rk_1_ü", "rk_999999999999999999999_" + "a" * 43]:
                assert api_keys.verify(connection, tampered) is None
            stored = [str(value) for row in connection.execute(select(tables.api_keys)) for value in row]
            assert not any(token.rpartition("_")[2] in value for value in stored)
        with database.write() as connection, pytest.raises(ConflictError, match="revoke it first"):
            api_keys.create(connection, name="shop", scope="read")
        with database.write() as connection:
            api_keys.revoke(connection, "shop")
            assert api_keys.verify(connection, token) is None
            renewed, fresh = api_keys.create(connection, name="shop", scope="read")
            assert api_keys.verify(connection, fresh) == renewed
            assert [key.id for key in api_keys.listed(connection)] == [made.id, other.id, renewed.id]
        with database.write() as connection, pytest.raises(NotFoundError):
            api_keys.revoke(connection, "nobody")


@pytest.mark.parametrize(("scope", "allowed"), [("read", 1), ("write", 2), ("admin", 3)])
def test_a_scope_includes_the_ones_before_it(scope, allowed):
    key = ApiKey(1, "shop", scope, datetime.now(UTC), None)
    assert [key.allows(needed) for needed in api_keys.SCOPES] == [True] * allowed + [False] * (3 - allowed)
