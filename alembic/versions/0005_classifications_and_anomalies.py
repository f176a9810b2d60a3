"""What is found out about signals after their commit: their classes, and what stands out among them.

Writers only say which signals came and went (signal_arrivals, signal_departures); app/arrivals.py does the rest, one
pass after the other. A signal's class is NEUTRAL where it is neither in signal_classifications nor still in
signal_arrivals, so most signals need no row.

The counts of classes are changed by that pass, and counted anew by whoever deletes or changes signals. Both lock the
counts' rows, made if need be, and look at the signals only in a statement that begins after: whoever comes second
sees what the first has done.
"""

from pathlib import Path

from sqlalchemy import text

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ARRIVALS = """
CREATE TABLE signal_arrivals (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    times timestamptz[] NOT NULL,
    ids bigint[] NOT NULL,
    again boolean NOT NULL
)
"""

DEPARTURES = """
CREATE TABLE signal_departures (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversation_id uuid NOT NULL,
    user_id text,
    first_time timestamptz NOT NULL,
    last_time timestamptz NOT NULL
)
"""

# Filled and emptied within the statement that deletes, so that nobody ever sees another's rows in it.
DELETED = """
CREATE UNLOGGED TABLE deleted_signals (
    time timestamptz NOT NULL,
    id bigint NOT NULL,
    conversation_id uuid NOT NULL,
    user_id text,
    signal_source text NOT NULL,
    agent_id text
)
"""

CLASSIFICATIONS = """
CREATE TABLE signal_classifications (
    time timestamptz NOT NULL,
    id bigint NOT NULL,
    classification text NOT NULL CHECK (classification IN ('POSITIVE', 'STRESSED', 'UNCERTAIN')),
    PRIMARY KEY (time, id)
)
"""

ROLLUP = """
CREATE TABLE {table} (
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    bucket timestamptz NOT NULL,
    signal_source text NOT NULL,
    agent_id text NOT NULL,
    positive bigint NOT NULL,
    stressed bigint NOT NULL,
    uncertain bigint NOT NULL,
    PRIMARY KEY (conversation_id, bucket, signal_source, agent_id)
) WITH (fillfactor = 80)
"""

ROLLUPS = {"classification_rollup_5m": "5 minutes", "classification_rollup_1h": "1 hour"}

ANOMALIES = """
CREATE TABLE anomalies (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL CHECK (kind IN ('RAPID_FIRE', 'DRIFT_SHIFT')),
    user_id text,
    conversation_id uuid REFERENCES conversations ON DELETE CASCADE,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    event_count bigint NOT NULL,
    signal_id bigint,
    details jsonb NOT NULL
)
"""

PROGRESS = """
CREATE TABLE shift_progress (
    conversation_id uuid PRIMARY KEY REFERENCES conversations ON DELETE CASCADE,
    time timestamptz NOT NULL,
    signal_id bigint NOT NULL,
    revision bigint NOT NULL
)
"""

INDEXES = (
    # A user's signals around an instant, and whether they all lie in one conversation.
    "CREATE INDEX signals_user ON signals (user_id, time) INCLUDE (conversation_id) WHERE user_id IS NOT NULL",
    "CREATE INDEX signal_classifications_class ON signal_classifications (classification, time, id)",
    "CREATE INDEX classification_rollup_5m_bucket ON classification_rollup_5m (bucket)",
    "CREATE INDEX classification_rollup_1h_bucket ON classification_rollup_1h (bucket)",
    "CREATE INDEX anomalies_order ON anomalies (started_at, id)",
    "CREATE INDEX anomalies_user ON anomalies (user_id, started_at, id)",
    "CREATE INDEX anomalies_conversation ON anomalies (conversation_id, started_at, id)",
)

KEY = """
    t.conversation_id, date_bin('{width}', t.time, '2000-01-03 00:00:00+00') AS bucket, t.signal_source,
    coalesce(t.agent_id, '') AS agent_id
"""

# The counts of a conversation that is being deleted go with it.
LOCK = """
    INSERT INTO {table} AS r
    SELECT DISTINCT {key}, 0, 0, 0 FROM deleted_signals t
    WHERE EXISTS (SELECT FROM conversations c WHERE c.id = t.conversation_id) ORDER BY 1, 2, 3, 4
    ON CONFLICT (conversation_id, bucket, signal_source, agent_id) DO UPDATE SET positive = r.positive;
"""

RECOUNT = """
    UPDATE {table} r SET positive = f.positive, stressed = f.stressed, uncertain = f.uncertain
    FROM (SELECT DISTINCT {key} FROM deleted_signals t) k
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE c.classification = 'POSITIVE') AS positive,
            count(*) FILTER (WHERE c.classification = 'STRESSED') AS stressed,
            count(*) FILTER (WHERE c.classification = 'UNCERTAIN') AS uncertain
        FROM signals s JOIN signal_classifications c ON c.time = s.time AND c.id = s.id
        WHERE s.conversation_id = k.conversation_id
            AND s.time >= k.bucket AND s.time < k.bucket + interval '{width}'
            AND s.signal_source = k.signal_source AND coalesce(s.agent_id, '') = k.agent_id
    ) f
    WHERE r.conversation_id = k.conversation_id AND r.bucket = k.bucket
        AND r.signal_source = k.signal_source AND r.agent_id = k.agent_id;

    DELETE FROM {table} r USING (SELECT DISTINCT {key} FROM deleted_signals t) k
    WHERE r.positive + r.stressed + r.uncertain = 0 AND r.conversation_id = k.conversation_id
        AND r.bucket = k.bucket AND r.signal_source = k.signal_source AND r.agent_id = k.agent_id;
"""

