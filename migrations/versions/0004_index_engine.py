"""the index engine: codes, certificates, targets, sample queries"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("collections", sa.Column("storage", sa.String(length=20), nullable=False, server_default="full"))
    op.add_column("collections", sa.Column("target_recall", sa.Float(), nullable=True))
    op.add_column("segments", sa.Column("nodes", sa.Integer(), nullable=True))
    op.add_column("segments", sa.Column("codes", json, nullable=True))
    op.add_column("generations", sa.Column("certificates", json, nullable=False, server_default="{}"))
    op.drop_column("segments", "recall_at_10")
    op.create_table(
        "query_samples",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collections.id"],
            name=op.f("fk_query_samples_collection_id_collections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_query_samples")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_query_samples_collection", "query_samples", ["collection_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("query_samples")
    op.add_column("segments", sa.Column("recall_at_10", sa.Float(), nullable=True))
    op.drop_column("generations", "certificates")
    op.drop_column("segments", "codes")
    op.drop_column("segments", "nodes")
    op.drop_column("collections", "target_recall")
    op.drop_column("collections", "storage")
