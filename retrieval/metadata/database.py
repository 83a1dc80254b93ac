"""One database, SQLite or PostgreSQL: connections, transactions, and whether its schema is this release's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from retrieval.errors import DependencyError, InputError, StorageError

SCHEMA_REVISION = "0008"
"""The Alembic revision that this release reads and writes."""


class Database:
    """Connections to the catalogue's database. Safe to share between threads, not across a fork."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded default."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one committed state of the database for as long as it is open."""
        with _clear_errors(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: committed when the block ends, rolled back when it raises.

        On SQLite it takes the write lock at once, so a transaction never fails half-way because another one wrote.
        """
        with _clear_errors(), self.engine.connect() as connection:
            connection = connection.execution_options(retrieval_write=True)
            with connection.begin():
                yield connection

    def prepare(self) -> None:
        """Make sure that the schema is this release's: SQLite is upgraded, PostgreSQL must have been.

        Raises:
            StorageError: the database cannot be reached, was written by a newer release, or is a PostgreSQL one that
                `retrieval db upgrade` has not been run on.
        """
        found = self.schema_revision()
        if found == SCHEMA_REVISION:
            return
        if found is not None and found > SCHEMA_REVISION:
            raise StorageError(
                f"the database was written by a newer release (schema {found}, this one knows {SCHEMA_REVISION}): "
                "upgrade multimodal-retrieval"
            )
        if not self.is_sqlite:
            state = f"has schema {found}" if found else "is empty"
            raise StorageError(
                f"the database {state}, this release needs {SCHEMA_REVISION}: run `retrieval db upgrade`"
            )
        self.upgrade()

    def upgrade(self) -> None:
        """Bring the schema to this release's, keeping all data."""
        from retrieval.metadata.schema import upgrade

        with _clear_errors():
            upgrade(self.engine)

    def schema_revision(self) -> str | None:
        """The Alembic revision of the database, None when it holds nothing yet."""
        with self.read() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise InputError(f"no support for the database {parsed.get_backend_name()!r}: use sqlite or postgresql")
        if parsed.get_backend_name() == "sqlite":
            return _sqlite_engine(parsed.render_as_string(hide_password=False), parsed.database)
        return create_engine(parsed, pool_pre_ping=True)
    except ArgumentError as error:
        raise InputError(
            "the database URL does not parse: write sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME"
        ) from error
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise DependencyError(
            "the PostgreSQL driver is not installed: pip install 'multimodal-retrieval[postgres]'"
        ) from error


def _sqlite_engine(url: str, database: str | None) -> Engine:
    if not database or database == ":memory:":
        raise InputError("an in-memory SQLite database would forget everything: name a file")
    try:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot create the folder of the database: {error.strerror}: {Path(database).parent}"
        ) from error
    engine = create_engine(url, connect_args={"timeout": 60})

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # transactions are opened below, not guessed by the driver
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("retrieval_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Turn the driver's errors into ones that a user can act on, without SQL and without secrets."""
    try:
        yield
    except DBAPIError as error:
        raise StorageError(_explain(error.orig)) from error


def _explain(error: Any) -> str:
    message = " ".join(str(error).split())
    lowered = message.lower()
    if "disk is full" in lowered or "no space left" in lowered:
        return "the disk of the database is full: make room and run the command again; it continues where it was"
    if "disk i/o error" in lowered:  # SQLite's word for most of what a full disk makes impossible, too
        return "the disk of the database is full or fails: make room, or see to it, and run the command again"
    if "locked" in lowered:
        return "the database is locked by another process for over a minute: try again when that one has finished"
    if "readonly" in lowered or "read-only" in lowered:
        return "the database cannot be written to: check the permissions of the data folder"
    if "malformed" in lowered or "not a database" in lowered:
        return "the database file is damaged or not a database: restore it from a backup"
    return f"the database failed: {message}"
