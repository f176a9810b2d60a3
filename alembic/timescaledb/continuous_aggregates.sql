-- The rollups of 5 minutes and 1 hour as continuous aggregates, and views of the rollups' names that are exact.
--
-- A continuous aggregate does not show what changes in a bucket after it was materialized. So the views take from
-- it only what is certain:
--   * A transaction that changes a signal before `noted_until` notes its bucket in touched_buckets; the views count
--     such a bucket from raw signals, and everything from `materialized_5m` (`materialized_1h`) on likewise.
--   * app/signals/refresh.py moves `noted_until` forward, waits until every transaction that may have read the
--     older value has ended, refreshes, and moves `materialized_*` up to it. It deletes the notes that it had seen
--     before it began to refresh.
-- A view reads state, notes, aggregate and raw signals in one snapshot. Whoever else refreshes the aggregates (their
-- own policies do) makes them fresher at any time, and no answer wrong.

LOCK TABLE signals, signal_rollup_5m, signal_rollup_1h IN ACCESS EXCLUSIVE MODE;

CREATE TEMP TABLE aged_5m ON COMMIT DROP AS
    SELECT * FROM signal_rollup_5m WHERE bucket < (SELECT kept_from FROM rollup_state);
CREATE TEMP TABLE aged_1h ON COMMIT DROP AS
    SELECT * FROM signal_rollup_1h WHERE bucket < (SELECT kept_from FROM rollup_state);
DROP TABLE signal_rollup_5m, signal_rollup_1h;

CREATE MATERIALIZED VIEW signal_aggregate_5m WITH (
    timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.create_group_indexes = false
) AS
SELECT
    conversation_id, time_bucket(INTERVAL '5 minutes', time, TIMESTAMPTZ '2000-01-03 00:00:00+00') AS bucket,
    signal_source, coalesce(agent_id, '') AS agent_id,
    count(*) AS n, sum(signal_score - 0.5) AS s1, sum((signal_score - 0.5) * (signal_score - 0.5)) AS s2,
    min(signal_score) AS min_score, max(signal_score) AS max_score,
    coalesce(sum(emotional_tone), 0) AS tone_sum, count(emotional_tone) AS tone_count,
    sum(escalate_flag) AS escalations, min(time) AS first_time, max(time) AS last_time
FROM signals GROUP BY 1, 2, 3, 4
WITH NO DATA;

CREATE MATERIALIZED VIEW signal_aggregate_1h WITH (
    timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.create_group_indexes = false
) AS
SELECT
    conversation_id, time_bucket(INTERVAL '1 hour', bucket, TIMESTAMPTZ '2000-01-03 00:00:00+00') AS bucket,
    signal_source, agent_id,
    sum(n)::bigint AS n, sum(s1) AS s1, sum(s2) AS s2, min(min_score) AS min_score, max(max_score) AS max_score,
    sum(tone_sum) AS tone_sum, sum(tone_count)::bigint AS tone_count, sum(escalations)::bigint AS escalations,
    min(first_time) AS first_time, max(last_time) AS last_time
FROM signal_aggregate_5m
GROUP BY conversation_id, time_bucket(INTERVAL '1 hour', bucket, TIMESTAMPTZ '2000-01-03 00:00:00+00'),
    signal_source, agent_id
WITH NO DATA;

CREATE INDEX ON signal_aggregate_5m (conversation_id, bucket);
CREATE INDEX ON signal_aggregate_1h (conversation_id, bucket);

-- Append-only, so that two who touch one bucket never wait for each other: a bucket may stand here more than once.
CREATE TABLE touched_buckets (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversation_id uuid NOT NULL,
    bucket timestamptz NOT NULL,
    hour timestamptz NOT NULL
);
CREATE INDEX touched_buckets_conversation ON touched_buckets (conversation_id, hour, bucket);

