--
-- PostgreSQL database dump
--

\restrict Vp7sdJJzQw8MdJfZP4l1lmDHc1Yto6T88NLZ1fKRM2dp8FVzQ64q3ZLKWqPbnng

-- Dumped from database version 18.6
-- Dumped by pg_dump version 18.6

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: pgcrypto; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public;


--
-- Name: EXTENSION pgcrypto; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION pgcrypto IS 'cryptographic functions';


--
-- Name: vector; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;


--
-- Name: EXTENSION vector; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION vector IS 'vector data type and ivfflat and hnsw access methods';


--
-- Name: conversations_deleted(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.conversations_deleted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
BEGIN
    
    DELETE FROM signal_rollup_5m WHERE conversation_id IN (SELECT id FROM old_rows);
    DELETE FROM signal_rollup_1h WHERE conversation_id IN (SELECT id FROM old_rows);

    RETURN NULL;
END
$$;


--
-- Name: conversations_inserted(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.conversations_inserted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO conversation_activity (conversation_id) SELECT id FROM new_rows ORDER BY id;
    RETURN NULL;
END
$$;


--
-- Name: embeddings_gone(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.embeddings_gone() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO embedding_departures (times, ids)
    SELECT array_agg(time), array_agg(id) FROM old_rows HAVING count(*) > 0;
    RETURN NULL;
END
$$;


--
-- Name: embeddings_of_signals_gone(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.embeddings_of_signals_gone() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM signal_embeddings e USING old_rows t WHERE e.time = t.time AND e.id = t.id
        AND NOT EXISTS (SELECT FROM signals s WHERE s.time = t.time AND s.id = t.id);
    DELETE FROM given_embeddings g USING old_rows t WHERE g.time = t.time AND g.id = t.id
        AND NOT EXISTS (SELECT FROM signals s WHERE s.time = t.time AND s.id = t.id);
    RETURN NULL;
END
$$;


--
-- Name: forget_deleted_signals(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.forget_deleted_signals() RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
BEGIN
    
    INSERT INTO classification_rollup_5m AS r
    SELECT DISTINCT 
    t.conversation_id, date_bin('5 minutes', t.time, '2000-01-03 00:00:00+00') AS bucket, t.signal_source,
    coalesce(t.agent_id, '') AS agent_id
, 0, 0, 0 FROM deleted_signals t
    WHERE EXISTS (SELECT FROM conversations c WHERE c.id = t.conversation_id) ORDER BY 1, 2, 3, 4
    ON CONFLICT (conversation_id, bucket, signal_source, agent_id) DO UPDATE SET positive = r.positive;

    INSERT INTO classification_rollup_1h AS r
    SELECT DISTINCT 
    t.conversation_id, date_bin('1 hour', t.time, '2000-01-03 00:00:00+00') AS bucket, t.signal_source,
    coalesce(t.agent_id, '') AS agent_id
, 0, 0, 0 FROM deleted_signals t
    WHERE EXISTS (SELECT FROM conversations c WHERE c.id = t.conversation_id) ORDER BY 1, 2, 3, 4
    ON CONFLICT (conversation_id, bucket, signal_source, agent_id) DO UPDATE SET positive = r.positive;

    DELETE FROM signal_classifications c USING deleted_signals t WHERE c.time = t.time AND c.id = t.id;

    INSERT INTO signal_departures (conversation_id, user_id, first_time, last_time)
    SELECT conversation_id, user_id, min(time), max(time) FROM deleted_signals
    GROUP BY conversation_id, user_id, date_bin('5 minutes', time, '2000-01-03 00:00:00+00');
    
    UPDATE classification_rollup_5m r SET positive = f.positive, stressed = f.stressed, uncertain = f.uncertain
    FROM (SELECT DISTINCT 
    t.conversation_id, date_bin('5 minutes', t.time, '2000-01-03 00:00:00+00') AS bucket, t.signal_source,
    coalesce(t.agent_id, '') AS agent_id
 FROM deleted_signals t) k
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE c.classification = 'POSITIVE') AS positive,
            count(*) FILTER (WHERE c.classification = 'STRESSED') AS stressed,
            count(*) FILTER (WHERE c.classification = 'UNCERTAIN') AS uncertain
        FROM signals s JOIN signal_classifications c ON c.time = s.time AND c.id = s.id
        WHERE s.conversation_id = k.conversation_id
            AND s.time >= k.bucket AND s.time < k.bucket + interval '5 minutes'
            AND s.signal_source = k.signal_source AND coalesce(s.agent_id, '') = k.agent_id
    ) f
    WHERE r.conversation_id = k.conversation_id AND r.bucket = k.bucket
        AND r.signal_source = k.signal_source AND r.agent_id = k.agent_id;

    DELETE FROM classification_rollup_5m r USING (SELECT DISTINCT 
    t.conversation_id, date_bin('5 minutes', t.time, '2000-01-03 00:00:00+00') AS bucket, t.signal_source,
    coalesce(t.agent_id, '') AS agent_id
 FROM deleted_signals t) k
    WHERE r.positive + r.stressed + r.uncertain = 0 AND r.conversation_id = k.conversation_id
        AND r.bucket = k.bucket AND r.signal_source = k.signal_source AND r.agent_id = k.agent_id;

    UPDATE classification_rollup_1h r SET positive = f.positive, stressed = f.stressed, uncertain = f.uncertain
    FROM (SELECT DISTINCT 
    t.conversation_id, date_bin('1 hour', t.time, '2000-01-03 00:00:00+00') AS bucket, t.signal_source,
    coalesce(t.agent_id, '') AS agent_id
 FROM deleted_signals t) k
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE c.classification = 'POSITIVE') AS positive,
            count(*) FILTER (WHERE c.classification = 'STRESSED') AS stressed,
            count(*) FILTER (WHERE c.classification = 'UNCERTAIN') AS uncertain
        FROM signals s JOIN signal_classifications c ON c.time = s.time AND c.id = s.id
        WHERE s.conversation_id = k.conversation_id
            AND s.time >= k.bucket AND s.time < k.bucket + interval '1 hour'
            AND s.signal_source = k.signal_source AND coalesce(s.agent_id, '') = k.agent_id
    ) f
    WHERE r.conversation_id = k.conversation_id AND r.bucket = k.bucket
        AND r.signal_source = k.signal_source AND r.agent_id = k.agent_id;

    DELETE FROM classification_rollup_1h r USING (SELECT DISTINCT 
    t.conversation_id, date_bin('1 hour', t.time, '2000-01-03 00:00:00+00') AS bucket, t.signal_source,
    coalesce(t.agent_id, '') AS agent_id
 FROM deleted_signals t) k
    WHERE r.positive + r.stressed + r.uncertain = 0 AND r.conversation_id = k.conversation_id
        AND r.bucket = k.bucket AND r.signal_source = k.signal_source AND r.agent_id = k.agent_id;

    DELETE FROM deleted_signals;
END
$$;


--
-- Name: pgcrypto_key_fingerprint(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.pgcrypto_key_fingerprint(key text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT
    RETURN public.hmac('\x636f686572656e63652066696e6765727072696e74'::bytea, convert_to(key, 'UTF8'::name), 'sha256'::text);


--
-- Name: signals_deleted(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.signals_deleted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
BEGIN
    
    INSERT INTO signal_rollup_5m AS r
    SELECT DISTINCT 
    conversation_id, date_bin('5 minutes', time, '2000-01-03 00:00:00+00') AS bucket,
    signal_source, coalesce(agent_id, '') AS agent_id
, 0, 0, 0, 0, 0, 0, 0, 0, 'infinity'::timestamptz, '-infinity'::timestamptz
    FROM old_rows t WHERE EXISTS (SELECT FROM conversations c WHERE c.id = t.conversation_id)
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (conversation_id, bucket, signal_source, agent_id) DO UPDATE SET n = r.n;

    UPDATE signal_rollup_5m r SET
        n = f.n, s1 = coalesce(f.s1, 0), s2 = coalesce(f.s2, 0),
        min_score = coalesce(f.min_score, 0), max_score = coalesce(f.max_score, 0),
        tone_sum = f.tone_sum, tone_count = f.tone_count, escalations = coalesce(f.escalations, 0),
        first_time = coalesce(f.first_time, 'infinity'), last_time = coalesce(f.last_time, '-infinity')
    FROM (SELECT DISTINCT 
    conversation_id, date_bin('5 minutes', time, '2000-01-03 00:00:00+00') AS bucket,
    signal_source, coalesce(agent_id, '') AS agent_id
 FROM old_rows t) k
    CROSS JOIN LATERAL (
        SELECT 
    count(*) AS n, sum(signal_score - 0.5) AS s1, sum((signal_score - 0.5) * (signal_score - 0.5)) AS s2,
    min(signal_score) AS min_score, max(signal_score) AS max_score,
    coalesce(sum(emotional_tone), 0) AS tone_sum, count(emotional_tone) AS tone_count,
    sum(escalate_flag) AS escalations, min(time) AS first_time, max(time) AS last_time
 FROM signals s
        WHERE s.conversation_id = k.conversation_id
            AND s.time >= k.bucket AND s.time < k.bucket + interval '5 minutes'
            AND s.signal_source = k.signal_source AND coalesce(s.agent_id, '') = k.agent_id
    ) f
    WHERE r.conversation_id = k.conversation_id AND r.bucket = k.bucket
        AND r.signal_source = k.signal_source AND r.agent_id = k.agent_id;

    DELETE FROM signal_rollup_5m r USING (SELECT DISTINCT 
    conversation_id, date_bin('5 minutes', time, '2000-01-03 00:00:00+00') AS bucket,
    signal_source, coalesce(agent_id, '') AS agent_id
 FROM old_rows t) k
    WHERE r.n = 0 AND r.conversation_id = k.conversation_id AND r.bucket = k.bucket
        AND r.signal_source = k.signal_source AND r.agent_id = k.agent_id;

    INSERT INTO signal_rollup_1h AS r
    SELECT DISTINCT 
    conversation_id, date_bin('1 hour', time, '2000-01-03 00:00:00+00') AS bucket,
    signal_source, coalesce(agent_id, '') AS agent_id
, 0, 0, 0, 0, 0, 0, 0, 0, 'infinity'::timestamptz, '-infinity'::timestamptz
    FROM old_rows t WHERE EXISTS (SELECT FROM conversations c WHERE c.id = t.conversation_id)
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (conversation_id, bucket, signal_source, agent_id) DO UPDATE SET n = r.n;

    UPDATE signal_rollup_1h r SET
        n = f.n, s1 = coalesce(f.s1, 0), s2 = coalesce(f.s2, 0),
        min_score = coalesce(f.min_score, 0), max_score = coalesce(f.max_score, 0),
        tone_sum = f.tone_sum, tone_count = f.tone_count, escalations = coalesce(f.escalations, 0),
        first_time = coalesce(f.first_time, 'infinity'), last_time = coalesce(f.last_time, '-infinity')
    FROM (SELECT DISTINCT 
    conversation_id, date_bin('1 hour', time, '2000-01-03 00:00:00+00') AS bucket,
    signal_source, coalesce(agent_id, '') AS agent_id
 FROM old_rows t) k
    CROSS JOIN LATERAL (
        SELECT 
    count(*) AS n, sum(signal_score - 0.5) AS s1, sum((signal_score - 0.5) * (signal_score - 0.5)) AS s2,
    min(signal_score) AS min_score, max(signal_score) AS max_score,
    coalesce(sum(emotional_tone), 0) AS tone_sum, count(emotional_tone) AS tone_count,
    sum(escalate_flag) AS escalations, min(time) AS first_time, max(time) AS last_time
 FROM signals s
        WHERE s.conversation_id = k.conversation_id
            AND s.time >= k.bucket AND s.time < k.bucket + interval '1 hour'
            AND s.signal_source = k.signal_source AND coalesce(s.agent_id, '') = k.agent_id
    ) f
    WHERE r.conversation_id = k.conversation_id AND r.bucket = k.bucket
        AND r.signal_source = k.signal_source AND r.agent_id = k.agent_id;

    DELETE FROM signal_rollup_1h r USING (SELECT DISTINCT 
    conversation_id, date_bin('1 hour', time, '2000-01-03 00:00:00+00') AS bucket,
    signal_source, coalesce(agent_id, '') AS agent_id
 FROM old_rows t) k
    WHERE r.n = 0 AND r.conversation_id = k.conversation_id AND r.bucket = k.bucket
        AND r.signal_source = k.signal_source AND r.agent_id = k.agent_id;

    PERFORM FROM conversation_activity
    WHERE conversation_id IN (SELECT conversation_id FROM old_rows t)
    ORDER BY conversation_id FOR UPDATE;

    UPDATE conversation_activity a SET
        signal_count = a.signal_count + d.more,
        last_signal_at = (SELECT max(s.time) FROM signals s WHERE s.conversation_id = a.conversation_id)
    FROM (SELECT conversation_id, sum(more) AS more FROM (SELECT conversation_id, -1 AS more FROM old_rows) t GROUP BY 1) d
    WHERE a.conversation_id = d.conversation_id;

    RETURN NULL;
END
$$;


--
-- Name: signals_inserted(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.signals_inserted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
BEGIN
    
    INSERT INTO signal_rollup_5m AS r
    SELECT 
    conversation_id, date_bin('5 minutes', time, '2000-01-03 00:00:00+00') AS bucket,
    signal_source, coalesce(agent_id, '') AS agent_id
, 
    count(*) AS n, sum(signal_score - 0.5) AS s1, sum((signal_score - 0.5) * (signal_score - 0.5)) AS s2,
    min(signal_score) AS min_score, max(signal_score) AS max_score,
    coalesce(sum(emotional_tone), 0) AS tone_sum, count(emotional_tone) AS tone_count,
    sum(escalate_flag) AS escalations, min(time) AS first_time, max(time) AS last_time
 FROM new_rows GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (conversation_id, bucket, signal_source, agent_id) DO UPDATE SET
        n = r.n + excluded.n, s1 = r.s1 + excluded.s1, s2 = r.s2 + excluded.s2,
        min_score = least(r.min_score, excluded.min_score),
        max_score = greatest(r.max_score, excluded.max_score),
        tone_sum = r.tone_sum + excluded.tone_sum, tone_count = r.tone_count + excluded.tone_count,
        escalations = r.escalations + excluded.escalations,
        first_time = least(r.first_time, excluded.first_time),
        last_time = greatest(r.last_time, excluded.last_time);

    INSERT INTO signal_rollup_1h AS r
    SELECT 
    conversation_id, date_bin('1 hour', time, '2000-01-03 00:00:00+00') AS bucket,
    signal_source, coalesce(agent_id, '') AS agent_id
, 
    count(*) AS n, sum(signal_score - 0.5) AS s1, sum((signal_score - 0.5) * (signal_score - 0.5)) AS s2,
    min(signal_score) AS min_score, max(signal_score) AS max_score,
    coalesce(sum(emotional_tone), 0) AS tone_sum, count(emotional_tone) AS tone_count,
    sum(escalate_flag) AS escalations, min(time) AS first_time, max(time) AS last_time
 FROM new_rows GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (conversation_id, bucket, signal_source, agent_id) DO UPDATE SET
        n = r.n + excluded.n, s1 = r.s1 + excluded.s1, s2 = r.s2 + excluded.s2,
        min_score = least(r.min_score, excluded.min_score),
        max_score = greatest(r.max_score, excluded.max_score),
        tone_sum = r.tone_sum + excluded.tone_sum, tone_count = r.tone_count + excluded.tone_count,
        escalations = r.escalations + excluded.escalations,
        first_time = least(r.first_time, excluded.first_time),
        last_time = greatest(r.last_time, excluded.last_time);

    INSERT INTO conversation_activity AS a
    SELECT conversation_id, count(*), max(time), max(received_at)
    FROM new_rows GROUP BY 1 ORDER BY 1
    ON CONFLICT (conversation_id) DO UPDATE SET
        signal_count = a.signal_count + excluded.signal_count,
        last_signal_at = greatest(a.last_signal_at, excluded.last_signal_at),
        last_received_at = greatest(a.last_received_at, excluded.last_received_at);

    RETURN NULL;
END
$$;


--
-- Name: signals_refuse_aged(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.signals_refuse_aged() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM new_rows WHERE time < (SELECT kept_from FROM rollup_state)) THEN
        RAISE EXCEPTION 'raw signals before % are no longer kept', (SELECT kept_from FROM rollup_state)
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;


--
-- Name: signals_updated(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.signals_updated() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
BEGIN
    
    INSERT INTO signal_rollup_5m AS r
    SELECT DISTINCT 
    conversation_id, date_bin('5 minutes', time, '2000-01-03 00:00:00+00') AS bucket,
    signal_source, coalesce(agent_id, '') AS agent_id
, 0, 0, 0, 0, 0, 0, 0, 0, 'infinity'::timestamptz, '-infinity'::timestamptz
    FROM (SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows) t WHERE EXISTS (SELECT FROM conversations c WHERE c.id = t.conversation_id)
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (conversation_id, bucket, signal_source, agent_id) DO UPDATE SET n = r.n;

    UPDATE signal_rollup_5m r SET
        n = f.n, s1 = coalesce(f.s1, 0), s2 = coalesce(f.s2, 0),
        min_score = coalesce(f.min_score, 0), max_score = coalesce(f.max_score, 0),
        tone_sum = f.tone_sum, tone_count = f.tone_count, escalations = coalesce(f.escalations, 0),
        first_time = coalesce(f.first_time, 'infinity'), last_time = coalesce(f.last_time, '-infinity')
    FROM (SELECT DISTINCT 
    conversation_id, date_bin('5 minutes', time, '2000-01-03 00:00:00+00') AS bucket,
    signal_source, coalesce(agent_id, '') AS agent_id
 FROM (SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows) t) k
    CROSS JOIN LATERAL (
        SELECT 
    count(*) AS n, sum(signal_score - 0.5) AS s1, sum((signal_score - 0.5) * (signal_score - 0.5)) AS s2,
    min(signal_score) AS min_score, max(signal_score) AS max_score,
    coalesce(sum(emotional_tone), 0) AS tone_sum, count(emotional_tone) AS tone_count,
    sum(escalate_flag) AS escalations, min(time) AS first_time, max(time) AS last_time
 FROM signals s
        WHERE s.conversation_id = k.conversation_id
            AND s.time >= k.bucket AND s.time < k.bucket + interval '5 minutes'
            AND s.signal_source = k.signal_source AND coalesce(s.agent_id, '') = k.agent_id
    ) f
    WHERE r.conversation_id = k.conversation_id AND r.bucket = k.bucket
        AND r.signal_source = k.signal_source AND r.agent_id = k.agent_id;

    DELETE FROM signal_rollup_5m r USING (SELECT DISTINCT 
    conversation_id, date_bin('5 minutes', time, '2000-01-03 00:00:00+00') AS bucket,
    signal_source, coalesce(agent_id, '') AS agent_id
 FROM (SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows) t) k
    WHERE r.n = 0 AND r.conversation_id = k.conversation_id AND r.bucket = k.bucket
        AND r.signal_source = k.signal_source AND r.agent_id = k.agent_id;

    INSERT INTO signal_rollup_1h AS r
    SELECT DISTINCT 
    conversation_id, date_bin('1 hour', time, '2000-01-03 00:00:00+00') AS bucket,
    signal_source, coalesce(agent_id, '') AS agent_id
, 0, 0, 0, 0, 0, 0, 0, 0, 'infinity'::timestamptz, '-infinity'::timestamptz
    FROM (SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows) t WHERE EXISTS (SELECT FROM conversations c WHERE c.id = t.conversation_id)
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (conversation_id, bucket, signal_source, agent_id) DO UPDATE SET n = r.n;

    UPDATE signal_rollup_1h r SET
        n = f.n, s1 = coalesce(f.s1, 0), s2 = coalesce(f.s2, 0),
        min_score = coalesce(f.min_score, 0), max_score = coalesce(f.max_score, 0),
        tone_sum = f.tone_sum, tone_count = f.tone_count, escalations = coalesce(f.escalations, 0),
        first_time = coalesce(f.first_time, 'infinity'), last_time = coalesce(f.last_time, '-infinity')
    FROM (SELECT DISTINCT 
    conversation_id, date_bin('1 hour', time, '2000-01-03 00:00:00+00') AS bucket,
    signal_source, coalesce(agent_id, '') AS agent_id
 FROM (SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows) t) k
    CROSS JOIN LATERAL (
        SELECT 
    count(*) AS n, sum(signal_score - 0.5) AS s1, sum((signal_score - 0.5) * (signal_score - 0.5)) AS s2,
    min(signal_score) AS min_score, max(signal_score) AS max_score,
    coalesce(sum(emotional_tone), 0) AS tone_sum, count(emotional_tone) AS tone_count,
    sum(escalate_flag) AS escalations, min(time) AS first_time, max(time) AS last_time
 FROM signals s
        WHERE s.conversation_id = k.conversation_id
            AND s.time >= k.bucket AND s.time < k.bucket + interval '1 hour'
            AND s.signal_source = k.signal_source AND coalesce(s.agent_id, '') = k.agent_id
    ) f
    WHERE r.conversation_id = k.conversation_id AND r.bucket = k.bucket
        AND r.signal_source = k.signal_source AND r.agent_id = k.agent_id;

    DELETE FROM signal_rollup_1h r USING (SELECT DISTINCT 
    conversation_id, date_bin('1 hour', time, '2000-01-03 00:00:00+00') AS bucket,
    signal_source, coalesce(agent_id, '') AS agent_id
 FROM (SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows) t) k
    WHERE r.n = 0 AND r.conversation_id = k.conversation_id AND r.bucket = k.bucket
        AND r.signal_source = k.signal_source AND r.agent_id = k.agent_id;

    PERFORM FROM conversation_activity
    WHERE conversation_id IN (SELECT conversation_id FROM (SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows) t)
    ORDER BY conversation_id FOR UPDATE;

    UPDATE conversation_activity a SET
        signal_count = a.signal_count + d.more,
        last_signal_at = (SELECT max(s.time) FROM signals s WHERE s.conversation_id = a.conversation_id)
    FROM (SELECT conversation_id, sum(more) AS more FROM (SELECT conversation_id, -1 AS more FROM old_rows
            UNION ALL SELECT conversation_id, 1 AS more FROM new_rows) t GROUP BY 1) d
    WHERE a.conversation_id = d.conversation_id;

    RETURN NULL;
END
$$;


--
-- Name: signals_were_deleted(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.signals_were_deleted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    
    INSERT INTO deleted_signals SELECT time, id, conversation_id, user_id, signal_source, agent_id FROM old_rows;
    PERFORM forget_deleted_signals();

    RETURN NULL;
END
$$;


--
-- Name: signals_were_inserted(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.signals_were_inserted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    
    INSERT INTO signal_arrivals (times, ids, again)
    SELECT array_agg(time), array_agg(id), false FROM new_rows HAVING count(*) > 0;

    RETURN NULL;
END
$$;


--
-- Name: signals_were_updated(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.signals_were_updated() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    
    INSERT INTO deleted_signals SELECT time, id, conversation_id, user_id, signal_source, agent_id FROM old_rows;
    PERFORM forget_deleted_signals();

    INSERT INTO signal_arrivals (times, ids, again)
    SELECT array_agg(time), array_agg(id), true FROM new_rows HAVING count(*) > 0;

    RETURN NULL;
END
$$;


--
-- Name: users_encrypt(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.users_encrypt() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    key text := nullif(current_setting('coherence.pgcrypto_key', true), '');
    plain text;
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.email, NEW.phone, NEW.address)
            IS NOT DISTINCT FROM (OLD.email, OLD.phone, OLD.address) THEN
        RETURN NEW;
    END IF;
    IF num_nonnulls(NEW.email, NEW.phone, NEW.address) > 0 AND NOT EXISTS (
            SELECT FROM encryption_key WHERE fingerprint = pgcrypto_key_fingerprint(key)) THEN
        RAISE EXCEPTION 'coherence.pgcrypto_key is missing or not the key of the stored data'
            USING ERRCODE = 'invalid_password';
    END IF;
    IF TG_OP = 'INSERT' OR NEW.email IS DISTINCT FROM OLD.email THEN
        plain := convert_from(NEW.email, 'UTF8');
        NEW.email := pgp_sym_encrypt(plain, key, 'cipher-algo=aes256');
        NEW.email_index := hmac(
            convert_to(lower(plain), 'UTF8'),
            hmac('coherence email'::bytea, convert_to(key, 'UTF8'), 'sha256'),
            'sha256');
    END IF;
    IF TG_OP = 'INSERT' OR NEW.phone IS DISTINCT FROM OLD.phone THEN
        NEW.phone := pgp_sym_encrypt(convert_from(NEW.phone, 'UTF8'), key, 'cipher-algo=aes256');
    END IF;
    IF TG_OP = 'INSERT' OR NEW.address IS DISTINCT FROM OLD.address THEN
        NEW.address := pgp_sym_encrypt(convert_from(NEW.address, 'UTF8'), key, 'cipher-algo=aes256');
    END IF;
    RETURN NEW;
END
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: anomalies; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.anomalies (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text NOT NULL,
    user_id text,
    conversation_id uuid,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    event_count bigint NOT NULL,
    signal_id bigint,
    details jsonb NOT NULL,
    CONSTRAINT anomalies_kind_check CHECK ((kind = ANY (ARRAY['RAPID_FIRE'::text, 'DRIFT_SHIFT'::text])))
);


--
-- Name: api_keys; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.api_keys (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    token_hash bytea NOT NULL,
    prefix text NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    user_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_keys_scopes_check CHECK (((cardinality(scopes) > 0) AND (scopes <@ '{INGEST,READ,ADMIN}'::text[]))),
    CONSTRAINT api_keys_token_hash_check CHECK ((length(token_hash) = 32))
);


--
-- Name: audit_log; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit_log (
    id bigint NOT NULL,
    "time" timestamp with time zone DEFAULT now() NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL
);


--
-- Name: audit_log_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.audit_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: classification_rollup_1h; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.classification_rollup_1h (
    conversation_id uuid NOT NULL,
    bucket timestamp with time zone NOT NULL,
    signal_source text NOT NULL,
    agent_id text NOT NULL,
    positive bigint NOT NULL,
    stressed bigint NOT NULL,
    uncertain bigint NOT NULL
)
WITH (fillfactor='80');


--
-- Name: classification_rollup_5m; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.classification_rollup_5m (
    conversation_id uuid NOT NULL,
    bucket timestamp with time zone NOT NULL,
    signal_source text NOT NULL,
    agent_id text NOT NULL,
    positive bigint NOT NULL,
    stressed bigint NOT NULL,
    uncertain bigint NOT NULL
)
WITH (fillfactor='80');


--
-- Name: consumed_offsets; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.consumed_offsets (
    group_id text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: conversation_activity; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.conversation_activity (
    conversation_id uuid NOT NULL,
    signal_count bigint DEFAULT 0 NOT NULL,
    last_signal_at timestamp with time zone,
    last_received_at timestamp with time zone
)
WITH (fillfactor='70');


--
-- Name: conversation_coaches; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.conversation_coaches (
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    assigned_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: conversation_shares; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.conversation_shares (
    conversation_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    token bytea NOT NULL,
    shared_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT conversation_shares_token_hash_check CHECK ((length(token_hash) = 32))
);


--
-- Name: conversations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.conversations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    context_window_id text NOT NULL,
    user_id uuid,
    agent_id text,
    title text,
    status text DEFAULT 'ACTIVE'::text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    context_metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    coherence_score_current double precision,
    coherence_score_trend double precision,
    CONSTRAINT conversations_coherence_score_current_check CHECK (((coherence_score_current >= (0)::double precision) AND (coherence_score_current <= (1)::double precision))),
    CONSTRAINT conversations_status_check CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'ARCHIVED'::text, 'DELETED'::text])))
);


--
-- Name: dead_letters; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.dead_letters (
    id bigint NOT NULL,
    source text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    reason text NOT NULL,
    field text,
    payload bytea NOT NULL,
    conversation text,
    attempts integer DEFAULT 1 NOT NULL
);


--
-- Name: dead_letters_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.dead_letters ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.dead_letters_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: deleted_signals; Type: TABLE; Schema: public; Owner: -
--

CREATE UNLOGGED TABLE public.deleted_signals (
    "time" timestamp with time zone NOT NULL,
    id bigint NOT NULL,
    conversation_id uuid NOT NULL,
    user_id text,
    signal_source text NOT NULL,
    agent_id text
);


--
-- Name: delivered_signals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.delivered_signals (
    conversation_id uuid NOT NULL,
    key text NOT NULL,
    "time" timestamp with time zone NOT NULL,
    signal_id bigint NOT NULL,
    delivered_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: embedding_arrivals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.embedding_arrivals (
    seq bigint NOT NULL,
    times timestamp with time zone[] NOT NULL,
    ids bigint[] NOT NULL
);


--
-- Name: embedding_arrivals_seq_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.embedding_arrivals ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.embedding_arrivals_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: embedding_departures; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.embedding_departures (
    seq bigint NOT NULL,
    times timestamp with time zone[] NOT NULL,
    ids bigint[] NOT NULL
);


--
-- Name: embedding_departures_seq_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.embedding_departures ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.embedding_departures_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: encryption_key; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.encryption_key (
    one boolean DEFAULT true NOT NULL,
    fingerprint bytea NOT NULL,
    CONSTRAINT encryption_key_one_check CHECK (one)
);


--
-- Name: given_embeddings; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.given_embeddings (
    "time" timestamp with time zone NOT NULL,
    id bigint NOT NULL,
    embedding real[] NOT NULL
);
ALTER TABLE ONLY public.given_embeddings ALTER COLUMN embedding SET STORAGE EXTERNAL;


--
-- Name: identities; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.identities (
    provider text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: import_progress; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.import_progress (
    key bytea NOT NULL,
    path text NOT NULL,
    line bigint DEFAULT 0 NOT NULL,
    imported bigint DEFAULT 0 NOT NULL,
    rejected bigint DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: messages; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.messages (
    id bigint NOT NULL,
    conversation_id uuid NOT NULL,
    role text NOT NULL,
    content text NOT NULL,
    citations jsonb DEFAULT '[]'::jsonb NOT NULL,
    domains text[] DEFAULT '{}'::text[] NOT NULL,
    feedback_score smallint,
    input_tokens integer,
    output_tokens integer,
    cost_usd numeric,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    signal_time timestamp with time zone NOT NULL,
    signal_id bigint NOT NULL,
    CONSTRAINT messages_check CHECK (((feedback_score IS NULL) OR (((feedback_score >= '-1'::integer) AND (feedback_score <= 1)) AND (role = 'ASSISTANT'::text)))),
    CONSTRAINT messages_content_check CHECK ((content <> ''::text)),
    CONSTRAINT messages_cost_usd_check CHECK (((cost_usd >= (0)::numeric) AND (cost_usd < 'Infinity'::numeric))),
    CONSTRAINT messages_input_tokens_check CHECK ((input_tokens >= 0)),
    CONSTRAINT messages_output_tokens_check CHECK ((output_tokens >= 0)),
    CONSTRAINT messages_role_check CHECK ((role = ANY (ARRAY['USER'::text, 'ASSISTANT'::text, 'SYSTEM'::text])))
);


--
-- Name: messages_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.messages ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.messages_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: rollup_state; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.rollup_state (
    one boolean DEFAULT true NOT NULL,
    source text DEFAULT 'rollup'::text NOT NULL,
    kept_from timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    noted_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    materialized_5m timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    materialized_1h timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    classified_by text,
    CONSTRAINT rollup_state_one_check CHECK (one),
    CONSTRAINT rollup_state_source_check CHECK ((source = ANY (ARRAY['rollup'::text, 'continuous_aggregate'::text])))
)
WITH (fillfactor='50');


--
-- Name: sessions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    token_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    provider text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    idle_expires_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    address text,
    user_agent text,
    CONSTRAINT sessions_token_hash_check CHECK ((length(token_hash) = 32))
);


--
-- Name: shift_progress; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.shift_progress (
    conversation_id uuid NOT NULL,
    "time" timestamp with time zone NOT NULL,
    signal_id bigint NOT NULL,
    revision bigint NOT NULL
);


--
-- Name: signal_arrivals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.signal_arrivals (
    seq bigint NOT NULL,
    times timestamp with time zone[] NOT NULL,
    ids bigint[] NOT NULL,
    again boolean NOT NULL
);
ALTER TABLE ONLY public.signal_arrivals ALTER COLUMN times SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.signal_arrivals ALTER COLUMN ids SET STORAGE EXTERNAL;


--
-- Name: signal_arrivals_seq_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.signal_arrivals ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.signal_arrivals_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: signal_classifications; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.signal_classifications (
    "time" timestamp with time zone NOT NULL,
    id bigint NOT NULL,
    classification text NOT NULL,
    CONSTRAINT signal_classifications_classification_check CHECK ((classification = ANY (ARRAY['POSITIVE'::text, 'STRESSED'::text, 'UNCERTAIN'::text])))
);


--
-- Name: signal_departures; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.signal_departures (
    seq bigint NOT NULL,
    conversation_id uuid NOT NULL,
    user_id text,
    first_time timestamp with time zone NOT NULL,
    last_time timestamp with time zone NOT NULL
);


--
-- Name: signal_departures_seq_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.signal_departures ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.signal_departures_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: signal_embeddings; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.signal_embeddings (
    "time" timestamp with time zone NOT NULL,
    id bigint NOT NULL,
    conversation_id uuid NOT NULL,
    space text NOT NULL,
    given boolean NOT NULL,
    indexed boolean NOT NULL,
    embedding real[] NOT NULL
);
ALTER TABLE ONLY public.signal_embeddings ALTER COLUMN embedding SET STORAGE EXTERNAL;


--
-- Name: signal_rollup_1h; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.signal_rollup_1h (
    conversation_id uuid NOT NULL,
    bucket timestamp with time zone NOT NULL,
    signal_source text NOT NULL,
    agent_id text NOT NULL,
    n bigint NOT NULL,
    s1 double precision NOT NULL,
    s2 double precision NOT NULL,
    min_score double precision NOT NULL,
    max_score double precision NOT NULL,
    tone_sum double precision NOT NULL,
    tone_count bigint NOT NULL,
    escalations bigint NOT NULL,
    first_time timestamp with time zone NOT NULL,
    last_time timestamp with time zone NOT NULL
)
WITH (fillfactor='80');


--
-- Name: signal_rollup_5m; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.signal_rollup_5m (
    conversation_id uuid NOT NULL,
    bucket timestamp with time zone NOT NULL,
    signal_source text NOT NULL,
    agent_id text NOT NULL,
    n bigint NOT NULL,
    s1 double precision NOT NULL,
    s2 double precision NOT NULL,
    min_score double precision NOT NULL,
    max_score double precision NOT NULL,
    tone_sum double precision NOT NULL,
    tone_count bigint NOT NULL,
    escalations bigint NOT NULL,
    first_time timestamp with time zone NOT NULL,
    last_time timestamp with time zone NOT NULL
)
WITH (fillfactor='80');


--
-- Name: signals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.signals (
    "time" timestamp with time zone NOT NULL,
    id bigint NOT NULL,
    conversation_id uuid NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    user_id text,
    agent_id text,
    signal_source text NOT NULL,
    signal_score double precision NOT NULL,
    emotional_tone double precision,
    escalate_flag smallint DEFAULT 0 NOT NULL,
    raw_content text,
    signal_vector text,
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    relationship_context text,
    diagnostic_notes text,
    CONSTRAINT signals_agent_id_check CHECK ((agent_id <> ''::text)),
    CONSTRAINT signals_emotional_tone_check CHECK (((emotional_tone >= (0)::double precision) AND (emotional_tone <= (1)::double precision))),
    CONSTRAINT signals_escalate_flag_check CHECK ((escalate_flag = ANY (ARRAY[0, 1]))),
    CONSTRAINT signals_signal_score_check CHECK (((signal_score >= (0)::double precision) AND (signal_score <= (1)::double precision)))
);


--
-- Name: signals_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.signals ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.signals_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: users; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    username text NOT NULL,
    name text,
    role text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    last_login_at timestamp with time zone,
    email bytea,
    phone bytea,
    address bytea,
    email_index bytea,
    CONSTRAINT users_role_check CHECK ((role = ANY (ARRAY['EDUCATOR'::text, 'COACH'::text, 'ADMIN'::text])))
);


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.alembic_version (version_num) FROM stdin;
0012
\.


--
-- Data for Name: anomalies; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.anomalies (id, kind, user_id, conversation_id, started_at, ended_at, event_count, signal_id, details) FROM stdin;
347195df-2d0f-4e29-b304-0650b12f8ce0	RAPID_FIRE	bo	58891090-dc9f-4739-bc39-b0de6aa55390	2026-03-02 12:00:00+00	2026-03-02 12:00:03.3+00	12	\N	{"count": 11, "seconds": 5}
f8373f31-63a9-48a5-948a-5ca5189e6cd6	DRIFT_SHIFT	\N	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-03-03 09:42:20+00	\N	64	188	{"detector": "river.drift.ADWIN", "meanAfter": 0.7046874999999998, "meanBefore": 0.17953125000000003, "parameters": {"clock": 32, "delta": 0.002, "max_buckets": 5, "grace_period": 10, "min_window_length": 5}}
\.


--
-- Data for Name: api_keys; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.api_keys (id, token_hash, prefix, name, scopes, user_id, created_at, expires_at, last_used_at, revoked_at) FROM stdin;
efa87816-d380-4d27-831c-3534a659d087	\\x0fc366dc1aa0aa1c79773235f381a49ced5a2c4723af677fdcd6afdf4946007d	coh_zG0LiqM9	reads	{READ}	\N	2026-11-30 22:00:51.38868+00	\N	\N	\N
5148be4c-26fd-4618-988a-24e7334f59d2	\\x13e1e939fe6c24f90903b958fc397ef351c24a563db07ed21292fc5d6f8808bd	coh_Pr7y2eos	ada's	{INGEST,READ}	1780a101-2b75-45f0-93f9-3f78a1ab624d	2026-11-30 22:00:51.416127+00	\N	\N	\N
\.


--
-- Data for Name: audit_log; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.audit_log (id, "time", actor, action, subject, details) FROM stdin;
1	2026-11-30 22:00:50.971557+00	local	conversation shared	conversation:d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	{}
2	2026-11-30 22:00:51.032647+00	local	coach assigned	user:f4db597f-350f-4cad-9afc-16fd449f57c7	{"conversation": "d57604dc-ec92-4ab1-a37e-1e9b2eb114b0"}
3	2026-11-30 22:00:51.38868+00	local	key created	key:efa87816-d380-4d27-831c-3534a659d087	{"name": "reads", "scopes": ["READ"]}
4	2026-11-30 22:00:51.416127+00	local	key created	key:5148be4c-26fd-4618-988a-24e7334f59d2	{"name": "ada's", "scopes": ["INGEST", "READ"]}
5	2026-11-30 22:00:51.738152+00	user:1780a101-2b75-45f0-93f9-3f78a1ab624d	signed in	session:25c14d88-8f3b-467e-889b-179e4060b7f4	{"provider": "local"}
6	2026-11-30 22:00:51.927779+00	local	personal information read	user:1780a101-2b75-45f0-93f9-3f78a1ab624d	{}
7	2026-11-30 22:00:51.927779+00	local	personal information read	user:f4db597f-350f-4cad-9afc-16fd449f57c7	{}
8	2026-11-30 22:00:51.927779+00	local	personal information read	user:c76e6316-089d-4375-b00e-fc47d95377d5	{}
9	2026-11-30 22:00:51.927779+00	local	personal information read	user:0e982827-eb3b-4251-8474-c1cc5cf392e4	{}
\.


--
-- Data for Name: classification_rollup_1h; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.classification_rollup_1h (conversation_id, bucket, signal_source, agent_id, positive, stressed, uncertain) FROM stdin;
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:00:00+00	Axis	tutor	0	3	0
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:00:00+00	Mail	planner	0	2	0
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:00:00+00	Slack		0	3	0
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 10:00:00+00	Axis	tutor	0	1	0
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 10:00:00+00	Mail	planner	0	2	0
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 10:00:00+00	Slack		0	1	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:00:00+00	Axis		3	0	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:00:00+00	Mail	tutor	3	0	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:00:00+00	Slack	planner	3	0	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 10:00:00+00	Axis		1	0	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 10:00:00+00	Mail	tutor	1	0	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 10:00:00+00	Slack	planner	1	0	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:00:00+00	Axis	planner	0	3	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:00:00+00	Mail		0	3	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:00:00+00	Slack	tutor	0	3	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 10:00:00+00	Axis	planner	0	1	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 10:00:00+00	Mail		0	1	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 10:00:00+00	Slack	tutor	0	1	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:00:00+00	Axis	tutor	3	0	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:00:00+00	Mail	planner	3	0	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:00:00+00	Slack		3	0	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 10:00:00+00	Axis	tutor	1	0	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 10:00:00+00	Mail	planner	1	0	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 10:00:00+00	Slack		1	0	0
\.


--
-- Data for Name: classification_rollup_5m; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.classification_rollup_5m (conversation_id, bucket, signal_source, agent_id, positive, stressed, uncertain) FROM stdin;
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:05:00+00	Slack		0	1	0
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:10:00+00	Axis	tutor	0	1	0
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:15:00+00	Mail	planner	0	1	0
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:25:00+00	Slack		0	1	0
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:30:00+00	Axis	tutor	0	1	0
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:40:00+00	Mail	planner	0	1	0
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:45:00+00	Slack		0	1	0
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:50:00+00	Axis	tutor	0	1	0
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 10:00:00+00	Mail	planner	0	1	0
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 10:05:00+00	Slack		0	1	0
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 10:15:00+00	Axis	tutor	0	1	0
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 10:20:00+00	Mail	planner	0	1	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:00:00+00	Slack	planner	1	0	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:10:00+00	Axis		1	0	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:15:00+00	Mail	tutor	1	0	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:20:00+00	Slack	planner	1	0	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:30:00+00	Axis		1	0	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:35:00+00	Mail	tutor	1	0	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:45:00+00	Slack	planner	1	0	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:50:00+00	Axis		1	0	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:55:00+00	Mail	tutor	1	0	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 10:05:00+00	Slack	planner	1	0	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 10:10:00+00	Axis		1	0	0
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 10:20:00+00	Mail	tutor	1	0	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:00:00+00	Slack	tutor	0	1	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:05:00+00	Axis	planner	0	1	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:15:00+00	Mail		0	1	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:20:00+00	Slack	tutor	0	1	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:25:00+00	Axis	planner	0	1	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:35:00+00	Mail		0	1	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:40:00+00	Slack	tutor	0	1	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:50:00+00	Axis	planner	0	1	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:55:00+00	Mail		0	1	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 10:00:00+00	Slack	tutor	0	1	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 10:10:00+00	Axis	planner	0	1	0
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 10:15:00+00	Mail		0	1	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:00:00+00	Slack		1	0	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:05:00+00	Axis	tutor	1	0	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:10:00+00	Mail	planner	1	0	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:20:00+00	Slack		1	0	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:25:00+00	Axis	tutor	1	0	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:35:00+00	Mail	planner	1	0	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:40:00+00	Slack		1	0	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:45:00+00	Axis	tutor	1	0	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:55:00+00	Mail	planner	1	0	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 10:00:00+00	Slack		1	0	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 10:10:00+00	Axis	tutor	1	0	0
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 10:15:00+00	Mail	planner	1	0	0
\.


--
-- Data for Name: consumed_offsets; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.consumed_offsets (group_id, topic, partition, next_offset, updated_at) FROM stdin;
coherence	signals	0	42	2026-11-30 22:00:51.812905+00
\.


--
-- Data for Name: conversation_activity; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.conversation_activity (conversation_id, signal_count, last_signal_at, last_received_at) FROM stdin;
0ea20c56-ba2f-468c-af66-f5c9cc2ac454	0	\N	\N
461f4da1-fd23-41f8-b44a-25f47e8fe84e	0	\N	\N
432d0673-48a3-4410-a279-c321ce6540a7	12	2026-03-02 10:22:47+00	2026-11-30 22:00:38.300782+00
46be5087-084f-45d6-8ed8-f56acf9a49e0	160	2026-03-03 09:53:00+00	2026-11-30 22:00:38.300782+00
58891090-dc9f-4739-bc39-b0de6aa55390	12	2026-03-02 12:00:03.3+00	2026-11-30 22:00:38.300782+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	12	2026-03-02 10:20:46+00	2026-11-30 22:00:38.300782+00
cd051d69-6d30-4686-9265-dd845eee4aa1	12	2026-03-02 10:18:45+00	2026-11-30 22:00:38.300782+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	12	2026-03-02 10:17:44+00	2026-11-30 22:00:38.300782+00
dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	7	2026-11-30 22:00:38.978833+00	2026-11-30 22:00:38.978833+00
\.


--
-- Data for Name: conversation_coaches; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.conversation_coaches (conversation_id, user_id, assigned_at) FROM stdin;
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	f4db597f-350f-4cad-9afc-16fd449f57c7	2026-11-30 22:00:51.032647+00
\.


--
-- Data for Name: conversation_shares; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.conversation_shares (conversation_id, token_hash, token, shared_at) FROM stdin;
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	\\x2f563dcd4d757c70a02f2b0b3f7957e2ede98aaaf3d9780cca981d0b13fa62dc	\\xc30d040903027066825aeec93cb36ad25c013a8f25646f041f0c65f98e5128a81930e985dc00b81774eb9ce21b60a07e824c4e90812424d787b648a303fea93dd71e7fde209f5100c422e991e570fc781148d96a62efef8fc9bfbbb5e05be7a0f702f34a59913c9b1387b07c80	2026-11-30 22:00:50.971557+00
\.


--
-- Data for Name: conversations; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.conversations (id, context_window_id, user_id, agent_id, title, status, started_at, ended_at, updated_at, context_metadata, coherence_score_current, coherence_score_trend) FROM stdin;
cd051d69-6d30-4686-9265-dd845eee4aa1	café	\N	\N	Café of 1	ACTIVE	2026-03-02 08:00:00+00	\N	2026-11-30 22:00:37.928428+00	{"number": 1}	\N	\N
58891090-dc9f-4739-bc39-b0de6aa55390	burst	1780a101-2b75-45f0-93f9-3f78a1ab624d	\N	Burst of 4	ACTIVE	2026-03-02 05:00:00+00	\N	2026-11-30 22:00:38.042955+00	{"number": 4}	\N	\N
46be5087-084f-45d6-8ed8-f56acf9a49e0	shifting	\N	\N	Shifting of 5	ACTIVE	2026-03-02 04:00:00+00	\N	2026-11-30 22:00:38.12183+00	{"number": 5}	\N	\N
dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	lesson	1780a101-2b75-45f0-93f9-3f78a1ab624d	\N	Lesson of 6	ACTIVE	2026-03-02 03:00:00+00	\N	2026-11-30 22:00:38.152843+00	{"number": 6}	\N	\N
0ea20c56-ba2f-468c-af66-f5c9cc2ac454	résumé	\N	\N	RéSumé of 7	ACTIVE	2026-03-02 02:00:00+00	\N	2026-11-30 22:00:38.199851+00	{"number": 7}	\N	\N
461f4da1-fd23-41f8-b44a-25f47e8fe84e	résumé	1780a101-2b75-45f0-93f9-3f78a1ab624d	\N	Résumé of 8	ACTIVE	2026-03-02 01:00:00+00	\N	2026-11-30 22:00:38.213594+00	{"number": 8}	\N	\N
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	guide	1780a101-2b75-45f0-93f9-3f78a1ab624d	\N	Guide of 0	ACTIVE	2026-03-02 09:00:00+00	\N	2026-11-30 22:00:51.032647+00	{"number": 0}	\N	\N
a84afb62-e382-453e-9cbb-7dc95bce1c1c	archived	1780a101-2b75-45f0-93f9-3f78a1ab624d	\N	Archived of 2	ARCHIVED	2026-03-02 07:00:00+00	\N	2026-11-30 22:00:51.260115+00	{"number": 2}	\N	\N
432d0673-48a3-4410-a279-c321ce6540a7	hidden	\N	\N	Hidden of 3	DELETED	2026-03-02 06:00:00+00	\N	2026-11-30 22:00:51.278027+00	{"number": 3}	\N	\N
\.


--
-- Data for Name: dead_letters; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.dead_letters (id, source, received_at, reason, field, payload, conversation, attempts) FROM stdin;
1	kafka:signals/0/41	2026-03-02 09:00:00+00	signalScore is 7.0; it takes 0 to 1.	signalScore	\\x7b22636f6e7465787457696e646f774964223a20226775696465222c20227369676e616c53636f7265223a20377d	\N	1
\.


--
-- Data for Name: deleted_signals; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.deleted_signals ("time", id, conversation_id, user_id, signal_source, agent_id) FROM stdin;
\.


--
-- Data for Name: delivered_signals; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.delivered_signals (conversation_id, key, "time", signal_id, delivered_at) FROM stdin;
432d0673-48a3-4410-a279-c321ce6540a7	delivery-3	2026-03-02 09:05:03+00	4	2026-11-30 22:00:38.300782+00
432d0673-48a3-4410-a279-c321ce6540a7	delivery-7	2026-03-02 09:12:07+00	8	2026-11-30 22:00:38.300782+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	delivery-2	2026-03-02 09:03:02+00	3	2026-11-30 22:00:38.300782+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	delivery-6	2026-03-02 09:10:06+00	7	2026-11-30 22:00:38.300782+00
cd051d69-6d30-4686-9265-dd845eee4aa1	delivery-1	2026-03-02 09:01:01+00	2	2026-11-30 22:00:38.300782+00
cd051d69-6d30-4686-9265-dd845eee4aa1	delivery-5	2026-03-02 09:08:05+00	6	2026-11-30 22:00:38.300782+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	delivery-0	2026-03-02 09:00:00+00	1	2026-11-30 22:00:38.300782+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	delivery-4	2026-03-02 09:07:04+00	5	2026-11-30 22:00:38.300782+00
\.


--
-- Data for Name: embedding_arrivals; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.embedding_arrivals (seq, times, ids) FROM stdin;
\.


--
-- Data for Name: embedding_departures; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.embedding_departures (seq, times, ids) FROM stdin;
\.


--
-- Data for Name: encryption_key; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.encryption_key (one, fingerprint) FROM stdin;
t	\\x8179b3b9bd766dec214c4c41b1073112f0a7c8c4abc1fe976a78d543f8a5519e
\.


--
-- Data for Name: given_embeddings; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.given_embeddings ("time", id, embedding) FROM stdin;
\.


--
-- Data for Name: identities; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.identities (provider, subject, user_id, created_at) FROM stdin;
\.


--
-- Data for Name: import_progress; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.import_progress (key, path, line, imported, rejected, updated_at) FROM stdin;
\\x0102	chats.jsonl	120	100	20	2026-11-30 22:00:51.813317+00
\.


--
-- Data for Name: messages; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.messages (id, conversation_id, role, content, citations, domains, feedback_score, input_tokens, output_tokens, cost_usd, created_at, signal_time, signal_id) FROM stdin;
1	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	USER	My essay on rivers is due on 3 May.	[]	{writing}	\N	\N	\N	0.001	2026-11-30 22:00:38.437324+00	2026-11-30 22:00:38.437324+00	221
2	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	ASSISTANT	Then begin with an outline this week.	[]	{writing}	\N	\N	\N	0.001	2026-11-30 22:00:38.476425+00	2026-11-30 22:00:38.476425+00	222
3	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	USER	I have read two books about deltas.	[]	{writing}	\N	\N	\N	0.001	2026-11-30 22:00:38.635841+00	2026-11-30 22:00:38.635841+00	223
4	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	USER	When is my essay due?	[]	{}	\N	\N	\N	\N	2026-11-30 22:00:38.741403+00	2026-11-30 22:00:38.741403+00	224
5	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	ASSISTANT	No language model is set up; these are the passages of the conversation that are nearest to the question:\n\n“My essay on rivers is due on 3 May.” [1]	[{"at": 145, "id": "TWVzc2FnZTox", "end": 35, "type": "Message", "quote": "My essay on rivers is due on 3 May.", "start": 0, "number": 1}]	{}	\N	\N	\N	\N	2026-11-30 22:00:38.887158+00	2026-11-30 22:00:38.887158+00	225
6	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	USER	What have I read?	[]	{}	\N	\N	\N	\N	2026-11-30 22:00:38.909066+00	2026-11-30 22:00:38.909066+00	226
7	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	ASSISTANT	No language model is set up; these are the passages of the conversation that are nearest to the question:\n\n“I have read two books about deltas.” [3]	[{"at": 145, "id": "TWVzc2FnZToz", "end": 35, "type": "Message", "quote": "I have read two books about deltas.", "start": 0, "number": 3}]	{}	1	\N	\N	\N	2026-11-30 22:00:38.978833+00	2026-11-30 22:00:38.978833+00	227
\.


--
-- Data for Name: rollup_state; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.rollup_state (one, source, kept_from, noted_until, materialized_5m, materialized_1h, classified_by) FROM stdin;
t	rollup	-infinity	-infinity	-infinity	-infinity	\N
\.


--
-- Data for Name: sessions; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.sessions (id, token_hash, user_id, provider, created_at, last_seen_at, idle_expires_at, expires_at, address, user_agent) FROM stdin;
25c14d88-8f3b-467e-889b-179e4060b7f4	\\x39c62a817925fb2a5660619fa1861833cd692f0d064c53770ec449e7d10254c9	1780a101-2b75-45f0-93f9-3f78a1ab624d	local	2026-11-30 22:00:51.738152+00	2026-11-30 22:00:51.738152+00	2100-01-01 00:00:00+00	2100-01-01 00:00:00+00	127.0.0.1	a browser
\.


--
-- Data for Name: shift_progress; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.shift_progress (conversation_id, "time", signal_id, revision) FROM stdin;
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 10:17:44+00	45	1
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 10:18:45+00	46	1
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 10:20:46+00	47	1
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 10:22:47+00	48	1
58891090-dc9f-4739-bc39-b0de6aa55390	2026-03-02 12:00:03.3+00	60	1
46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-03-03 09:53:00+00	220	1
dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	2026-11-30 22:00:38.978833+00	227	1
\.


--
-- Data for Name: signal_arrivals; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.signal_arrivals (seq, times, ids, again) FROM stdin;
\.


--
-- Data for Name: signal_classifications; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.signal_classifications ("time", id, classification) FROM stdin;
2026-03-02 09:00:00+00	1	POSITIVE
2026-03-02 09:01:01+00	2	STRESSED
2026-03-02 09:03:02+00	3	POSITIVE
2026-03-02 09:05:03+00	4	STRESSED
2026-03-02 09:07:04+00	5	POSITIVE
2026-03-02 09:08:05+00	6	STRESSED
2026-03-02 09:10:06+00	7	POSITIVE
2026-03-02 09:12:07+00	8	STRESSED
2026-03-02 09:14:08+00	9	POSITIVE
2026-03-02 09:15:09+00	10	STRESSED
2026-03-02 09:17:10+00	11	POSITIVE
2026-03-02 09:19:11+00	12	STRESSED
2026-03-02 09:21:12+00	13	POSITIVE
2026-03-02 09:22:13+00	14	STRESSED
2026-03-02 09:24:14+00	15	POSITIVE
2026-03-02 09:26:15+00	16	STRESSED
2026-03-02 09:28:16+00	17	POSITIVE
2026-03-02 09:29:17+00	18	STRESSED
2026-03-02 09:31:18+00	19	POSITIVE
2026-03-02 09:33:19+00	20	STRESSED
2026-03-02 09:35:20+00	21	POSITIVE
2026-03-02 09:36:21+00	22	STRESSED
2026-03-02 09:38:22+00	23	POSITIVE
2026-03-02 09:40:23+00	24	STRESSED
2026-03-02 09:42:24+00	25	POSITIVE
2026-03-02 09:43:25+00	26	STRESSED
2026-03-02 09:45:26+00	27	POSITIVE
2026-03-02 09:47:27+00	28	STRESSED
2026-03-02 09:49:28+00	29	POSITIVE
2026-03-02 09:50:29+00	30	STRESSED
2026-03-02 09:52:30+00	31	POSITIVE
2026-03-02 09:54:31+00	32	STRESSED
2026-03-02 09:56:32+00	33	POSITIVE
2026-03-02 09:57:33+00	34	STRESSED
2026-03-02 09:59:34+00	35	POSITIVE
2026-03-02 10:01:35+00	36	STRESSED
2026-03-02 10:03:36+00	37	POSITIVE
2026-03-02 10:04:37+00	38	STRESSED
2026-03-02 10:06:38+00	39	POSITIVE
2026-03-02 10:08:39+00	40	STRESSED
2026-03-02 10:10:40+00	41	POSITIVE
2026-03-02 10:11:41+00	42	STRESSED
2026-03-02 10:13:42+00	43	POSITIVE
2026-03-02 10:15:43+00	44	STRESSED
2026-03-02 10:17:44+00	45	POSITIVE
2026-03-02 10:18:45+00	46	STRESSED
2026-03-02 10:20:46+00	47	POSITIVE
2026-03-02 10:22:47+00	48	STRESSED
\.


--
-- Data for Name: signal_departures; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.signal_departures (seq, conversation_id, user_id, first_time, last_time) FROM stdin;
\.


--
-- Data for Name: signal_embeddings; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.signal_embeddings ("time", id, conversation_id, space, given, indexed, embedding) FROM stdin;
2026-03-02 09:00:00+00	1	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	words-8	t	t	{0.120385855,0.24077171,0.36115757,0.48154342,0.60192925,0.120385855,0.24077171,0.36115757}
2026-03-02 09:01:01+00	2	cd051d69-6d30-4686-9265-dd845eee4aa1	words-8	f	t	{-0.14830054,-0.44918734,-0.20554477,0.17022523,0.18405159,0.23124018,0.7107967,-0.33531094}
2026-03-02 09:03:02+00	3	a84afb62-e382-453e-9cbb-7dc95bce1c1c	words-8	f	t	{0.5907256,0.013465331,-0.6146238,-0.15875308,0.38916105,0.29022712,-0.07200328,-0.08387163}
2026-03-02 09:05:03+00	4	432d0673-48a3-4410-a279-c321ce6540a7	words-8	f	t	{-0.5012408,0.04724061,-0.031863417,-0.6247413,0.04907131,-0.1034789,-0.13347723,-0.56945324}
2026-03-02 09:07:04+00	5	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	words-8	f	t	{-0.6027103,-0.17297871,-0.45935735,-0.35984924,0.39360604,-0.2735597,0.18810494,-0.034262564}
2026-03-02 09:08:05+00	6	cd051d69-6d30-4686-9265-dd845eee4aa1	words-8	f	t	{-0.15447868,-0.46790028,-0.21410768,-0.24968451,0.1917191,0.24087355,0.7404082,0.077721424}
2026-03-02 09:10:06+00	7	a84afb62-e382-453e-9cbb-7dc95bce1c1c	words-8	t	t	{0.2182179,0.32732683,0.4364358,0.54554474,0.10910895,0.2182179,0.32732683,0.4364358}
2026-03-02 09:12:07+00	8	432d0673-48a3-4410-a279-c321ce6540a7	words-8	f	t	{-0.483441,-0.2275299,-0.0307319,-0.6025558,0.047328714,0.17328872,-0.12873724,-0.54923105}
2026-03-02 09:14:08+00	9	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	words-8	f	t	{-0.5417248,-0.1554758,-0.62403053,-0.32343775,0.35377887,-0.24587944,-0.04208194,-0.030795693}
2026-03-02 09:15:09+00	10	cd051d69-6d30-4686-9265-dd845eee4aa1	words-8	f	t	{-0.12564987,-0.38058072,-0.1741509,-0.5504027,0.15594047,0.19592172,0.6022332,-0.28409722}
2026-03-02 09:17:10+00	11	a84afb62-e382-453e-9cbb-7dc95bce1c1c	words-8	f	t	{0.13419998,0.016476328,-0.7520604,-0.194252,0.47618172,0.35512507,0.120003976,0.10548174}
2026-03-02 09:19:11+00	12	432d0673-48a3-4410-a279-c321ce6540a7	words-8	f	t	{-0.28790754,-0.49643698,-0.030474942,-0.59751767,0.046932984,-0.09896972,0.06383042,-0.5446388}
2026-03-02 09:21:12+00	13	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	words-8	t	t	{0.29277003,0.39036003,0.48795003,0.09759001,0.19518001,0.29277003,0.39036003,0.48795003}
2026-03-02 09:22:13+00	14	cd051d69-6d30-4686-9265-dd845eee4aa1	words-8	f	t	{-0.12564987,-0.38058072,-0.1741509,-0.5504027,0.15594047,0.19592172,0.6022332,-0.28409722}
2026-03-02 09:24:14+00	15	a84afb62-e382-453e-9cbb-7dc95bce1c1c	words-8	f	t	{0.44487968,0.01710578,-0.7807918,0.014385335,0.18882076,0.36869213,-0.0914699,0.10951152}
2026-03-02 09:26:15+00	16	432d0673-48a3-4410-a279-c321ce6540a7	words-8	f	t	{-0.46436235,-0.033065524,0.155966,-0.5787764,0.04546092,-0.35818103,-0.12365673,-0.52755606}
2026-03-02 09:28:16+00	17	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	words-8	f	t	{-0.55929637,-0.006367843,-0.4262693,-0.4880799,0.36525413,-0.25385487,-0.26144937,-0.031794593}
2026-03-02 09:29:17+00	18	cd051d69-6d30-4686-9265-dd845eee4aa1	words-8	f	t	{0.11881791,-0.3770252,-0.17252392,-0.20119105,0.15448362,-0.049202573,0.5966069,-0.62551266}
2026-03-02 09:31:18+00	19	a84afb62-e382-453e-9cbb-7dc95bce1c1c	words-8	t	t	{0.40613848,0.5076731,0.10153462,0.20306924,0.30460384,0.40613848,0.5076731,0.10153462}
2026-03-02 09:33:19+00	20	432d0673-48a3-4410-a279-c321ce6540a7	words-8	f	t	{-0.47344586,0.04462101,0.15901689,-0.59009796,0.046350192,-0.09774076,-0.315189,-0.5378757}
2026-03-02 09:35:20+00	21	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	words-8	f	t	{-0.58761984,-0.39769012,-0.44785613,-0.35083947,0.3837511,-0.10475298,0.11631028,-0.03340471}
2026-03-02 09:36:21+00	22	cd051d69-6d30-4686-9265-dd845eee4aa1	words-8	f	t	{-0.519916,-0.4183615,-0.1914391,0.04671892,0.17142092,0.21537116,0.66201776,-0.042331792}
2026-03-02 09:38:22+00	23	a84afb62-e382-453e-9cbb-7dc95bce1c1c	words-8	f	t	{0.33488616,-0.14976296,-0.58774626,-0.3818177,0.53478247,0.27753547,-0.06885458,-0.08020392}
2026-03-02 09:40:23+00	24	432d0673-48a3-4410-a279-c321ce6540a7	words-8	f	t	{-0.42086896,-0.19808058,-0.26450062,-0.52456665,0.041202933,0.081225574,-0.11207471,-0.64625585}
2026-03-02 09:42:24+00	25	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	words-8	t	t	{0.54232615,0.10846523,0.21693046,0.32539567,0.43386093,0.54232615,0.10846523,0.21693046}
2026-03-02 09:43:25+00	26	cd051d69-6d30-4686-9265-dd845eee4aa1	words-8	f	t	{-0.15171118,-0.45951778,0.08625436,0.051314887,-0.23106706,0.23655826,0.72714365,-0.34302244}
2026-03-02 09:45:26+00	27	a84afb62-e382-453e-9cbb-7dc95bce1c1c	words-8	f	t	{0.37504876,0.014420758,-0.6582341,-0.17001733,0.4167738,0.31082004,-0.07711224,-0.34741414}
2026-03-02 09:47:27+00	28	432d0673-48a3-4410-a279-c321ce6540a7	words-8	f	t	{-0.42953908,-0.030585887,-0.027305406,-0.53537303,0.042051736,-0.08867641,-0.52860284,-0.4879938}
2026-03-02 09:49:28+00	29	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	words-8	f	t	{-0.60268456,0.061942965,-0.45933774,-0.35983387,0.39358923,-0.273548,-0.21292686,0.13184838}
2026-03-02 09:50:29+00	30	cd051d69-6d30-4686-9265-dd845eee4aa1	words-8	f	t	{0.24115539,-0.14686231,-0.189464,-0.22094597,0.16965233,0.21314913,0.6551876,-0.5762608}
2026-03-02 09:52:30+00	31	a84afb62-e382-453e-9cbb-7dc95bce1c1c	words-8	t	t	{0.120385855,0.24077171,0.36115757,0.48154342,0.60192925,0.120385855,0.24077171,0.36115757}
2026-03-02 09:54:31+00	32	432d0673-48a3-4410-a279-c321ce6540a7	words-8	f	t	{-0.2617338,-0.20511562,0.14637828,-0.54319715,0.042666294,-0.089972354,-0.11605515,-0.7413157}
2026-03-02 09:56:32+00	33	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	words-8	f	t	{-0.7794456,-0.17536783,-0.46570182,-0.19640842,0.16087338,-0.277338,-0.047466032,-0.034735788}
2026-03-02 09:57:33+00	34	cd051d69-6d30-4686-9265-dd845eee4aa1	words-8	f	t	{-0.18483484,-0.559846,0.105086595,-0.2987493,0.22939326,-0.22270314,0.52463573,-0.41791582}
2026-03-02 09:59:34+00	35	a84afb62-e382-453e-9cbb-7dc95bce1c1c	words-8	f	t	{0.29179832,0.011219749,-0.7125377,-0.13227819,0.32426158,0.5252538,-0.05999546,-0.06988455}
2026-03-02 10:01:35+00	36	432d0673-48a3-4410-a279-c321ce6540a7	words-8	f	t	{-0.45312354,-0.2132611,-0.028804649,-0.6397394,0.2253565,-0.09354531,-0.1206639,-0.51478785}
2026-03-02 10:03:36+00	37	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	words-8	t	t	{0.2182179,0.32732683,0.4364358,0.54554474,0.10910895,0.2182179,0.32732683,0.4364358}
2026-03-02 10:04:37+00	38	cd051d69-6d30-4686-9265-dd845eee4aa1	words-8	f	t	{-0.09696224,-0.56170636,-0.1343898,-0.15672046,0.12033708,0.15119004,0.654252,-0.40875092}
2026-03-02 10:06:38+00	39	a84afb62-e382-453e-9cbb-7dc95bce1c1c	words-8	f	t	{0.36761633,-0.16440006,-0.64518976,-0.16664805,0.40851447,0.30466044,0.35543764,-0.08804267}
2026-03-02 10:08:39+00	40	432d0673-48a3-4410-a279-c321ce6540a7	words-8	f	t	{-0.5565515,-0.26193914,-0.03537947,-0.69368,0.05448621,-0.11489755,-0.14820611,-0.31789836}
2026-03-02 10:10:40+00	41	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	words-8	f	t	{-0.55497444,-0.15927845,-0.42297533,-0.39470646,0.51539147,-0.2518932,-0.04311119,-0.0315489}
2026-03-02 10:11:41+00	42	cd051d69-6d30-4686-9265-dd845eee4aa1	words-8	f	t	{-0.10568078,-0.32009637,-0.4385906,-0.17081226,0.1311574,0.5779002,0.5065224,-0.23894666}
2026-03-02 10:13:42+00	43	a84afb62-e382-453e-9cbb-7dc95bce1c1c	words-8	t	t	{0.29277003,0.39036003,0.48795003,0.09759001,0.19518001,0.29277003,0.39036003,0.48795003}
2026-03-02 10:15:43+00	44	432d0673-48a3-4410-a279-c321ce6540a7	words-8	f	t	{-0.67160743,-0.37341633,-0.02728202,-0.5349145,0.04201572,-0.088600464,-0.11428555,-0.31614754}
2026-03-02 10:17:44+00	45	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	words-8	f	t	{-0.5073819,-0.20102505,-0.3407861,-0.41819432,0.45742437,-0.31791398,-0.05441056,-0.3128322}
2026-03-02 10:18:45+00	46	cd051d69-6d30-4686-9265-dd845eee4aa1	words-8	f	t	{-0.18712285,-0.20103616,-0.25935254,-0.3024474,0.5979728,0.2917745,0.3796355,-0.42308906}
2026-03-02 10:20:46+00	47	a84afb62-e382-453e-9cbb-7dc95bce1c1c	words-8	f	t	{0.4658173,0.01791084,-0.5913117,-0.21116456,0.51764053,0.066110864,-0.32200173,-0.11156141}
2026-03-02 10:22:47+00	48	432d0673-48a3-4410-a279-c321ce6540a7	words-8	f	t	{-0.6579783,-0.2212851,-0.02988843,-0.39821213,-0.21956788,-0.09706498,-0.12520391,-0.53415686}
2026-11-30 22:00:38.437324+00	221	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	words-8	f	t	{-0.526122,0.30987972,-0.24705833,-0.15390103,0.5923228,-0.4318382,0.046175554,-0.05462754}
2026-11-30 22:00:38.476425+00	222	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	words-8	f	t	{0.15366447,0.09298399,-0.12386036,0.21375377,0.90351194,-0.017984064,-0.2754269,-0.119129635}
2026-11-30 22:00:38.635841+00	223	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	words-8	f	t	{0.45087925,-0.81740016,-0.013321877,-0.13737172,-0.089638494,0.16508113,0.2345931,0.13854842}
2026-11-30 22:00:38.741403+00	224	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	words-8	f	t	{-0.6691784,-0.50044507,-0.2581113,-0.34315285,0.24636076,-0.218121,0.04824137,0.082353175}
2026-11-30 22:00:38.887158+00	225	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	words-8	f	t	{-0.5092011,-0.04709752,0.019971639,0.21733809,-0.54186386,-0.2420178,0.52773494,-0.24529193}
2026-11-30 22:00:38.909066+00	226	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	words-8	f	t	{-0.039133023,-0.07826605,-0.07826605,-0.43046325,-0.43046325,0.039133023,-0.039133023,0.7826605}
2026-11-30 22:00:38.978833+00	227	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	words-8	f	t	{0.02916331,-0.39448488,0.1101968,-0.018239275,-0.72974145,0.06278848,0.53206986,-0.10719976}
\.


--
-- Data for Name: signal_rollup_1h; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.signal_rollup_1h (conversation_id, bucket, signal_source, agent_id, n, s1, s2, min_score, max_score, tone_sum, tone_count, escalations, first_time, last_time) FROM stdin;
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:00:00+00	Axis	tutor	3	-0.11000000000000004	0.1139	0.29	0.73	0	0	0	2026-03-02 09:12:07+00	2026-03-02 09:54:31+00
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:00:00+00	Mail	planner	2	-0.21999999999999997	0.12099999999999997	0.17	0.61	0	0	1	2026-03-02 09:19:11+00	2026-03-02 09:40:23+00
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:00:00+00	Slack		3	0.24999999999999994	0.13069999999999998	0.41	0.85	0	0	0	2026-03-02 09:05:03+00	2026-03-02 09:47:27+00
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 10:00:00+00	Axis	tutor	1	0.31000000000000005	0.09610000000000003	0.81	0.81	0	0	0	2026-03-02 10:15:43+00	2026-03-02 10:15:43+00
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 10:00:00+00	Mail	planner	2	-0.06000000000000005	0.09859999999999998	0.25	0.69	0	0	0	2026-03-02 10:01:35+00	2026-03-02 10:22:47+00
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 10:00:00+00	Slack		1	-0.37	0.1369	0.13	0.13	0	0	0	2026-03-02 10:08:39+00	2026-03-02 10:08:39+00
46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-03-03 09:00:00+00	unknown		160	4.77	19.86870000000002	0.15	0.91	0	0	0	2026-03-03 09:00:00+00	2026-03-03 09:53:00+00
58891090-dc9f-4739-bc39-b0de6aa55390	2026-03-02 12:00:00+00	unknown		12	0	0	0.5	0.5	0	0	0	2026-03-02 12:00:00+00	2026-03-02 12:00:03.3+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:00:00+00	Axis		3	0.38	0.15800000000000003	0.36	0.8	1.4	3	0	2026-03-02 09:10:06+00	2026-03-02 09:52:30+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:00:00+00	Mail	tutor	3	0.020000000000000018	0.11000000000000001	0.24	0.68	0.6000000000000001	3	1	2026-03-02 09:17:10+00	2026-03-02 09:59:34+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:00:00+00	Slack	planner	3	-0.06000000000000005	0.26039999999999996	0.12	0.84	1.2000000000000002	3	0	2026-03-02 09:03:02+00	2026-03-02 09:45:26+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 10:00:00+00	Axis		1	-0.06	0.0036	0.44	0.44	0.2	1	0	2026-03-02 10:13:42+00	2026-03-02 10:13:42+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 10:00:00+00	Mail	tutor	1	-0.18	0.0324	0.32	0.32	0.6	1	0	2026-03-02 10:20:46+00	2026-03-02 10:20:46+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 10:00:00+00	Slack	planner	1	0.06000000000000005	0.0036000000000000064	0.56	0.56	0.8	1	0	2026-03-02 10:06:38+00	2026-03-02 10:06:38+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:00:00+00	Axis	planner	3	0.07	0.11150000000000003	0.35	0.79	0	0	0	2026-03-02 09:08:05+00	2026-03-02 09:50:29+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:00:00+00	Mail		3	-0.29	0.13790000000000002	0.23	0.67	0	0	1	2026-03-02 09:15:09+00	2026-03-02 09:57:33+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:00:00+00	Slack	tutor	3	-0.37	0.15550000000000003	0.11	0.55	0	0	0	2026-03-02 09:01:01+00	2026-03-02 09:43:25+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 10:00:00+00	Axis	planner	1	0.37	0.1369	0.87	0.87	0	0	0	2026-03-02 10:11:41+00	2026-03-02 10:11:41+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 10:00:00+00	Mail		1	0.25	0.0625	0.75	0.75	0	0	0	2026-03-02 10:18:45+00	2026-03-02 10:18:45+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 10:00:00+00	Slack	tutor	1	-0.31	0.0961	0.19	0.19	0	0	0	2026-03-02 10:04:37+00	2026-03-02 10:04:37+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:00:00+00	Axis	tutor	3	0.56	0.2144	0.42	0.86	1.8	3	0	2026-03-02 09:07:04+00	2026-03-02 09:49:28+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:00:00+00	Mail	planner	3	0.2	0.12320000000000002	0.3	0.74	1	3	0	2026-03-02 09:14:08+00	2026-03-02 09:56:32+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:00:00+00	Slack		3	-0.6799999999999999	0.264	0.1	0.54	0.6000000000000001	3	1	2026-03-02 09:00:00+00	2026-03-02 09:42:24+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 10:00:00+00	Axis	tutor	1	0	0	0.5	0.5	0	1	0	2026-03-02 10:10:40+00	2026-03-02 10:10:40+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 10:00:00+00	Mail	planner	1	-0.12	0.0144	0.38	0.38	0.4	1	1	2026-03-02 10:17:44+00	2026-03-02 10:17:44+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 10:00:00+00	Slack		1	0.12	0.0144	0.62	0.62	0.6	1	0	2026-03-02 10:03:36+00	2026-03-02 10:03:36+00
dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	2026-11-30 22:00:00+00	user		4	0	0	0.5	0.5	0	0	0	2026-11-30 22:00:38.437324+00	2026-11-30 22:00:38.909066+00
dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	2026-11-30 22:00:00+00	assistant		3	-0.29600000000000004	0.043808000000000014	0.352	0.5	0	0	0	2026-11-30 22:00:38.476425+00	2026-11-30 22:00:38.978833+00
\.


--
-- Data for Name: signal_rollup_5m; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.signal_rollup_5m (conversation_id, bucket, signal_source, agent_id, n, s1, s2, min_score, max_score, tone_sum, tone_count, escalations, first_time, last_time) FROM stdin;
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:05:00+00	Slack		1	-0.09000000000000002	0.008100000000000005	0.41	0.41	0	0	0	2026-03-02 09:05:03+00	2026-03-02 09:05:03+00
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:10:00+00	Axis	tutor	1	-0.21000000000000002	0.04410000000000001	0.29	0.29	0	0	0	2026-03-02 09:12:07+00	2026-03-02 09:12:07+00
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:15:00+00	Mail	planner	1	-0.32999999999999996	0.10889999999999997	0.17	0.17	0	0	1	2026-03-02 09:19:11+00	2026-03-02 09:19:11+00
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:25:00+00	Slack		1	0.35	0.12249999999999998	0.85	0.85	0	0	0	2026-03-02 09:26:15+00	2026-03-02 09:26:15+00
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:30:00+00	Axis	tutor	1	0.22999999999999998	0.05289999999999999	0.73	0.73	0	0	0	2026-03-02 09:33:19+00	2026-03-02 09:33:19+00
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:40:00+00	Mail	planner	1	0.10999999999999999	0.012099999999999998	0.61	0.61	0	0	0	2026-03-02 09:40:23+00	2026-03-02 09:40:23+00
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:45:00+00	Slack		1	-0.010000000000000009	0.00010000000000000018	0.49	0.49	0	0	0	2026-03-02 09:47:27+00	2026-03-02 09:47:27+00
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 09:50:00+00	Axis	tutor	1	-0.13	0.016900000000000002	0.37	0.37	0	0	0	2026-03-02 09:54:31+00	2026-03-02 09:54:31+00
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 10:00:00+00	Mail	planner	1	-0.25	0.0625	0.25	0.25	0	0	0	2026-03-02 10:01:35+00	2026-03-02 10:01:35+00
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 10:05:00+00	Slack		1	-0.37	0.1369	0.13	0.13	0	0	0	2026-03-02 10:08:39+00	2026-03-02 10:08:39+00
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 10:15:00+00	Axis	tutor	1	0.31000000000000005	0.09610000000000003	0.81	0.81	0	0	0	2026-03-02 10:15:43+00	2026-03-02 10:15:43+00
432d0673-48a3-4410-a279-c321ce6540a7	2026-03-02 10:20:00+00	Mail	planner	1	0.18999999999999995	0.03609999999999998	0.69	0.69	0	0	0	2026-03-02 10:22:47+00	2026-03-02 10:22:47+00
46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-03-03 09:00:00+00	unknown		15	-4.83	1.5617000000000003	0.15	0.21	0	0	0	2026-03-03 09:00:00+00	2026-03-03 09:04:40+00
46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-03-03 09:05:00+00	unknown		15	-4.819999999999999	1.5548000000000002	0.15	0.21	0	0	0	2026-03-03 09:05:00+00	2026-03-03 09:09:40+00
46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-03-03 09:10:00+00	unknown		15	-4.81	1.5481000000000003	0.15	0.21	0	0	0	2026-03-03 09:10:00+00	2026-03-03 09:14:40+00
46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-03-03 09:15:00+00	unknown		15	-4.8	1.5416	0.15	0.21	0	0	0	2026-03-03 09:15:00+00	2026-03-03 09:19:40+00
46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-03-03 09:20:00+00	unknown		15	-4.789999999999999	1.5353	0.15	0.21	0	0	0	2026-03-03 09:20:00+00	2026-03-03 09:24:40+00
46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-03-03 09:25:00+00	unknown		15	2.22	1.9912000000000005	0.15	0.91	0	0	0	2026-03-03 09:25:00+00	2026-03-03 09:29:40+00
46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-03-03 09:30:00+00	unknown		15	5.73	2.1953000000000005	0.85	0.91	0	0	0	2026-03-03 09:30:00+00	2026-03-03 09:34:40+00
46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-03-03 09:35:00+00	unknown		15	5.67	2.1497	0.85	0.91	0	0	0	2026-03-03 09:35:00+00	2026-03-03 09:39:40+00
46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-03-03 09:40:00+00	unknown		15	5.680000000000001	2.1568	0.85	0.91	0	0	0	2026-03-03 09:40:00+00	2026-03-03 09:44:40+00
46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-03-03 09:45:00+00	unknown		15	5.69	2.1641	0.85	0.91	0	0	0	2026-03-03 09:45:00+00	2026-03-03 09:49:40+00
46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-03-03 09:50:00+00	unknown		10	3.83	1.4701000000000004	0.85	0.91	0	0	0	2026-03-03 09:50:00+00	2026-03-03 09:53:00+00
58891090-dc9f-4739-bc39-b0de6aa55390	2026-03-02 12:00:00+00	unknown		12	0	0	0.5	0.5	0	0	0	2026-03-02 12:00:00+00	2026-03-02 12:00:03.3+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:00:00+00	Slack	planner	1	0.33999999999999997	0.11559999999999998	0.84	0.84	0.2	1	0	2026-03-02 09:03:02+00	2026-03-02 09:03:02+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:10:00+00	Axis		1	0.21999999999999997	0.04839999999999999	0.72	0.72	0.6	1	0	2026-03-02 09:10:06+00	2026-03-02 09:10:06+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:15:00+00	Mail	tutor	1	0.09999999999999998	0.009999999999999995	0.6	0.6	0	1	0	2026-03-02 09:17:10+00	2026-03-02 09:17:10+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:20:00+00	Slack	planner	1	-0.020000000000000018	0.0004000000000000007	0.48	0.48	0.4	1	0	2026-03-02 09:24:14+00	2026-03-02 09:24:14+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:30:00+00	Axis		1	-0.14	0.019600000000000003	0.36	0.36	0.8	1	0	2026-03-02 09:31:18+00	2026-03-02 09:31:18+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:35:00+00	Mail	tutor	1	-0.26	0.06760000000000001	0.24	0.24	0.2	1	1	2026-03-02 09:38:22+00	2026-03-02 09:38:22+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:45:00+00	Slack	planner	1	-0.38	0.1444	0.12	0.12	0.6	1	0	2026-03-02 09:45:26+00	2026-03-02 09:45:26+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:50:00+00	Axis		1	0.30000000000000004	0.09000000000000002	0.8	0.8	0	1	0	2026-03-02 09:52:30+00	2026-03-02 09:52:30+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 09:55:00+00	Mail	tutor	1	0.18000000000000005	0.03240000000000002	0.68	0.68	0.4	1	0	2026-03-02 09:59:34+00	2026-03-02 09:59:34+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 10:05:00+00	Slack	planner	1	0.06000000000000005	0.0036000000000000064	0.56	0.56	0.8	1	0	2026-03-02 10:06:38+00	2026-03-02 10:06:38+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 10:10:00+00	Axis		1	-0.06	0.0036	0.44	0.44	0.2	1	0	2026-03-02 10:13:42+00	2026-03-02 10:13:42+00
a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-03-02 10:20:00+00	Mail	tutor	1	-0.18	0.0324	0.32	0.32	0.6	1	0	2026-03-02 10:20:46+00	2026-03-02 10:20:46+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:00:00+00	Slack	tutor	1	-0.030000000000000027	0.0009000000000000016	0.47	0.47	0	0	0	2026-03-02 09:01:01+00	2026-03-02 09:01:01+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:05:00+00	Axis	planner	1	-0.15000000000000002	0.022500000000000006	0.35	0.35	0	0	0	2026-03-02 09:08:05+00	2026-03-02 09:08:05+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:15:00+00	Mail		1	-0.27	0.0729	0.23	0.23	0	0	0	2026-03-02 09:15:09+00	2026-03-02 09:15:09+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:20:00+00	Slack	tutor	1	-0.39	0.1521	0.11	0.11	0	0	0	2026-03-02 09:22:13+00	2026-03-02 09:22:13+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:25:00+00	Axis	planner	1	0.29000000000000004	0.08410000000000002	0.79	0.79	0	0	0	2026-03-02 09:29:17+00	2026-03-02 09:29:17+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:35:00+00	Mail		1	0.17000000000000004	0.028900000000000012	0.67	0.67	0	0	0	2026-03-02 09:36:21+00	2026-03-02 09:36:21+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:40:00+00	Slack	tutor	1	0.050000000000000044	0.0025000000000000044	0.55	0.55	0	0	0	2026-03-02 09:43:25+00	2026-03-02 09:43:25+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:50:00+00	Axis	planner	1	-0.07	0.004900000000000001	0.43	0.43	0	0	0	2026-03-02 09:50:29+00	2026-03-02 09:50:29+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 09:55:00+00	Mail		1	-0.19	0.0361	0.31	0.31	0	0	1	2026-03-02 09:57:33+00	2026-03-02 09:57:33+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 10:00:00+00	Slack	tutor	1	-0.31	0.0961	0.19	0.19	0	0	0	2026-03-02 10:04:37+00	2026-03-02 10:04:37+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 10:10:00+00	Axis	planner	1	0.37	0.1369	0.87	0.87	0	0	0	2026-03-02 10:11:41+00	2026-03-02 10:11:41+00
cd051d69-6d30-4686-9265-dd845eee4aa1	2026-03-02 10:15:00+00	Mail		1	0.25	0.0625	0.75	0.75	0	0	0	2026-03-02 10:18:45+00	2026-03-02 10:18:45+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:00:00+00	Slack		1	-0.4	0.16000000000000003	0.1	0.1	0	1	1	2026-03-02 09:00:00+00	2026-03-02 09:00:00+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:05:00+00	Axis	tutor	1	0.28	0.07840000000000001	0.78	0.78	0.4	1	0	2026-03-02 09:07:04+00	2026-03-02 09:07:04+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:10:00+00	Mail	planner	1	0.16000000000000003	0.02560000000000001	0.66	0.66	0.8	1	0	2026-03-02 09:14:08+00	2026-03-02 09:14:08+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:20:00+00	Slack		1	0.040000000000000036	0.001600000000000003	0.54	0.54	0.2	1	0	2026-03-02 09:21:12+00	2026-03-02 09:21:12+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:25:00+00	Axis	tutor	1	-0.08000000000000002	0.006400000000000003	0.42	0.42	0.6	1	0	2026-03-02 09:28:16+00	2026-03-02 09:28:16+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:35:00+00	Mail	planner	1	-0.2	0.04000000000000001	0.3	0.3	0	1	0	2026-03-02 09:35:20+00	2026-03-02 09:35:20+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:40:00+00	Slack		1	-0.32	0.1024	0.18	0.18	0.4	1	0	2026-03-02 09:42:24+00	2026-03-02 09:42:24+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:45:00+00	Axis	tutor	1	0.36	0.1296	0.86	0.86	0.8	1	0	2026-03-02 09:49:28+00	2026-03-02 09:49:28+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 09:55:00+00	Mail	planner	1	0.24	0.0576	0.74	0.74	0.2	1	0	2026-03-02 09:56:32+00	2026-03-02 09:56:32+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 10:00:00+00	Slack		1	0.12	0.0144	0.62	0.62	0.6	1	0	2026-03-02 10:03:36+00	2026-03-02 10:03:36+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 10:10:00+00	Axis	tutor	1	0	0	0.5	0.5	0	1	0	2026-03-02 10:10:40+00	2026-03-02 10:10:40+00
d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-03-02 10:15:00+00	Mail	planner	1	-0.12	0.0144	0.38	0.38	0.4	1	1	2026-03-02 10:17:44+00	2026-03-02 10:17:44+00
dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	2026-11-30 22:00:00+00	user		4	0	0	0.5	0.5	0	0	0	2026-11-30 22:00:38.437324+00	2026-11-30 22:00:38.909066+00
dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	2026-11-30 22:00:00+00	assistant		3	-0.29600000000000004	0.043808000000000014	0.352	0.5	0	0	0	2026-11-30 22:00:38.476425+00	2026-11-30 22:00:38.978833+00
\.


--
-- Data for Name: signals; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.signals ("time", id, conversation_id, received_at, user_id, agent_id, signal_source, signal_score, emotional_tone, escalate_flag, raw_content, signal_vector, payload, relationship_context, diagnostic_notes) FROM stdin;
2026-03-02 09:00:00+00	1	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-11-30 22:00:38.300782+00	ada	\N	Slack	0.1	0	1	Note 0: we spoke of the essay on rivers. I am happy.	\N	{"tags": ["invented"], "number": 0}	\N	\N
2026-03-02 09:01:01+00	2	cd051d69-6d30-4686-9265-dd845eee4aa1	2026-11-30 22:00:38.300782+00	ada	tutor	Slack	0.47	\N	0	Note 1: we spoke of a missed deadline. I am worried.	\N	{"tags": ["invented"], "number": 1}	\N	\N
2026-03-02 09:03:02+00	3	a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-11-30 22:00:38.300782+00	ada	planner	Slack	0.84	0.2	0	Note 2: we spoke of group work that goes well. I am happy.	\N	{"tags": ["invented"], "number": 2}	\N	\N
2026-03-02 09:05:03+00	4	432d0673-48a3-4410-a279-c321ce6540a7	2026-11-30 22:00:38.300782+00	ada	\N	Slack	0.41	\N	0	Note 3: we spoke of feeling lost in algebra. I am worried.	\N	{"tags": ["invented"], "number": 3}	\N	\N
2026-03-02 09:07:04+00	5	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-11-30 22:00:38.300782+00	ada	tutor	Axis	0.78	0.4	0	Note 4: we spoke of the essay on rivers. I am happy.	\N	{"tags": ["invented"], "number": 4}	\N	\N
2026-03-02 09:08:05+00	6	cd051d69-6d30-4686-9265-dd845eee4aa1	2026-11-30 22:00:38.300782+00	ada	planner	Axis	0.35	\N	0	Note 5: we spoke of a missed deadline. I am worried.	\N	{"tags": ["invented"], "number": 5}	\N	\N
2026-03-02 09:10:06+00	7	a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-11-30 22:00:38.300782+00	ada	\N	Axis	0.72	0.6	0	Note 6: we spoke of group work that goes well. I am happy.	\N	{"tags": ["invented"], "number": 6}	\N	\N
2026-03-02 09:12:07+00	8	432d0673-48a3-4410-a279-c321ce6540a7	2026-11-30 22:00:38.300782+00	ada	tutor	Axis	0.29	\N	0	Note 7: we spoke of feeling lost in algebra. I am worried.	\N	{"tags": ["invented"], "number": 7}	\N	\N
2026-03-02 09:14:08+00	9	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-11-30 22:00:38.300782+00	ada	planner	Mail	0.66	0.8	0	Note 8: we spoke of the essay on rivers. I am happy.	\N	{"tags": ["invented"], "number": 8}	\N	\N
2026-03-02 09:15:09+00	10	cd051d69-6d30-4686-9265-dd845eee4aa1	2026-11-30 22:00:38.300782+00	ada	\N	Mail	0.23	\N	0	Note 9: we spoke of a missed deadline. I am worried.	\N	{"tags": ["invented"], "number": 9}	\N	\N
2026-03-02 09:17:10+00	11	a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-11-30 22:00:38.300782+00	ada	tutor	Mail	0.6	0	0	Note 10: we spoke of group work that goes well. I am happy.	\N	{"tags": ["invented"], "number": 10}	\N	\N
2026-03-02 09:19:11+00	12	432d0673-48a3-4410-a279-c321ce6540a7	2026-11-30 22:00:38.300782+00	ada	planner	Mail	0.17	\N	1	Note 11: we spoke of feeling lost in algebra. I am worried.	\N	{"tags": ["invented"], "number": 11}	\N	\N
2026-03-02 09:21:12+00	13	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-11-30 22:00:38.300782+00	ada	\N	Slack	0.54	0.2	0	Note 12: we spoke of the essay on rivers. I am happy.	\N	{"tags": ["invented"], "number": 12}	\N	\N
2026-03-02 09:22:13+00	14	cd051d69-6d30-4686-9265-dd845eee4aa1	2026-11-30 22:00:38.300782+00	ada	tutor	Slack	0.11	\N	0	Note 13: we spoke of a missed deadline. I am worried.	\N	{"tags": ["invented"], "number": 13}	\N	\N
2026-03-02 09:24:14+00	15	a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-11-30 22:00:38.300782+00	ada	planner	Slack	0.48	0.4	0	Note 14: we spoke of group work that goes well. I am happy.	\N	{"tags": ["invented"], "number": 14}	\N	\N
2026-03-02 09:26:15+00	16	432d0673-48a3-4410-a279-c321ce6540a7	2026-11-30 22:00:38.300782+00	ada	\N	Slack	0.85	\N	0	Note 15: we spoke of feeling lost in algebra. I am worried.	\N	{"tags": ["invented"], "number": 15}	\N	\N
2026-03-02 09:28:16+00	17	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-11-30 22:00:38.300782+00	ada	tutor	Axis	0.42	0.6	0	Note 16: we spoke of the essay on rivers. I am happy.	\N	{"tags": ["invented"], "number": 16}	\N	\N
2026-03-02 09:29:17+00	18	cd051d69-6d30-4686-9265-dd845eee4aa1	2026-11-30 22:00:38.300782+00	ada	planner	Axis	0.79	\N	0	Note 17: we spoke of a missed deadline. I am worried.	\N	{"tags": ["invented"], "number": 17}	\N	\N
2026-03-02 09:31:18+00	19	a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-11-30 22:00:38.300782+00	ada	\N	Axis	0.36	0.8	0	Note 18: we spoke of group work that goes well. I am happy.	\N	{"tags": ["invented"], "number": 18}	\N	\N
2026-03-02 09:33:19+00	20	432d0673-48a3-4410-a279-c321ce6540a7	2026-11-30 22:00:38.300782+00	ada	tutor	Axis	0.73	\N	0	Note 19: we spoke of feeling lost in algebra. I am worried.	\N	{"tags": ["invented"], "number": 19}	\N	\N
2026-03-02 09:35:20+00	21	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-11-30 22:00:38.300782+00	ada	planner	Mail	0.3	0	0	Note 20: we spoke of the essay on rivers. I am happy.	\N	{"tags": ["invented"], "number": 20}	\N	\N
2026-03-02 09:36:21+00	22	cd051d69-6d30-4686-9265-dd845eee4aa1	2026-11-30 22:00:38.300782+00	ada	\N	Mail	0.67	\N	0	Note 21: we spoke of a missed deadline. I am worried.	\N	{"tags": ["invented"], "number": 21}	\N	\N
2026-03-02 09:38:22+00	23	a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-11-30 22:00:38.300782+00	ada	tutor	Mail	0.24	0.2	1	Note 22: we spoke of group work that goes well. I am happy.	\N	{"tags": ["invented"], "number": 22}	\N	\N
2026-03-02 09:40:23+00	24	432d0673-48a3-4410-a279-c321ce6540a7	2026-11-30 22:00:38.300782+00	ada	planner	Mail	0.61	\N	0	Note 23: we spoke of feeling lost in algebra. I am worried.	\N	{"tags": ["invented"], "number": 23}	\N	\N
2026-03-02 09:42:24+00	25	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-11-30 22:00:38.300782+00	ada	\N	Slack	0.18	0.4	0	Note 24: we spoke of the essay on rivers. I am happy.	\N	{"tags": ["invented"], "number": 24}	\N	\N
2026-03-02 09:43:25+00	26	cd051d69-6d30-4686-9265-dd845eee4aa1	2026-11-30 22:00:38.300782+00	ada	tutor	Slack	0.55	\N	0	Note 25: we spoke of a missed deadline. I am worried.	\N	{"tags": ["invented"], "number": 25}	\N	\N
2026-03-02 09:45:26+00	27	a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-11-30 22:00:38.300782+00	ada	planner	Slack	0.12	0.6	0	Note 26: we spoke of group work that goes well. I am happy.	\N	{"tags": ["invented"], "number": 26}	\N	\N
2026-03-02 09:47:27+00	28	432d0673-48a3-4410-a279-c321ce6540a7	2026-11-30 22:00:38.300782+00	ada	\N	Slack	0.49	\N	0	Note 27: we spoke of feeling lost in algebra. I am worried.	\N	{"tags": ["invented"], "number": 27}	\N	\N
2026-03-02 09:49:28+00	29	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-11-30 22:00:38.300782+00	ada	tutor	Axis	0.86	0.8	0	Note 28: we spoke of the essay on rivers. I am happy.	\N	{"tags": ["invented"], "number": 28}	\N	\N
2026-03-02 09:50:29+00	30	cd051d69-6d30-4686-9265-dd845eee4aa1	2026-11-30 22:00:38.300782+00	ada	planner	Axis	0.43	\N	0	Note 29: we spoke of a missed deadline. I am worried.	\N	{"tags": ["invented"], "number": 29}	\N	\N
2026-03-02 09:52:30+00	31	a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-11-30 22:00:38.300782+00	ada	\N	Axis	0.8	0	0	Note 30: we spoke of group work that goes well. I am happy.	\N	{"tags": ["invented"], "number": 30}	\N	\N
2026-03-02 09:54:31+00	32	432d0673-48a3-4410-a279-c321ce6540a7	2026-11-30 22:00:38.300782+00	ada	tutor	Axis	0.37	\N	0	Note 31: we spoke of feeling lost in algebra. I am worried.	\N	{"tags": ["invented"], "number": 31}	\N	\N
2026-03-02 09:56:32+00	33	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-11-30 22:00:38.300782+00	ada	planner	Mail	0.74	0.2	0	Note 32: we spoke of the essay on rivers. I am happy.	\N	{"tags": ["invented"], "number": 32}	\N	\N
2026-03-02 09:57:33+00	34	cd051d69-6d30-4686-9265-dd845eee4aa1	2026-11-30 22:00:38.300782+00	ada	\N	Mail	0.31	\N	1	Note 33: we spoke of a missed deadline. I am worried.	\N	{"tags": ["invented"], "number": 33}	\N	\N
2026-03-02 09:59:34+00	35	a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-11-30 22:00:38.300782+00	ada	tutor	Mail	0.68	0.4	0	Note 34: we spoke of group work that goes well. I am happy.	\N	{"tags": ["invented"], "number": 34}	\N	\N
2026-03-02 10:01:35+00	36	432d0673-48a3-4410-a279-c321ce6540a7	2026-11-30 22:00:38.300782+00	ada	planner	Mail	0.25	\N	0	Note 35: we spoke of feeling lost in algebra. I am worried.	\N	{"tags": ["invented"], "number": 35}	\N	\N
2026-03-02 10:03:36+00	37	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-11-30 22:00:38.300782+00	ada	\N	Slack	0.62	0.6	0	Note 36: we spoke of the essay on rivers. I am happy.	\N	{"tags": ["invented"], "number": 36}	\N	\N
2026-03-02 10:04:37+00	38	cd051d69-6d30-4686-9265-dd845eee4aa1	2026-11-30 22:00:38.300782+00	ada	tutor	Slack	0.19	\N	0	Note 37: we spoke of a missed deadline. I am worried.	\N	{"tags": ["invented"], "number": 37}	\N	\N
2026-03-02 10:06:38+00	39	a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-11-30 22:00:38.300782+00	ada	planner	Slack	0.56	0.8	0	Note 38: we spoke of group work that goes well. I am happy.	\N	{"tags": ["invented"], "number": 38}	\N	\N
2026-03-02 10:08:39+00	40	432d0673-48a3-4410-a279-c321ce6540a7	2026-11-30 22:00:38.300782+00	ada	\N	Slack	0.13	\N	0	Note 39: we spoke of feeling lost in algebra. I am worried.	\N	{"tags": ["invented"], "number": 39}	\N	\N
2026-03-02 10:10:40+00	41	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-11-30 22:00:38.300782+00	ada	tutor	Axis	0.5	0	0	Note 40: we spoke of the essay on rivers. I am happy.	\N	{"tags": ["invented"], "number": 40}	\N	\N
2026-03-02 10:11:41+00	42	cd051d69-6d30-4686-9265-dd845eee4aa1	2026-11-30 22:00:38.300782+00	ada	planner	Axis	0.87	\N	0	Note 41: we spoke of a missed deadline. I am worried.	\N	{"tags": ["invented"], "number": 41}	\N	\N
2026-03-02 10:13:42+00	43	a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-11-30 22:00:38.300782+00	ada	\N	Axis	0.44	0.2	0	Note 42: we spoke of group work that goes well. I am happy.	\N	{"tags": ["invented"], "number": 42}	\N	\N
2026-03-02 10:15:43+00	44	432d0673-48a3-4410-a279-c321ce6540a7	2026-11-30 22:00:38.300782+00	ada	tutor	Axis	0.81	\N	0	Note 43: we spoke of feeling lost in algebra. I am worried.	\N	{"tags": ["invented"], "number": 43}	\N	\N
2026-03-02 10:17:44+00	45	d57604dc-ec92-4ab1-a37e-1e9b2eb114b0	2026-11-30 22:00:38.300782+00	ada	planner	Mail	0.38	0.4	1	Note 44: we spoke of the essay on rivers. I am happy.	\N	{"tags": ["invented"], "number": 44}	\N	\N
2026-03-02 10:18:45+00	46	cd051d69-6d30-4686-9265-dd845eee4aa1	2026-11-30 22:00:38.300782+00	ada	\N	Mail	0.75	\N	0	Note 45: we spoke of a missed deadline. I am worried.	\N	{"tags": ["invented"], "number": 45}	\N	\N
2026-03-02 10:20:46+00	47	a84afb62-e382-453e-9cbb-7dc95bce1c1c	2026-11-30 22:00:38.300782+00	ada	tutor	Mail	0.32	0.6	0	Note 46: we spoke of group work that goes well. I am happy.	\N	{"tags": ["invented"], "number": 46}	\N	\N
2026-03-02 10:22:47+00	48	432d0673-48a3-4410-a279-c321ce6540a7	2026-11-30 22:00:38.300782+00	ada	planner	Mail	0.69	\N	0	Note 47: we spoke of feeling lost in algebra. I am worried.	\N	{"tags": ["invented"], "number": 47}	\N	\N
2026-03-02 12:00:00+00	49	58891090-dc9f-4739-bc39-b0de6aa55390	2026-11-30 22:00:38.300782+00	bo	\N	unknown	0.5	\N	0	\N	\N	{}	\N	\N
2026-03-02 12:00:00.3+00	50	58891090-dc9f-4739-bc39-b0de6aa55390	2026-11-30 22:00:38.300782+00	bo	\N	unknown	0.5	\N	0	\N	\N	{}	\N	\N
2026-03-02 12:00:00.6+00	51	58891090-dc9f-4739-bc39-b0de6aa55390	2026-11-30 22:00:38.300782+00	bo	\N	unknown	0.5	\N	0	\N	\N	{}	\N	\N
2026-03-02 12:00:00.9+00	52	58891090-dc9f-4739-bc39-b0de6aa55390	2026-11-30 22:00:38.300782+00	bo	\N	unknown	0.5	\N	0	\N	\N	{}	\N	\N
2026-03-02 12:00:01.2+00	53	58891090-dc9f-4739-bc39-b0de6aa55390	2026-11-30 22:00:38.300782+00	bo	\N	unknown	0.5	\N	0	\N	\N	{}	\N	\N
2026-03-02 12:00:01.5+00	54	58891090-dc9f-4739-bc39-b0de6aa55390	2026-11-30 22:00:38.300782+00	bo	\N	unknown	0.5	\N	0	\N	\N	{}	\N	\N
2026-03-02 12:00:01.8+00	55	58891090-dc9f-4739-bc39-b0de6aa55390	2026-11-30 22:00:38.300782+00	bo	\N	unknown	0.5	\N	0	\N	\N	{}	\N	\N
2026-03-02 12:00:02.1+00	56	58891090-dc9f-4739-bc39-b0de6aa55390	2026-11-30 22:00:38.300782+00	bo	\N	unknown	0.5	\N	0	\N	\N	{}	\N	\N
2026-03-02 12:00:02.4+00	57	58891090-dc9f-4739-bc39-b0de6aa55390	2026-11-30 22:00:38.300782+00	bo	\N	unknown	0.5	\N	0	\N	\N	{}	\N	\N
2026-03-02 12:00:02.7+00	58	58891090-dc9f-4739-bc39-b0de6aa55390	2026-11-30 22:00:38.300782+00	bo	\N	unknown	0.5	\N	0	\N	\N	{}	\N	\N
2026-03-02 12:00:03+00	59	58891090-dc9f-4739-bc39-b0de6aa55390	2026-11-30 22:00:38.300782+00	bo	\N	unknown	0.5	\N	0	\N	\N	{}	\N	\N
2026-03-02 12:00:03.3+00	60	58891090-dc9f-4739-bc39-b0de6aa55390	2026-11-30 22:00:38.300782+00	bo	\N	unknown	0.5	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:00:00+00	61	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.15	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:00:20+00	62	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.16	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:00:40+00	63	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.17	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:01:00+00	64	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.18	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:01:20+00	65	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.19	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:01:40+00	66	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.2	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:02:00+00	67	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.21	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:02:20+00	68	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.15	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:02:40+00	69	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.16	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:03:00+00	70	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.17	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:03:20+00	71	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.18	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:03:40+00	72	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.19	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:04:00+00	73	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.2	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:04:20+00	74	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.21	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:04:40+00	75	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.15	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:05:00+00	76	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.16	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:05:20+00	77	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.17	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:05:40+00	78	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.18	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:06:00+00	79	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.19	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:06:20+00	80	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.2	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:06:40+00	81	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.21	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:07:00+00	82	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.15	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:07:20+00	83	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.16	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:07:40+00	84	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.17	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:08:00+00	85	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.18	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:08:20+00	86	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.19	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:08:40+00	87	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.2	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:09:00+00	88	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.21	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:09:20+00	89	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.15	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:09:40+00	90	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.16	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:10:00+00	91	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.17	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:10:20+00	92	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.18	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:10:40+00	93	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.19	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:11:00+00	94	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.2	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:11:20+00	95	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.21	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:11:40+00	96	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.15	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:12:00+00	97	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.16	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:12:20+00	98	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.17	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:12:40+00	99	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.18	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:13:00+00	100	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.19	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:13:20+00	101	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.2	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:13:40+00	102	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.21	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:14:00+00	103	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.15	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:14:20+00	104	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.16	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:14:40+00	105	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.17	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:15:00+00	106	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.18	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:15:20+00	107	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.19	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:15:40+00	108	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.2	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:16:00+00	109	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.21	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:16:20+00	110	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.15	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:16:40+00	111	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.16	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:17:00+00	112	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.17	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:17:20+00	113	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.18	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:17:40+00	114	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.19	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:18:00+00	115	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.2	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:18:20+00	116	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.21	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:18:40+00	117	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.15	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:19:00+00	118	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.16	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:19:20+00	119	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.17	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:19:40+00	120	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.18	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:20:00+00	121	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.19	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:20:20+00	122	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.2	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:20:40+00	123	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.21	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:21:00+00	124	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.15	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:21:20+00	125	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.16	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:21:40+00	126	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.17	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:22:00+00	127	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.18	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:22:20+00	128	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.19	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:22:40+00	129	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.2	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:23:00+00	130	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.21	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:23:20+00	131	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.15	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:23:40+00	132	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.16	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:24:00+00	133	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.17	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:24:20+00	134	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.18	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:24:40+00	135	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.19	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:25:00+00	136	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.2	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:25:20+00	137	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.21	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:25:40+00	138	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.15	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:26:00+00	139	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.16	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:26:20+00	140	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.17	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:26:40+00	141	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.88	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:27:00+00	142	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.89	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:27:20+00	143	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.9	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:27:40+00	144	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.91	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:28:00+00	145	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.85	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:28:20+00	146	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.86	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:28:40+00	147	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.87	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:29:00+00	148	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.88	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:29:20+00	149	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.89	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:29:40+00	150	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.9	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:30:00+00	151	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.91	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:30:20+00	152	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.85	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:30:40+00	153	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.86	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:31:00+00	154	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.87	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:31:20+00	155	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.88	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:31:40+00	156	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.89	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:32:00+00	157	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.9	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:32:20+00	158	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.91	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:32:40+00	159	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.85	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:33:00+00	160	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.86	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:33:20+00	161	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.87	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:33:40+00	162	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.88	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:34:00+00	163	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.89	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:34:20+00	164	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.9	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:34:40+00	165	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.91	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:35:00+00	166	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.85	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:35:20+00	167	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.86	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:35:40+00	168	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.87	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:36:00+00	169	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.88	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:36:20+00	170	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.89	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:36:40+00	171	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.9	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:37:00+00	172	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.91	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:37:20+00	173	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.85	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:37:40+00	174	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.86	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:38:00+00	175	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.87	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:38:20+00	176	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.88	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:38:40+00	177	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.89	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:39:00+00	178	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.9	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:39:20+00	179	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.91	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:39:40+00	180	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.85	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:40:00+00	181	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.86	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:40:20+00	182	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.87	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:40:40+00	183	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.88	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:41:00+00	184	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.89	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:41:20+00	185	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.9	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:41:40+00	186	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.91	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:42:00+00	187	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.85	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:42:20+00	188	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.86	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:42:40+00	189	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.87	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:43:00+00	190	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.88	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:43:20+00	191	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.89	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:43:40+00	192	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.9	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:44:00+00	193	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.91	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:44:20+00	194	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.85	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:44:40+00	195	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.86	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:45:00+00	196	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.87	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:45:20+00	197	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.88	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:45:40+00	198	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.89	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:46:00+00	199	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.9	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:46:20+00	200	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.91	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:46:40+00	201	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.85	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:47:00+00	202	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.86	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:47:20+00	203	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.87	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:47:40+00	204	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.88	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:48:00+00	205	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.89	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:48:20+00	206	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.9	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:48:40+00	207	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.91	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:49:00+00	208	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.85	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:49:20+00	209	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.86	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:49:40+00	210	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.87	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:50:00+00	211	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.88	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:50:20+00	212	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.89	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:50:40+00	213	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.9	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:51:00+00	214	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.91	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:51:20+00	215	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.85	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:51:40+00	216	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.86	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:52:00+00	217	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.87	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:52:20+00	218	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.88	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:52:40+00	219	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.89	\N	0	\N	\N	{}	\N	\N
2026-03-03 09:53:00+00	220	46be5087-084f-45d6-8ed8-f56acf9a49e0	2026-11-30 22:00:38.300782+00	\N	\N	unknown	0.9	\N	0	\N	\N	{}	\N	\N
2026-11-30 22:00:38.437324+00	221	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	2026-11-30 22:00:38.437324+00	ada	\N	user	0.5	\N	0	My essay on rivers is due on 3 May.	\N	{}	\N	\N
2026-11-30 22:00:38.476425+00	222	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	2026-11-30 22:00:38.476425+00	\N	\N	assistant	0.5	\N	0	Then begin with an outline this week.	\N	{}	\N	\N
2026-11-30 22:00:38.635841+00	223	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	2026-11-30 22:00:38.635841+00	ada	\N	user	0.5	\N	0	I have read two books about deltas.	\N	{}	\N	\N
2026-11-30 22:00:38.741403+00	224	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	2026-11-30 22:00:38.741403+00	ada	\N	user	0.5	\N	0	When is my essay due?	\N	{}	\N	\N
2026-11-30 22:00:38.887158+00	225	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	2026-11-30 22:00:38.887158+00	\N	\N	assistant	0.352	\N	0	No language model is set up; these are the passages of the conversation that are nearest to the question:\n\n“My essay on rivers is due on 3 May.” [1]	\N	{}	\N	\N
2026-11-30 22:00:38.909066+00	226	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	2026-11-30 22:00:38.909066+00	ada	\N	user	0.5	\N	0	What have I read?	\N	{}	\N	\N
2026-11-30 22:00:38.978833+00	227	dc1a48e0-e31e-4cfb-b431-3b645da0b9f2	2026-11-30 22:00:38.978833+00	\N	\N	assistant	0.352	\N	0	No language model is set up; these are the passages of the conversation that are nearest to the question:\n\n“I have read two books about deltas.” [3]	\N	{}	\N	\N
\.


--
-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.users (id, username, name, role, is_active, created_at, updated_at, last_login_at, email, phone, address, email_index) FROM stdin;
f4db597f-350f-4cad-9afc-16fd449f57c7	bo	Bo	COACH	t	2026-11-30 22:00:37.731027+00	2026-11-30 22:00:37.731027+00	\N	\N	\N	\\xc30d040903020de1a6891c15918e6bd24201ace2fdfba79927b10b27d1434c2ff595117578fcd6bddbbdef46769b1d485b321699bf6b9d62ae3bf782653974fc80e503dfd58045290c48cb0a96b894f648bb0a	\N
c76e6316-089d-4375-b00e-fc47d95377d5	Zoë	Zoë	EDUCATOR	t	2026-11-30 22:00:37.781479+00	2026-11-30 22:00:37.781479+00	\N	\N	\N	\N	\N
0e982827-eb3b-4251-8474-c1cc5cf392e4	Zoë	\N	ADMIN	t	2026-11-30 22:00:37.803847+00	2026-11-30 22:00:37.803847+00	\N	\\xc30d04090302defabc824985a09163d2400122fb7d0802d81ad053122e9c313b52f63c6bbf570533a0d36060847b14e13854135b0605bed06c04b83e7c40f5a78d0a23f2972c81f7360e812dcb05a47f00	\N	\N	\\xc0872668437b44b8755b0b2ff0aedf0170e9b87aace4469d4d027ed0c075cb49
1780a101-2b75-45f0-93f9-3f78a1ab624d	ada	Ada Example	EDUCATOR	t	2026-11-30 22:00:37.621721+00	2026-11-30 22:00:37.621721+00	2026-11-30 22:00:51.738152+00	\\xc30d0409030219cbe953c2e1c08c75d240015cf2310bd07288fb97eb3922e76c847d8476d78c61237fca33d53839befde8f770909f2697e4f4d1b50ec80bc4f9d0abdc55c57fca94739ee45b26251d0625	\\xc30d040903028569c1bf8a795e106fd23c0146b110d14d759095810b82bab4c4d931531e2b999e6111c65264af7c63aa314190a274bd574c22900022df4af73ab6418ede8de8f76ae80007e01d	\N	\\x5fb93208a663c8216a8ae2cf46d06878cc110b4dd77f937622b55bbd8d5f9e7a
\.


--
-- Name: audit_log_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.audit_log_id_seq', 9, true);


--
-- Name: dead_letters_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.dead_letters_id_seq', 1, true);


--
-- Name: embedding_arrivals_seq_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.embedding_arrivals_seq_seq', 1, true);


--
-- Name: embedding_departures_seq_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.embedding_departures_seq_seq', 1, false);


--
-- Name: messages_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.messages_id_seq', 7, true);


--
-- Name: signal_arrivals_seq_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.signal_arrivals_seq_seq', 8, true);


--
-- Name: signal_departures_seq_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.signal_departures_seq_seq', 1, false);


--
-- Name: signals_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.signals_id_seq', 227, true);


--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);


--
-- Name: anomalies anomalies_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.anomalies
    ADD CONSTRAINT anomalies_pkey PRIMARY KEY (id);


--
-- Name: api_keys api_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);


--
-- Name: api_keys api_keys_token_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_token_hash_key UNIQUE (token_hash);


--
-- Name: audit_log audit_log_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id);


--
-- Name: classification_rollup_1h classification_rollup_1h_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.classification_rollup_1h
    ADD CONSTRAINT classification_rollup_1h_pkey PRIMARY KEY (conversation_id, bucket, signal_source, agent_id);


--
-- Name: classification_rollup_5m classification_rollup_5m_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.classification_rollup_5m
    ADD CONSTRAINT classification_rollup_5m_pkey PRIMARY KEY (conversation_id, bucket, signal_source, agent_id);


--
-- Name: consumed_offsets consumed_offsets_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.consumed_offsets
    ADD CONSTRAINT consumed_offsets_pkey PRIMARY KEY (group_id, topic, partition);


--
-- Name: conversation_activity conversation_activity_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.conversation_activity
    ADD CONSTRAINT conversation_activity_pkey PRIMARY KEY (conversation_id);


--
-- Name: conversation_coaches conversation_coaches_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.conversation_coaches
    ADD CONSTRAINT conversation_coaches_pkey PRIMARY KEY (user_id, conversation_id);


--
-- Name: conversation_shares conversation_shares_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.conversation_shares
    ADD CONSTRAINT conversation_shares_pkey PRIMARY KEY (conversation_id);


--
-- Name: conversation_shares conversation_shares_token_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.conversation_shares
    ADD CONSTRAINT conversation_shares_token_hash_key UNIQUE (token_hash);


--
-- Name: conversations conversations_context_window_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT conversations_context_window_id_key UNIQUE (context_window_id);


--
-- Name: conversations conversations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT conversations_pkey PRIMARY KEY (id);


--
-- Name: dead_letters dead_letters_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (id);


--
-- Name: delivered_signals delivered_signals_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.delivered_signals
    ADD CONSTRAINT delivered_signals_pkey PRIMARY KEY (conversation_id, key);


--
-- Name: embedding_arrivals embedding_arrivals_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.embedding_arrivals
    ADD CONSTRAINT embedding_arrivals_pkey PRIMARY KEY (seq);


--
-- Name: embedding_departures embedding_departures_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.embedding_departures
    ADD CONSTRAINT embedding_departures_pkey PRIMARY KEY (seq);


--
-- Name: encryption_key encryption_key_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.encryption_key
    ADD CONSTRAINT encryption_key_pkey PRIMARY KEY (one);


--
-- Name: given_embeddings given_embeddings_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.given_embeddings
    ADD CONSTRAINT given_embeddings_pkey PRIMARY KEY ("time", id);


--
-- Name: identities identities_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.identities
    ADD CONSTRAINT identities_pkey PRIMARY KEY (provider, subject);


--
-- Name: import_progress import_progress_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.import_progress
    ADD CONSTRAINT import_progress_pkey PRIMARY KEY (key);


--
-- Name: messages messages_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);


--
-- Name: messages messages_signal_time_signal_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_signal_time_signal_id_key UNIQUE (signal_time, signal_id);


--
-- Name: rollup_state rollup_state_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.rollup_state
    ADD CONSTRAINT rollup_state_pkey PRIMARY KEY (one);


--
-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);


--
-- Name: sessions sessions_token_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_token_hash_key UNIQUE (token_hash);


--
-- Name: shift_progress shift_progress_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.shift_progress
    ADD CONSTRAINT shift_progress_pkey PRIMARY KEY (conversation_id);


--
-- Name: signal_arrivals signal_arrivals_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.signal_arrivals
    ADD CONSTRAINT signal_arrivals_pkey PRIMARY KEY (seq);


--
-- Name: signal_classifications signal_classifications_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.signal_classifications
    ADD CONSTRAINT signal_classifications_pkey PRIMARY KEY ("time", id);


--
-- Name: signal_departures signal_departures_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.signal_departures
    ADD CONSTRAINT signal_departures_pkey PRIMARY KEY (seq);


--
-- Name: signal_embeddings signal_embeddings_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.signal_embeddings
    ADD CONSTRAINT signal_embeddings_pkey PRIMARY KEY ("time", id);


--
-- Name: signal_rollup_1h signal_rollup_1h_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.signal_rollup_1h
    ADD CONSTRAINT signal_rollup_1h_pkey PRIMARY KEY (conversation_id, bucket, signal_source, agent_id);


--
-- Name: signal_rollup_5m signal_rollup_5m_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.signal_rollup_5m
    ADD CONSTRAINT signal_rollup_5m_pkey PRIMARY KEY (conversation_id, bucket, signal_source, agent_id);


--
-- Name: signals signals_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.signals
    ADD CONSTRAINT signals_pkey PRIMARY KEY ("time", id);


--
-- Name: users users_email_index_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_email_index_key UNIQUE (email_index);


--
-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);


--
-- Name: anomalies_conversation; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX anomalies_conversation ON public.anomalies USING btree (conversation_id, started_at, id);


--
-- Name: anomalies_order; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX anomalies_order ON public.anomalies USING btree (started_at, id);


--
-- Name: anomalies_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX anomalies_user ON public.anomalies USING btree (user_id, started_at, id);


--
-- Name: api_keys_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX api_keys_user ON public.api_keys USING btree (user_id);


--
-- Name: audit_log_subject; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_log_subject ON public.audit_log USING btree (subject, "time");


--
-- Name: audit_log_time; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_log_time ON public.audit_log USING btree ("time");


--
-- Name: classification_rollup_1h_bucket; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX classification_rollup_1h_bucket ON public.classification_rollup_1h USING btree (bucket);


--
-- Name: classification_rollup_5m_bucket; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX classification_rollup_5m_bucket ON public.classification_rollup_5m USING btree (bucket);


--
-- Name: conversation_activity_last; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX conversation_activity_last ON public.conversation_activity USING btree (COALESCE(last_signal_at, '-infinity'::timestamp with time zone), conversation_id);


--
-- Name: conversation_coaches_conversation; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX conversation_coaches_conversation ON public.conversation_coaches USING btree (conversation_id);


--
-- Name: conversations_started; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX conversations_started ON public.conversations USING btree (started_at, id);


--
-- Name: conversations_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX conversations_user ON public.conversations USING btree (user_id, started_at, id);


--
-- Name: delivered_signals_age; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX delivered_signals_age ON public.delivered_signals USING btree (delivered_at);


--
-- Name: identities_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX identities_user ON public.identities USING btree (user_id);


--
-- Name: messages_conversation; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX messages_conversation ON public.messages USING btree (conversation_id, created_at, id);


--
-- Name: messages_time; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX messages_time ON public.messages USING btree (created_at);


--
-- Name: sessions_age; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_age ON public.sessions USING btree (LEAST(idle_expires_at, expires_at));


--
-- Name: sessions_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_user ON public.sessions USING btree (user_id, created_at, id);


--
-- Name: signal_classifications_class; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX signal_classifications_class ON public.signal_classifications USING btree (classification, "time", id);


--
-- Name: signal_embeddings_conversation; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX signal_embeddings_conversation ON public.signal_embeddings USING btree (conversation_id, "time");


--
-- Name: signal_embeddings_not_indexed; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX signal_embeddings_not_indexed ON public.signal_embeddings USING btree ("time", id) WHERE (NOT indexed);


--
-- Name: signal_rollup_1h_bucket; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX signal_rollup_1h_bucket ON public.signal_rollup_1h USING btree (bucket);


--
-- Name: signal_rollup_5m_bucket; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX signal_rollup_5m_bucket ON public.signal_rollup_5m USING btree (bucket);


--
-- Name: signals_conversation; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX signals_conversation ON public.signals USING btree (conversation_id, "time", id) INCLUDE (signal_source, signal_score, emotional_tone, escalate_flag);


--
-- Name: signals_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX signals_user ON public.signals USING btree (user_id, "time") INCLUDE (conversation_id) WHERE (user_id IS NOT NULL);


--
-- Name: users_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX users_created ON public.users USING btree (created_at, id);


--
-- Name: users_username_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX users_username_key ON public.users USING btree (lower(username));


--
-- Name: conversations conversations_deleted; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER conversations_deleted AFTER DELETE ON public.conversations REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION public.conversations_deleted();


--
-- Name: conversations conversations_inserted; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER conversations_inserted AFTER INSERT ON public.conversations REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.conversations_inserted();


--
-- Name: signal_embeddings embeddings_gone; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER embeddings_gone AFTER DELETE ON public.signal_embeddings REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION public.embeddings_gone();


--
-- Name: deleted_signals embeddings_of_signals_gone; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER embeddings_of_signals_gone AFTER DELETE ON public.deleted_signals REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION public.embeddings_of_signals_gone();


--
-- Name: signals signals_deleted; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER signals_deleted AFTER DELETE ON public.signals REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT WHEN ((current_setting('coherence.ageing'::text, true) IS DISTINCT FROM 'on'::text)) EXECUTE FUNCTION public.signals_deleted();


--
-- Name: signals signals_inserted; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER signals_inserted AFTER INSERT ON public.signals REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.signals_inserted();


--
-- Name: signals signals_refuse_aged_insert; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER signals_refuse_aged_insert AFTER INSERT ON public.signals REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.signals_refuse_aged();


--
-- Name: signals signals_refuse_aged_update; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER signals_refuse_aged_update AFTER UPDATE ON public.signals REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.signals_refuse_aged();


--
-- Name: signals signals_updated; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER signals_updated AFTER UPDATE ON public.signals REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.signals_updated();


--
-- Name: signals signals_were_deleted; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER signals_were_deleted AFTER DELETE ON public.signals REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT WHEN ((current_setting('coherence.ageing'::text, true) IS DISTINCT FROM 'on'::text)) EXECUTE FUNCTION public.signals_were_deleted();


--
-- Name: signals signals_were_inserted; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER signals_were_inserted AFTER INSERT ON public.signals REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.signals_were_inserted();


--
-- Name: signals signals_were_updated; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER signals_were_updated AFTER UPDATE ON public.signals REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.signals_were_updated();


--
-- Name: users users_encrypt; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER users_encrypt BEFORE INSERT OR UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION public.users_encrypt();


--
-- Name: anomalies anomalies_conversation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.anomalies
    ADD CONSTRAINT anomalies_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;


--
-- Name: api_keys api_keys_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;


--
-- Name: classification_rollup_1h classification_rollup_1h_conversation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.classification_rollup_1h
    ADD CONSTRAINT classification_rollup_1h_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;


--
-- Name: classification_rollup_5m classification_rollup_5m_conversation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.classification_rollup_5m
    ADD CONSTRAINT classification_rollup_5m_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;


--
-- Name: conversation_activity conversation_activity_conversation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.conversation_activity
    ADD CONSTRAINT conversation_activity_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;


--
-- Name: conversation_coaches conversation_coaches_conversation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.conversation_coaches
    ADD CONSTRAINT conversation_coaches_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;


--
-- Name: conversation_coaches conversation_coaches_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.conversation_coaches
    ADD CONSTRAINT conversation_coaches_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;


--
-- Name: conversation_shares conversation_shares_conversation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.conversation_shares
    ADD CONSTRAINT conversation_shares_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;


--
-- Name: conversations conversations_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT conversations_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;


--
-- Name: delivered_signals delivered_signals_conversation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.delivered_signals
    ADD CONSTRAINT delivered_signals_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;


--
-- Name: identities identities_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.identities
    ADD CONSTRAINT identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;


--
-- Name: messages messages_conversation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;


--
-- Name: sessions sessions_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;


--
-- Name: shift_progress shift_progress_conversation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.shift_progress
    ADD CONSTRAINT shift_progress_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;


--
-- Name: signals signals_conversation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.signals
    ADD CONSTRAINT signals_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;


--
-- PostgreSQL database dump complete
--

\unrestrict Vp7sdJJzQw8MdJfZP4l1lmDHc1Yto6T88NLZ1fKRM2dp8FVzQ64q3ZLKWqPbnng

