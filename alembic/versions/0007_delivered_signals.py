"""Idempotency keys of signals, with the signal that each was first delivered with."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Not in signals: a unique key of a hypertable would have to hold the time, which a second delivery need not repeat.
DELIVERED = """
CREATE TABLE delivered_signals (
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    key text NOT NULL,
    time timestamptz NOT NULL,
    signal_id bigint NOT NULL,
    delivered_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (conversation_id, key)
)
"""


def upgrade() -> None:
    op.execute(DELIVERED)
    op.execute("CREATE INDEX delivered_signals_age ON delivered_signals (delivered_at)")


def downgrade() -> None:
    op.execute("DROP TABLE delivered_signals")
