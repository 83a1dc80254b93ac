"""The tables. They run unchanged on SQLite and PostgreSQL; `migrations/` creates them.

A `key` names one version of one item (or one of its captions) for ever: any change to an item gives it a new key and
buries the old one, so what is stored under a key never changes and readers may cache it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time, aware and in UTC on both sides (SQLite itself keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse naive times; store UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Json = JSON().with_variant(JSONB(), "postgresql")


def _collection_id(*, primary_key: bool = False) -> Column[int]:
    return Column(
        "collection_id",
        Integer,
        ForeignKey("collections.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )


collections = Table(
    "collections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("encoder", Json, nullable=False),  # the EncoderSpec and where its weights were
    Column("encoder_id", String(64), nullable=False),
    Column("dim", Integer, nullable=False),
    Column("m", Integer, nullable=False),
    Column("ef_construction", Integer, nullable=False),
    Column("ef_search", Integer, nullable=False),
    Column("storage", String(20), nullable=False, server_default="full"),
    Column("target_recall", Float),
    Column("caption_vectors", Boolean, nullable=False),
    Column("next_key", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),  # one more with every committed write
    Column("created_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,  # ids are never given twice, so they may be cached
)

aliases = Table(
    "aliases",
    metadata,
    Column("name", String(200), primary_key=True),  # never a collection's name: see retrieval/metadata/names.py
    _collection_id(),
    Index("ix_aliases_collection", "collection_id"),
)

items = Table(
    "items",
    metadata,
    _collection_id(primary_key=True),
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("doc_id", Text, nullable=False),
    Column("image_uri", Text, nullable=False),
    Column("attributes", Json, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("width", Integer),  # of the picture as it is displayed; null: no picture, or written before it was kept
    Column("height", Integer),
)
# The doc_id of at most one live version; dead versions stay until compaction has dropped their vectors.
Index(
    "uq_items_live_doc",
    items.c.collection_id,
    items.c.doc_id,
    unique=True,
    sqlite_where=text("live"),
    postgresql_where=text("live"),
)
IS_LIVE = text("items.live")
"""What lookups by doc_id say of `items`, word for word as that index: SQLite takes `items.live = 1`, which SQLAlchemy
would write, for another condition, and reads through the whole collection."""

captions = Table(
    "captions",
    metadata,
    _collection_id(primary_key=True),
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("item_key", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    ForeignKeyConstraint(
        ["collection_id", "item_key"],
        ["items.collection_id", "items.key"],
        ondelete="CASCADE",
        name="fk_captions_item_items",
    ),
    Index("ix_captions_item", "collection_id", "item_key"),
)

# SQLite keeps the same in tables of its own making (`retrieval.metadata.lexical`).
texts = Table(
    "texts",
    metadata,
    _collection_id(primary_key=True),
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("words", TSVECTOR, nullable=False),
    Column("length", Integer, nullable=False),  # in words
    ForeignKeyConstraint(
        ["collection_id", "key"], ["items.collection_id", "items.key"], ondelete="CASCADE", name="fk_texts_item_items"
    ),
    Index("ix_texts_words", "words", postgresql_using="gin"),
    info={"only": "postgresql"},
)

tombstones = Table(
    "tombstones",
    metadata,
    _collection_id(primary_key=True),
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
    Index("ix_tombstones_revision", "collection_id", "revision"),
)

ledger = Table(
    "ledger",
    metadata,
    _collection_id(primary_key=True),
    Column("doc_id", Text, primary_key=True),
    Column("state", String(16), nullable=False),  # indexed | rejected
    Column("signature", Text),
    Column("content_sha256", String(64)),
    Column("record_sha256", String(64)),
    Column("reason", String(64)),
    Column("detail", Text),
    Column("seen_run", Integer),
    Index("ix_ledger_state", "collection_id", "state"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    _collection_id(),
    Column("source", Text, nullable=False),
    Column("state", String(16), nullable=False),  # running | finished | failed
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("counts", Json, nullable=False),
    Column("error", Text),
    Index("ix_runs_collection", "collection_id", "id"),
    sqlite_autoincrement=True,
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("id", Integer, primary_key=True),
    _collection_id(),
    Column("kind", String(16), nullable=False),  # captions
    Column("config", Json, nullable=False),
    Column("metrics", Json, nullable=False),
    Column("folder", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_evaluations_collection", "collection_id", "id"),
    sqlite_autoincrement=True,
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),  # as `JobKind` in metadata/jobs.py
    Column("collection", String(200), nullable=False),  # by name: the job may be what makes it
    Column("config", Json, nullable=False),
    Column("inputs", Json, nullable=False),  # what is too large to be shown with every job: queries and judgements
    Column("state", String(16), nullable=False),  # queued | running | cancelling | cancelled | done | failed
    Column("progress", Json, nullable=False),
    Column("result", Json),
    Column("error", Text),
    Column("attempts", Integer, nullable=False),
    Column("lease_owner", String(100)),
    Column("lease_expires_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Index("ix_jobs_state", "state", "id"),
    sqlite_autoincrement=True,
)

segments = Table(
    "segments",
    metadata,
    Column("id", Integer, primary_key=True),
    _collection_id(),
    Column("kind", String(16), nullable=False),  # image | caption
    Column("rows", BigInteger, nullable=False),
    Column("m", Integer),  # null: no graph, searched exactly
    Column("ef_construction", Integer),
    Column("nodes", Integer),  # distinct vectors; null: written before copies were told apart, as many as rows
    Column("codes", Json),  # null: searches compare full vectors
    Column("files", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_segments_collection", "collection_id"),
    sqlite_autoincrement=True,
)

generations = Table(
    "generations",
    metadata,
    Column("id", Integer, primary_key=True),
    _collection_id(),
    Column("number", Integer, nullable=False),
    Column("segment_ids", Json, nullable=False),
    Column("certificates", Json, nullable=False, server_default="{}"),  # by kind of vectors
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("collection_id", "number", name="uq_generations_number"),
)

query_samples = Table(
    "query_samples",
    metadata,
    Column("id", Integer, primary_key=True),
    _collection_id(),
    Column("vector", LargeBinary, nullable=False),  # float32, little-endian
    Index("ix_query_samples_collection", "collection_id", "id"),
    sqlite_autoincrement=True,
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("scope", String(16), nullable=False),  # read | write | admin
    Column("secret_sha256", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    sqlite_autoincrement=True,  # ids are never given twice: a token of a key that is gone fits no other
)
Index(
    "uq_api_keys_name_in_use",
    api_keys.c.name,
    unique=True,
    sqlite_where=text("revoked_at IS NULL"),
    postgresql_where=text("revoked_at IS NULL"),
)


def is_in(dialect: str) -> Callable[..., bool]:
    """Alembic's `include_object` for one kind of database: not all tables are in both."""
    return lambda thing, *_: thing.info.get("only", dialect) == dialect
