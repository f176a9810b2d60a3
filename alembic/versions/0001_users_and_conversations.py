"""Users, whose personal data a trigger encrypts, and conversations."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

USERS = """
CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    username text NOT NULL,
    name text,
    role text NOT NULL CHECK (role IN ('EDUCATOR', 'COACH', 'ADMIN')),
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    last_login_at timestamptz,
    email bytea,
    phone bytea,
    address bytea,
    email_index bytea CONSTRAINT users_email_index_key UNIQUE
)
"""

# One row: tells the right key from a wrong one without telling the key.
ENCRYPTION_KEY = """
CREATE TABLE encryption_key (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    fingerprint bytea NOT NULL
)
"""

FINGERPRINT = """
CREATE FUNCTION pgcrypto_key_fingerprint(key text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT
RETURN hmac('coherence fingerprint'::bytea, convert_to(key, 'UTF8'), 'sha256')
"""

# What is written to email, phone or address is plain text in UTF-8; what is stored is ciphertext.
# A transaction that writes one hands over the key by set_config('coherence.pgcrypto_key', $1, true).
ENCRYPT = """
CREATE FUNCTION users_encrypt() RETURNS trigger LANGUAGE plpgsql AS $$
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
$$
"""

CONVERSATIONS = """
CREATE TABLE conversations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    context_window_id text NOT NULL CONSTRAINT conversations_context_window_id_key UNIQUE,
    user_id uuid REFERENCES users ON DELETE CASCADE,
    agent_id text,
    title text,
    status text NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'ARCHIVED', 'DELETED')),
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    context_metadata jsonb NOT NULL DEFAULT '{}',
    coherence_score_current double precision CHECK (coherence_score_current BETWEEN 0 AND 1),
    coherence_score_trend double precision
)
"""

ACTIVITY = """
CREATE TABLE conversation_activity (
    conversation_id uuid PRIMARY KEY REFERENCES conversations ON DELETE CASCADE,
    signal_count bigint NOT NULL DEFAULT 0,
    last_signal_at timestamptz,
    last_received_at timestamptz
) WITH (fillfactor = 70)
"""

ACTIVITY_OF_NEW = """
CREATE FUNCTION conversations_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO conversation_activity (conversation_id) SELECT id FROM new_rows ORDER BY id;
    RETURN NULL;
END
$$
"""

STATEMENTS = (
    "CREATE EXTENSION IF NOT EXISTS pgcrypto",
    USERS,
    "CREATE UNIQUE INDEX users_username_key ON users (lower(username))",
    "CREATE INDEX users_created ON users (created_at, id)",
    ENCRYPTION_KEY,
    FINGERPRINT,
    ENCRYPT,
    """CREATE TRIGGER users_encrypt BEFORE INSERT OR UPDATE ON users
        FOR EACH ROW EXECUTE FUNCTION users_encrypt()""",
    CONVERSATIONS,
    "CREATE INDEX conversations_started ON conversations (started_at, id)",
    "CREATE INDEX conversations_user ON conversations (user_id, started_at, id)",
    ACTIVITY,
    """CREATE INDEX conversation_activity_last ON conversation_activity
        (coalesce(last_signal_at, '-infinity'::timestamptz), conversation_id)""",
    ACTIVITY_OF_NEW,
    """CREATE TRIGGER conversations_inserted AFTER INSERT ON conversations
        REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION conversations_inserted()""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """pgcrypto stays: others may use it."""
    op.execute("DROP TABLE conversation_activity, conversations, encryption_key, users")
    op.execute("DROP FUNCTION conversations_inserted, users_encrypt, pgcrypto_key_fingerprint")
