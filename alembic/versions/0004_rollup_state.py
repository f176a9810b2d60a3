"""What the rollups can answer for, and from when on raw signals are kept.

Signals older than `kept_from` live on in the rollups alone: a signal written there would make its bucket be
counted anew from raw rows that are gone, so it is refused.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# One row. `noted_until` and the two `materialized` ones are those of continuous aggregates: see
# alembic/timescaledb/continuous_aggregates.sql. Trigger-kept rollups are always complete.
STATE = """
CREATE TABLE rollup_state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    source text NOT NULL DEFAULT 'rollup' CHECK (source IN ('rollup', 'continuous_aggregate')),
    kept_from timestamptz NOT NULL DEFAULT '-infinity',
    noted_until timestamptz NOT NULL DEFAULT '-infinity',
    materialized_5m timestamptz NOT NULL DEFAULT '-infinity',
    materialized_1h timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50)
"""

REFUSE = """
CREATE FUNCTION signals_refuse_aged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM new_rows WHERE time < (SELECT kept_from FROM rollup_state)) THEN
        RAISE EXCEPTION 'raw signals before % are no longer kept', (SELECT kept_from FROM rollup_state)
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$
"""


# Signals that leave because of their age stay in the rollups.
DELETED = """
CREATE OR REPLACE TRIGGER signals_deleted AFTER DELETE ON signals
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT {when} EXECUTE FUNCTION signals_deleted()
"""
UNLESS_AGED = "WHEN (current_setting('coherence.ageing', true) IS DISTINCT FROM 'on')"


def upgrade() -> None:
    op.execute(STATE)
    op.execute("INSERT INTO rollup_state DEFAULT VALUES")
    op.execute(REFUSE)
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"""CREATE TRIGGER signals_refuse_aged_{event.lower()} AFTER {event} ON signals
            REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION signals_refuse_aged()"""
        )
    op.execute(DELETED.format(when=UNLESS_AGED))


def downgrade() -> None:
    op.execute(DELETED.format(when=""))
    op.execute("DROP TRIGGER signals_refuse_aged_insert ON signals")
    op.execute("DROP TRIGGER signals_refuse_aged_update ON signals")
    op.execute("DROP FUNCTION signals_refuse_aged")
    op.execute("DROP TABLE rollup_state")
