"""Conversations that are open to whoever has a link."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# A token is 256 bits of chance: its plain SHA-256 can be looked up, and tells nobody the token.
SHARES = """
CREATE TABLE conversation_shares (
    conversation_id uuid PRIMARY KEY REFERENCES conversations ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    token bytea NOT NULL,
    shared_at timestamptz NOT NULL DEFAULT now()
)
"""


def upgrade() -> None:
    op.execute(SHARES)


def downgrade() -> None:
    op.execute("DROP TABLE conversation_shares")