-- In these two, %1$I is the aggregate's own table: what is materialized, and nothing else. `+ INTERVAL '0'` keeps the
-- planner from its index on bucket alone: how little a limit that it does not know leaves, it can only guess.
DO $do$
DECLARE
    -- A rollup's row, counted from raw signals s.
    counted CONSTANT text := $sql$
        s.signal_source, coalesce(s.agent_id, '') AS agent_id,
        count(*) AS n, sum(s.signal_score - 0.5) AS s1,
        sum((s.signal_score - 0.5) * (s.signal_score - 0.5)) AS s2,
        min(s.signal_score) AS min_score, max(s.signal_score) AS max_score,
        coalesce(sum(s.emotional_tone), 0) AS tone_sum, count(s.emotional_tone) AS tone_count,
        sum(s.escalate_flag) AS escalations, min(s.time) AS first_time, max(s.time) AS last_time
    $sql$;
    names CONSTANT text := $sql$ conversation_id, bucket, signal_source, agent_id, n, s1, s2, min_score, max_score,
        tone_sum, tone_count, escalations, first_time, last_time $sql$;
    stored_5m text := (SELECT materialization_hypertable_name FROM timescaledb_information.continuous_aggregates
                       WHERE view_name = 'signal_aggregate_5m');
    stored_1h text := (SELECT materialization_hypertable_name FROM timescaledb_information.continuous_aggregates
                       WHERE view_name = 'signal_aggregate_1h');
BEGIN
    EXECUTE format($sql$
        CREATE VIEW signal_rollup_5m AS
        SELECT %2$s FROM _timescaledb_internal.%1$I m
        WHERE m.bucket + INTERVAL '0' < (SELECT materialized_5m FROM rollup_state) AND NOT EXISTS (
            SELECT FROM touched_buckets t WHERE t.conversation_id = m.conversation_id AND t.bucket = m.bucket)
        UNION ALL
        SELECT t.conversation_id, t.bucket, s.* FROM (
            SELECT DISTINCT conversation_id, bucket FROM touched_buckets
            WHERE bucket < (SELECT materialized_5m FROM rollup_state)) t
        CROSS JOIN LATERAL (
            SELECT %3$s FROM signals s
            WHERE s.conversation_id = t.conversation_id
                AND s.time >= t.bucket AND s.time < t.bucket + INTERVAL '5 minutes'
            GROUP BY 1, 2) s
        UNION ALL
        SELECT s.conversation_id, date_bin(INTERVAL '5 minutes', s.time, '2000-01-03 00:00:00+00') AS bucket, %3$s
        FROM signals s WHERE s.time >= (SELECT materialized_5m FROM rollup_state) GROUP BY 1, 2, 3, 4
    $sql$, stored_5m, names, counted);

    EXECUTE format($sql$
        CREATE VIEW signal_rollup_1h AS
        SELECT %2$s FROM _timescaledb_internal.%1$I m
        WHERE m.bucket + INTERVAL '0' < (SELECT materialized_1h FROM rollup_state) AND NOT EXISTS (
            SELECT FROM touched_buckets t WHERE t.conversation_id = m.conversation_id AND t.hour = m.bucket)
        UNION ALL
        SELECT t.conversation_id, t.hour, s.* FROM (
            SELECT DISTINCT conversation_id, hour FROM touched_buckets
            WHERE hour < (SELECT materialized_1h FROM rollup_state)) t
        CROSS JOIN LATERAL (
            SELECT %3$s FROM signals s
            WHERE s.conversation_id = t.conversation_id
                AND s.time >= t.hour AND s.time < t.hour + INTERVAL '1 hour'
            GROUP BY 1, 2) s
        UNION ALL
        SELECT conversation_id, date_bin(INTERVAL '1 hour', r.bucket, '2000-01-03 00:00:00+00') AS bucket,
            signal_source, agent_id, sum(n)::bigint, sum(s1), sum(s2), min(min_score), max(max_score),
            sum(tone_sum), sum(tone_count)::bigint, sum(escalations)::bigint, min(first_time), max(last_time)
        FROM signal_rollup_5m r WHERE r.bucket >= (SELECT materialized_1h FROM rollup_state) GROUP BY 1, 2, 3, 4
    $sql$, stored_1h, names, counted);

    -- A deleted conversation leaves both aggregates with it; the notes of its signals have what a refresh that ran
    -- meanwhile may have put back be counted anew.
    EXECUTE format($sql$
        CREATE OR REPLACE FUNCTION conversations_deleted() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            DELETE FROM _timescaledb_internal.%1$I WHERE conversation_id IN (SELECT id FROM old_rows);
            DELETE FROM _timescaledb_internal.%2$I WHERE conversation_id IN (SELECT id FROM old_rows);
            RETURN NULL;
        END
        $body$
    $sql$, stored_5m, stored_1h);

    -- What raw signals can no longer tell comes along.
    EXECUTE format('INSERT INTO _timescaledb_internal.%1$I (%2$s) SELECT %2$s FROM aged_5m', stored_5m, names);
    EXECUTE format('INSERT INTO _timescaledb_internal.%1$I (%2$s) SELECT %2$s FROM aged_1h', stored_1h, names);
END
$do$;

