"""Who reads a conversation besides its owner."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

COACHES = """
CREATE TABLE conversation_coaches (
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    assigned_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, conversation_id)
)
"""


def upgrade() -> None:
    op.execute(COACHES)
    op.execute("CREATE INDEX conversation_coaches_conversation ON conversation_coaches (conversation_id)")


def downgrade() -> None:
    op.execute("DROP TABLE conversation_coaches")
