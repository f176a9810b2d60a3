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

-- The policies keep the aggregates fresh for whoever reads them otherwise, also where no server of ours runs. Their
-- windows are short, so that they never come near what raw signals are no longer kept of (two days at least).
SELECT add_continuous_aggregate_policy('signal_aggregate_5m', start_offset => INTERVAL '1 day',
    end_offset => INTERVAL '10 minutes', schedule_interval => INTERVAL '5 minutes');
SELECT add_continuous_aggregate_policy('signal_aggregate_1h', start_offset => INTERVAL '1 day',
    end_offset => INTERVAL '2 hours', schedule_interval => INTERVAL '30 minutes');
