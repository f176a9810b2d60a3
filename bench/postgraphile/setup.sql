-- What PostGraphile makes one typed mutation of: a batch in one statement, which answers an object a signal.
DROP SCHEMA IF EXISTS graphile CASCADE;
CREATE SCHEMA graphile;
CREATE TYPE graphile.new_signal AS (
    context_window_id text, "time" timestamptz, user_id text, agent_id text, signal_source text,
    signal_score double precision, raw_content text, payload jsonb
);
CREATE TYPE graphile.stored_signal AS (id bigint, "time" timestamptz);
CREATE FUNCTION graphile.create_signals(signals graphile.new_signal[]) RETURNS SETOF graphile.stored_signal
LANGUAGE sql VOLATILE AS $$
    INSERT INTO public.signals
        (time, conversation_id, user_id, agent_id, signal_source, signal_score, raw_content, payload)
    SELECT s.time, c.id, s.user_id, s.agent_id, s.signal_source, s.signal_score, s.raw_content, s.payload
    FROM unnest(signals) s JOIN public.conversations c USING (context_window_id)
    RETURNING id, time
$$;
