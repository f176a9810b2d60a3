-- What PostGraphile has beside the tables.
DROP SCHEMA IF EXISTS graphile CASCADE;
CREATE SCHEMA graphile;

-- One typed mutation: a batch in one statement, which answers an object a signal.
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

-- One signal, by its conversation's name.
CREATE FUNCTION graphile.create_signal(
    context_window_id text, signal_source text, signal_score double precision, emotional_tone double precision,
    raw_content text
) RETURNS public.signals LANGUAGE sql VOLATILE AS $$
    INSERT INTO public.signals (time, conversation_id, signal_source, signal_score, emotional_tone, raw_content)
    SELECT now(), c.id, $2, $3, $4, $5 FROM public.conversations c
    WHERE c.context_window_id = $1 AND c.status <> 'DELETED'
    RETURNING *
$$;

-- A field of signals. It takes PostGraphile less time than to ask for the conversation.
CREATE FUNCTION graphile.signals_context_window_id(signal public.signals) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT context_window_id FROM public.conversations WHERE id = signal.conversation_id
$$;
COMMENT ON FUNCTION graphile.signals_context_window_id IS '@behavior +typeField -queryField';

-- A conversation's windows of 5 minutes, from the same rows as ours: fields of conversations.
CREATE TYPE graphile.drift_window AS (
    window_start timestamptz, signal_count integer, mean double precision, variance double precision,
    drift_score double precision
);
CREATE FUNCTION graphile.conversations_drift(
    conversation public.conversations, "start" timestamptz, "end" timestamptz
) RETURNS SETOF graphile.drift_window LANGUAGE sql STABLE AS $$
    SELECT bucket, n, mean, variance, CASE WHEN n > 1 THEN least(1, 4 * variance) END
    FROM (
        SELECT bucket, sum(n::float8)::integer AS n, sum(s1) / sum(n::float8) + 0.5 AS mean,
            greatest(0, sum(s2) / sum(n::float8) - (sum(s1) / sum(n::float8)) ^ 2) AS variance
        FROM public.signal_rollup_5m
        WHERE conversation_id = conversation.id AND bucket >= "start" AND bucket < "end"
        GROUP BY bucket
    ) sums ORDER BY bucket
$$;
COMMENT ON FUNCTION graphile.conversations_drift IS '@behavior +typeField +list -connection -queryField';

CREATE TYPE graphile.drift_series AS (
    window_start timestamptz[], signal_count integer[], mean double precision[], variance double precision[],
    drift_score double precision[]
);
CREATE FUNCTION graphile.conversations_series(
    conversation public.conversations, "start" timestamptz, "end" timestamptz
) RETURNS graphile.drift_series LANGUAGE sql STABLE AS $$
    SELECT array_agg(window_start), array_agg(signal_count), array_agg(mean), array_agg(variance),
        array_agg(drift_score)
    FROM graphile.conversations_drift(conversation, "start", "end")
$$;
COMMENT ON FUNCTION graphile.conversations_series IS '@behavior +typeField -queryField';
