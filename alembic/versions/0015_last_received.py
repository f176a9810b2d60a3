"""When the newest signal was received stays known where it goes with its conversation."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# Written only where it moves, so that those who delete conversations seldom wait for each other.
KEEP = """
CREATE FUNCTION activity_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE rollup_state SET last_received_at = newest
    FROM (SELECT max(last_received_at) AS newest FROM old_rows) gone WHERE newest > rollup_state.last_received_at;
    RETURN NULL;
END
$$
"""
TRIGGER = """
CREATE TRIGGER activity_deleted AFTER DELETE ON conversation_activity
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION activity_deleted()
"""


def upgrade() -> None:
    op.execute("ALTER TABLE rollup_state ADD last_received_at timestamptz NOT NULL DEFAULT '-infinity'")
    op.execute(KEEP)
    op.execute(TRIGGER)


def downgrade() -> None:
    op.execute("DROP TRIGGER activity_deleted ON conversation_activity")
    op.execute("DROP FUNCTION activity_deleted")
    op.execute("ALTER TABLE rollup_state DROP last_received_at")
