"""width and height of pictures"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("items", sa.Column("width", sa.Integer()))
    op.add_column("items", sa.Column("height", sa.Integer()))


def downgrade() -> None:
    op.drop_column("items", "height")
    op.drop_column("items", "width")
