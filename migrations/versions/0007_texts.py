"""full-text indexes of titles and captions"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from retrieval.metadata.lexical.index import text_index
from retrieval.metadata.lexical.words import document_words

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BATCH = 10_000
json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
collections = sa.table("collections", sa.column("id"))
items = sa.table(
    "items", sa.column("collection_id"), sa.column("key"), sa.column("attributes", json), sa.column("live", sa.Boolean)
)
captions = sa.table(
    "captions", sa.column("collection_id"), sa.column("item_key"), sa.column("key"), sa.column("text", sa.Text)
)


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        _create_table()
    for collection_id in connection.scalars(sa.select(collections.c.id)).all():
        index = text_index(connection, collection_id)
        index.create()
        for documents in _documents(connection, collection_id):
            index.add(documents)


def downgrade() -> None:
    connection = op.get_bind()
    for collection_id in connection.scalars(sa.select(collections.c.id)).all():
        text_index(connection, collection_id).drop()
    if connection.dialect.name == "postgresql":
        op.drop_table("texts")


def _create_table() -> None:
    op.create_table(
        "texts",
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collections.id"], name=op.f("fk_texts_collection_id_collections"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["collection_id", "key"],
            ["items.collection_id", "items.key"],
            name="fk_texts_item_items",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("collection_id", "key", name=op.f("pk_texts")),
    )
    op.create_index("ix_texts_words", "texts", ["words"], unique=False, postgresql_using="gin")


def _documents(connection: sa.Connection, collection_id: int) -> Iterator[dict[int, list[str]]]:
    """The words of all live documents that have some, by key, a batch at a time."""
    last = -1
    while True:
        wanted = sa.select(items.c.key, items.c.attributes, items.c.live)
        wanted = wanted.where(items.c.collection_id == collection_id, items.c.key > last)
        rows = connection.execute(wanted.order_by(items.c.key).limit(BATCH)).all()
        if not rows:
            return
        said = _captions(connection, collection_id, rows[0].key, rows[-1].key)
        words = {row.key: document_words(said.get(row.key, ()), row.attributes) for row in rows if row.live}
        yield {key: found for key, found in words.items() if found}
        last = rows[-1].key


def _captions(connection: sa.Connection, collection_id: int, first: int, last: int) -> dict[int, list[str]]:
    wanted = sa.select(captions.c.item_key, captions.c.text)
    wanted = wanted.where(captions.c.collection_id == collection_id, captions.c.item_key.between(first, last))
    said: dict[int, list[str]] = {}
    for item_key, text in connection.execute(wanted.order_by(captions.c.item_key, captions.c.key)):
        said.setdefault(item_key, []).append(text)
    return said
