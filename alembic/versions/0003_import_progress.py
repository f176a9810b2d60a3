"""How far each import has come, so that an interrupted one can go on."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE import_progress (
    key bytea PRIMARY KEY,
    path text NOT NULL,
    line bigint NOT NULL DEFAULT 0,
    imported bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
)
"""


def upgrade() -> None:
    op.execute(TABLE)


def downgrade() -> None:
    op.execute("DROP TABLE import_progress")