# Of the signals in deleted_signals, which are no more or no longer what they were.
FORGET = """
CREATE FUNCTION forget_deleted_signals() RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    {lock}
    DELETE FROM signal_classifications c USING deleted_signals t WHERE c.time = t.time AND c.id = t.id;

    INSERT INTO signal_departures (conversation_id, user_id, first_time, last_time)
    SELECT conversation_id, user_id, min(time), max(time) FROM deleted_signals
    GROUP BY conversation_id, user_id, date_bin('5 minutes', time, '2000-01-03 00:00:00+00');
    {recount}
    DELETE FROM deleted_signals;
END
$$
"""

FUNCTION = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {body}
    RETURN NULL;
END
$$
"""

# `again` where signals have changed: the class of one may be known, or just be being found.
ARRIVE = """
    INSERT INTO signal_arrivals (times, ids, again)
    SELECT array_agg(time), array_agg(id), {again} FROM new_rows HAVING count(*) > 0;
"""
DEPART = """
    INSERT INTO deleted_signals SELECT time, id, conversation_id, user_id, signal_source, agent_id FROM old_rows;
    PERFORM forget_deleted_signals();
"""

# They fire in the order of their names, after those of the rollups: everybody locks rollups before counts of classes.
BODIES = {
    "signals_were_inserted": ARRIVE.format(again="false"),
    "signals_were_updated": DEPART + ARRIVE.format(again="true"),
    "signals_were_deleted": DEPART,
}

TRIGGERS = (
    ("signals_were_inserted", "INSERT ON signals REFERENCING NEW TABLE AS new_rows", ""),
    ("signals_were_updated", "UPDATE ON signals REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows", ""),
    (
        "signals_were_deleted",
        "DELETE ON signals REFERENCING OLD TABLE AS old_rows",
        # Signals that leave because of their age stay in the counts.
        "WHEN (current_setting('coherence.ageing', true) IS DISTINCT FROM 'on')",
    ),
)

# What is stored already arrives now.
STORED = """
INSERT INTO signal_arrivals (times, ids, again)
SELECT array_agg(time), array_agg(id), false
FROM (SELECT time, id, (row_number() OVER (ORDER BY time, id) - 1) / 5000 AS block FROM signals) s
GROUP BY block ORDER BY block
"""

AGGREGATES = Path(__file__).parents[1] / "timescaledb" / "triggers.sql"


def of_both(template: str) -> str:
    """The template's statements for both counts."""
    return "".join(
        template.format(table=table, width=width, key=KEY.format(width=width))
        for table, width in ROLLUPS.items()
    )


def upgrade() -> None:
    # SQL that is only printed (--sql) is for a database that has no continuous aggregates.
    aggregated = not op.get_context().as_sql and op.get_bind().scalar(
        text("SELECT to_regclass('touched_buckets') IS NOT NULL")
    )
    op.execute("DROP TABLE IF EXISTS deleted_signals")
    for table in (ARRIVALS, DEPARTURES, DELETED, CLASSIFICATIONS, ANOMALIES, PROGRESS):
        op.execute(table)
    # Keys hardly compress, and trying takes longer than writing them.
    op.execute("ALTER TABLE signal_arrivals ALTER times SET STORAGE EXTERNAL, ALTER ids SET STORAGE EXTERNAL")
    for table in ROLLUPS:
        op.execute(ROLLUP.format(table=table))
    for index in INDEXES:
        op.execute(index)
    op.execute("ALTER TABLE rollup_state ADD classified_by text")
    op.execute(FORGET.format(lock=of_both(LOCK), recount=of_both(RECOUNT)))
    for name, body in BODIES.items():
        op.execute(FUNCTION.format(name=name, body=body))
    for name, event, when in TRIGGERS:
        op.execute(f"CREATE TRIGGER {name} AFTER {event} FOR EACH STATEMENT {when} EXECUTE FUNCTION {name}()")
    op.execute(STORED)
    if aggregated:
        op.get_bind().exec_driver_sql(AGGREGATES.read_text())


def downgrade() -> None:
    for name, _, _ in TRIGGERS:
        op.execute(f"DROP TRIGGER IF EXISTS {name} ON signals")
    op.execute(f"DROP FUNCTION {', '.join(BODIES)}, forget_deleted_signals")
    op.execute("ALTER TABLE rollup_state DROP classified_by")
    op.execute("DROP INDEX signals_user")
    op.execute(
        "DROP TABLE signal_arrivals, signal_departures, signal_classifications, anomalies, shift_progress, "
        "classification_rollup_5m, classification_rollup_1h"
    )
    op.execute("DROP TABLE IF EXISTS deleted_signals")
