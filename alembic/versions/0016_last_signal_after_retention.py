"""`lastSignalAt` where the newest signals that remain are no longer kept raw: the rollups tell it.

The triggers took it from raw signals whenever some had changed or gone, and it was null where none was left of a
conversation. What is kept raw is never older than what is not, so the rollups have a say only where nothing is.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

RAW = "(SELECT max(s.time) FROM signals s WHERE s.conversation_id = a.conversation_id)"
ROLLED = "(SELECT max(r.last_time) FROM signal_rollup_5m r WHERE r.conversation_id = a.conversation_id)"
BEFORE = f"last_signal_at = {RAW}"
# As alembic/timescaledb/triggers.sql has it.
AFTER = f"last_signal_at = coalesce({RAW},\n                {ROLLED})"

# Both those of plain PostgreSQL and those beside continuous aggregates; the latter may be made with it already.
REPLACE = """
DO $do$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['signals_updated', 'signals_deleted'] LOOP
        EXECUTE replace(pg_get_functiondef(to_regproc(name)), '{old}', '{new}');
    END LOOP;
END
$do$
"""

MEND = f"""
UPDATE conversation_activity a SET last_signal_at = {ROLLED} WHERE last_signal_at IS NULL AND signal_count > 0
"""


def upgrade() -> None:
    op.execute(REPLACE.format(old=BEFORE, new=AFTER))
    op.execute(MEND)


def downgrade() -> None:
    op.execute(REPLACE.format(old=AFTER, new=BEFORE))
