"""The coach's questions and answers are messages without a signal.

Until now each was recorded as a signal of the conversation that it is about, and counted in its drift. Those signals go
as if by `deleteSignals`: the triggers of signals count rollups, activity and classes anew and take vectors and
embeddings along, and say where signals have gone, so that anomalies are looked for anew.

What createMessage has stored stays. The two are told apart by what they hold (docs/messages.md):

* An answer cites: each of its citations has exactly the keys that the coach writes, and its mark stands in the text; or it
  is the one sentence that the coach says where nothing fits the question.
* A question is the message of a USER that comes before its answer, and has nothing but a text.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NOTHING = "No language model is set up, and nothing that is stored of the conversation shares a word with the question."
"""What the coach said then; it may say something else today."""

FOUND = """
CREATE TEMP TABLE coach_messages ON COMMIT DROP AS
SELECT id, conversation_id, created_at, citations, true AS needs_question FROM messages WHERE false
"""

# CASE keeps the order: what somebody has given as citations may be any JSON.
CITES = """
    jsonb_typeof(m.citations) = 'array' AND m.citations <> '[]' AND NOT EXISTS (
        SELECT FROM jsonb_array_elements(CASE jsonb_typeof(m.citations) WHEN 'array' THEN m.citations ELSE '[]' END) c
        WHERE (CASE WHEN jsonb_typeof(c) = 'object' THEN
            c ?& ARRAY['number', 'at', 'type', 'id', 'start', 'end', 'quote']
            AND c - ARRAY['number', 'at', 'type', 'id', 'start', 'end', 'quote'] = '{}'
            AND jsonb_typeof(c -> 'at') = 'number' AND c ->> 'type' IN ('Message', 'Signal')
            AND jsonb_typeof(c -> 'id') = 'string' AND jsonb_typeof(c -> 'quote') = 'string'
            AND strpos(m.content, '[' || (c ->> 'number') || ']') > 0
            AND CASE WHEN jsonb_typeof(c -> 'start') = 'number' AND jsonb_typeof(c -> 'end') = 'number' THEN
                (c ->> 'end')::numeric - (c ->> 'start')::numeric = char_length(c ->> 'quote') END
        END) IS NOT TRUE
    )
"""

# Of what an earlier downgrade has left (below) nothing has to be guessed.
ANSWERS = f"""
INSERT INTO coach_messages
SELECT id, conversation_id, created_at, citations, signal_id > 0 FROM messages m
WHERE signal_id < 0 OR (role = 'ASSISTANT' AND domains = '{{}}' AND (
    (content = '{NOTHING}' AND citations = '[]' AND input_tokens IS NULL AND output_tokens IS NULL AND cost_usd IS NULL)
    OR ({CITES})))
"""

# One answer after the other: where several were being written at once, each has a question of its own. An answer took two
# minutes at most by default, and it never cites its own question.
QUESTIONS = """
DO $do$
DECLARE
    answer record;
BEGIN
    FOR answer IN SELECT * FROM coach_messages WHERE needs_question ORDER BY id LOOP
        INSERT INTO coach_messages
        SELECT m.id, m.conversation_id, m.created_at, m.citations, false FROM messages m
        WHERE m.conversation_id = answer.conversation_id AND m.role = 'USER' AND m.id < answer.id
            AND m.created_at <= answer.created_at AND m.created_at > answer.created_at - interval '10 minutes'
            AND m.citations = '[]' AND m.domains = '{}'
            AND m.input_tokens IS NULL AND m.output_tokens IS NULL AND m.cost_usd IS NULL
            AND NOT EXISTS (SELECT FROM coach_messages c WHERE c.id = m.id)
            AND NOT answer.citations @> jsonb_build_array(jsonb_build_object(
                'id', encode(convert_to('Message:' || m.id, 'UTF8'), 'base64')))
        ORDER BY m.id DESC LIMIT 1;
    END LOOP;
END
$do$
"""

# As who deletes signals does (app/signals/ingest.py): conversations first, in one order.
LOCK = """
DO $do$
BEGIN
    PERFORM FROM conversations WHERE id IN (SELECT conversation_id FROM coach_messages) ORDER BY id FOR NO KEY UPDATE;
END
$do$
"""

# A columnstore unpacks only what a statement names by values, and may unpack much in all. Where there is none, neither is
# the setting.
UNPACK = """
SELECT set_config(name, '0', true) FROM pg_settings
WHERE name = 'timescaledb.max_tuples_decompressed_per_dml_transaction'
"""
DELETE = """
DO $do$
DECLARE
    gone record;
BEGIN
    FOR gone IN
        SELECT m.conversation_id, m.signal_time, m.signal_id FROM messages m JOIN coach_messages c ON c.id = m.id
        WHERE m.signal_id > 0 ORDER BY m.conversation_id, m.signal_time
    LOOP
        EXECUTE 'DELETE FROM signals WHERE conversation_id = $1 AND time = $2 AND id = $3'
            USING gone.conversation_id, gone.signal_time, gone.signal_id;
    END LOOP;
END
$do$
"""

NULLABLE = "ALTER TABLE messages ALTER signal_time DROP NOT NULL, ALTER signal_id DROP NOT NULL"
FORGET = """
UPDATE messages m SET signal_time = NULL, signal_id = NULL FROM coach_messages c WHERE c.id = m.id
"""
BOTH = """
ALTER TABLE messages ADD CONSTRAINT messages_signal_check CHECK ((signal_time IS NULL) = (signal_id IS NULL))
"""

# The version before takes a message whose signal is not there for one whose signal has aged. No signal has such an id.
NAME = "UPDATE messages SET signal_time = created_at, signal_id = -id WHERE signal_id IS NULL"


def upgrade() -> None:
    # Signals first, and `messages` last: whoever writes a message stores its signal before it.
    for statement in (FOUND, ANSWERS, QUESTIONS, LOCK, UNPACK, DELETE, NULLABLE, FORGET, BOTH):
        op.execute(statement)
    op.execute("DROP TABLE coach_messages")


def downgrade() -> None:
    op.execute("ALTER TABLE messages DROP CONSTRAINT messages_signal_check")
    op.execute(NAME)
    op.execute("ALTER TABLE messages ALTER signal_time SET NOT NULL, ALTER signal_id SET NOT NULL")