UPDATE rollup_state SET source = 'continuous_aggregate', noted_until = kept_from,
    materialized_5m = kept_from, materialized_1h = kept_from;

-- No trigger on a delete may have a transition table beside a columnstore. Row by row, this one takes its place:
-- filled and emptied within the statement that deletes, so that nobody ever sees another's rows in it.
CREATE UNLOGGED TABLE deleted_signals (conversation_id uuid NOT NULL, time timestamptz NOT NULL);
CREATE FUNCTION signal_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO deleted_signals VALUES (OLD.conversation_id, OLD.time);
    RETURN NULL;
END
$$;
DROP TRIGGER signals_deleted ON signals;
CREATE TRIGGER signal_deleted AFTER DELETE ON signals FOR EACH ROW EXECUTE FUNCTION signal_deleted();
CREATE TRIGGER signals_deleted AFTER DELETE ON signals FOR EACH STATEMENT EXECUTE FUNCTION signals_deleted();

-- The triggers of signals stay; what they do to rollups is now to note the buckets that they touch. A transaction of
-- another level than READ COMMITTED might not see how far `noted_until` has come, and is refused.
DO $do$
DECLARE
    note CONSTANT text := $sql$
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RAISE EXCEPTION 'signals are written in READ COMMITTED transactions alone'
                USING ERRCODE = 'invalid_transaction_state';
        END IF;
        INSERT INTO touched_buckets (conversation_id, bucket, hour)
        SELECT DISTINCT conversation_id, date_bin(INTERVAL '5 minutes', time, '2000-01-03 00:00:00+00'),
            date_bin(INTERVAL '1 hour', time, '2000-01-03 00:00:00+00')
        FROM %1$s WHERE time < (SELECT noted_until FROM rollup_state);
    $sql$;
    add_activity CONSTANT text := $sql$
        INSERT INTO conversation_activity AS a
        SELECT conversation_id, count(*), max(time), max(received_at) FROM %1$s GROUP BY 1 ORDER BY 1
        ON CONFLICT (conversation_id) DO UPDATE SET
            signal_count = a.signal_count + excluded.signal_count,
            last_signal_at = greatest(a.last_signal_at, excluded.last_signal_at),
            last_received_at = greatest(a.last_received_at, excluded.last_received_at);
    $sql$;
    recount_activity CONSTANT text := $sql$
        PERFORM FROM conversation_activity
        WHERE conversation_id IN (SELECT conversation_id FROM %1$s)
        ORDER BY conversation_id FOR UPDATE;

        UPDATE conversation_activity a SET
            signal_count = a.signal_count + d.more,
            last_signal_at = (SELECT max(s.time) FROM signals s WHERE s.conversation_id = a.conversation_id)
        FROM (SELECT conversation_id, sum(more) AS more FROM %2$s GROUP BY 1) d
        WHERE a.conversation_id = d.conversation_id;
    $sql$;
    old_and_new CONSTANT text := '(SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows) t';
    lost CONSTANT text := '(SELECT conversation_id, -1 AS more FROM deleted_signals) t';
    moved CONSTANT text := '(SELECT conversation_id, -1 AS more FROM old_rows
                             UNION ALL SELECT conversation_id, 1 AS more FROM new_rows) t';
    name text;
    body text;
BEGIN
    FOR name, body IN VALUES
        ('signals_inserted', format(note || add_activity, 'new_rows')),
        ('signals_updated', format(note || recount_activity, old_and_new, moved)),
        ('signals_deleted', format(note || recount_activity || 'DELETE FROM deleted_signals;', 'deleted_signals', lost))
    LOOP
        EXECUTE format($sql$
            CREATE OR REPLACE FUNCTION %1$I() RETURNS trigger LANGUAGE plpgsql AS $body$
            #variable_conflict use_column
            BEGIN
                %2$s
                RETURN NULL;
            END
            $body$
        $sql$, name, body);
    END LOOP;
END
$do$;

-- The policies keep the aggregates fresh for whoever reads them otherwise, also where no server of ours runs. Their
-- windows are short, so that they never come near what raw signals are no longer kept of (two days at least).
SELECT add_continuous_aggregate_policy('signal_aggregate_5m', start_offset => INTERVAL '1 day',
    end_offset => INTERVAL '10 minutes', schedule_interval => INTERVAL '5 minutes');
SELECT add_continuous_aggregate_policy('signal_aggregate_1h', start_offset => INTERVAL '1 day',
    end_offset => INTERVAL '2 hours', schedule_interval => INTERVAL '30 minutes');
