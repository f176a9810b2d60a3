"""Messages of conversations."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# The signal that a message is recorded as cannot be referenced: a hypertable's key is its time as well, and raw signals
# may age while messages stay.
MESSAGES = """
CREATE TABLE messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('USER', 'ASSISTANT', 'SYSTEM')),
    content text NOT NULL CHECK (content <> ''),
    citations jsonb NOT NULL DEFAULT '[]',
    domains text[] NOT NULL DEFAULT '{}',
    feedback_score smallint CHECK (feedback_score IS NULL OR feedback_score BETWEEN -1 AND 1 AND role = 'ASSISTANT'),
    input_tokens integer CHECK (input_tokens >= 0),
    output_tokens integer CHECK (output_tokens >= 0),
    cost_usd numeric CHECK (cost_usd >= 0 AND cost_usd < 'infinity'),
    created_at timestamptz NOT NULL DEFAULT now(),
    signal_time timestamptz NOT NULL,
    signal_id bigint NOT NULL,
    UNIQUE (signal_time, signal_id)
)
"""


def upgrade() -> None:
    op.execute(MESSAGES)
    op.execute("CREATE INDEX messages_conversation ON messages (conversation_id, created_at, id)")
    op.execute("CREATE INDEX messages_time ON messages (created_at)")


def downgrade() -> None:
    op.execute("DROP TABLE messages")
