"""Who signs in, and how: identities at providers, sessions, API keys; and the log of what was done."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

IDENTITIES = """
CREATE TABLE identities (
    provider text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, subject)
)
"""

# A token is 256 bits of chance: its plain SHA-256 can be looked up, and tells nobody the token.
SESSIONS = """
CREATE TABLE sessions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    provider text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    idle_expires_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    address text,
    user_agent text
)
"""

API_KEYS = """
CREATE TABLE api_keys (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    prefix text NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0 AND scopes <@ '{INGEST,READ,ADMIN}'),
    user_id uuid REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
)
"""

# No references: it tells of what is no longer there.
AUDIT_LOG = """
CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}'
)
"""

STATEMENTS = (
    IDENTITIES,
    "CREATE INDEX identities_user ON identities (user_id)",
    SESSIONS,
    "CREATE INDEX sessions_user ON sessions (user_id, created_at, id)",
    "CREATE INDEX sessions_age ON sessions (least(idle_expires_at, expires_at))",
    API_KEYS,
    "CREATE INDEX api_keys_user ON api_keys (user_id)",
    AUDIT_LOG,
    "CREATE INDEX audit_log_time ON audit_log (time)",
    "CREATE INDEX audit_log_subject ON audit_log (subject, time)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE audit_log, api_keys, sessions, identities")
