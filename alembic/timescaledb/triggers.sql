-- The triggers of signals beside continuous aggregates. Run once after continuous_aggregates.sql, and by the migrations
-- that change it.

-- No trigger on a delete may have a transition table beside a columnstore. Row by row, deleted_signals takes its place.
CREATE OR REPLACE FUNCTION signal_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO deleted_signals
    VALUES (OLD.time, OLD.id, OLD.conversation_id, OLD.user_id, OLD.signal_source, OLD.agent_id);
    RETURN NULL;
END
$$;
DROP TRIGGER signals_deleted ON signals;
DROP TRIGGER signals_were_deleted ON signals;
CREATE OR REPLACE TRIGGER signal_deleted AFTER DELETE ON signals FOR EACH ROW EXECUTE FUNCTION signal_deleted();
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
            last_signal_at = coalesce((SELECT max(s.time) FROM signals s WHERE s.conversation_id = a.conversation_id),
                (SELECT max(r.last_time) FROM signal_rollup_5m r WHERE r.conversation_id = a.conversation_id))
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
        ('signals_deleted', format(note || recount_activity || 'PERFORM forget_deleted_signals();', 'deleted_signals', lost))
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
