"""What could not be stored, and how far each consumer group's partitions have been stored."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

DEAD_LETTERS = """
CREATE TABLE dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    received_at timestamptz NOT NULL,
    reason text NOT NULL,
    field text,
    payload bytea NOT NULL,
    conversation text,
    attempts integer NOT NULL DEFAULT 1
)
"""

OFFSETS = """
CREATE TABLE consumed_offsets (
    group_id text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (group_id, topic, partition)
)
"""


def upgrade() -> None:
    op.execute(DEAD_LETTERS)
    op.execute(OFFSETS)


def downgrade() -> None:
    op.execute("DROP TABLE consumed_offsets")
    op.execute("DROP TABLE dead_letters")
