"""One name in several Unicode forms is one name.

Usernames and e-mail addresses are compared, and searches look, in one form of a text: NFKC, case-folded. The name of a
conversation (contextWindowId) is stored in NFC.
"""

import logging

from sqlalchemy import text

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

logger = logging.getLogger("app.database.migrations")

# Whatever the database's own collation does. PostgreSQL before 18 knows no case folding: final sigma and sharp s are
# what its lower() leaves.
FOLDED = """
DO $do$
BEGIN
    EXECUTE 'CREATE FUNCTION folded_text(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN '
        || CASE WHEN current_setting('server_version_num')::integer >= 180000
        THEN 'normalize(casefold(normalize(value, NFKC) COLLATE pg_unicode_fast), NFKC)'
        ELSE $$normalize(replace(translate(lower(normalize(value, NFKC) COLLATE "und-x-icu"), U&'\\03C2', U&'\\03C3'),
            U&'\\00DF', 'ss'), NFKC)$$
        END;
END
$do$
"""

# Users whose names have become one stay as they are: `namesake` tells them apart, and is 0 for all that come.
NAMESAKES = """
UPDATE users SET namesake = n - 1
FROM (
    SELECT id AS of, row_number() OVER (PARTITION BY folded_text(username) ORDER BY created_at, id) AS n FROM users
) numbered WHERE id = of AND n > 1
"""

ENCRYPT = """
CREATE OR REPLACE FUNCTION users_encrypt() RETURNS trigger LANGUAGE plpgsql AS $$
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
            convert_to({form}(plain), 'UTF8'),
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

# Of several forms of a name that nobody has in NFC, the oldest conversation's becomes it.
CONVERSATIONS = """
UPDATE conversations SET context_window_id = form
FROM (
    SELECT DISTINCT ON (normalize(context_window_id, NFC)) id AS of, normalize(context_window_id, NFC) AS form
    FROM conversations WHERE context_window_id IS NOT NFC NORMALIZED
    ORDER BY normalize(context_window_id, NFC), started_at, id
) other
WHERE id = of AND NOT EXISTS (SELECT FROM conversations taken WHERE taken.context_window_id = form)
"""
DEAD_LETTERS = """
UPDATE dead_letters SET conversation = normalize(conversation, NFC) WHERE conversation IS NOT NFC NORMALIZED
"""

LEFT = text("""
SELECT id, context_window_id FROM conversations WHERE context_window_id IS NOT NFC NORMALIZED ORDER BY started_at, id
""")
SAME = text("SELECT id FROM users WHERE namesake > 0 ORDER BY created_at, id")


def upgrade() -> None:
    op.execute(FOLDED)
    op.execute("ALTER TABLE users ADD namesake integer NOT NULL DEFAULT 0")
    op.execute(NAMESAKES)
    op.execute("DROP INDEX users_username_key")
    op.execute("CREATE UNIQUE INDEX users_username_key ON users (folded_text(username), namesake)")
    op.execute(ENCRYPT.format(form="folded_text"))
    op.execute(CONVERSATIONS)
    op.execute(DEAD_LETTERS)
    if not op.get_context().as_sql:
        tell()


def tell() -> None:
    """What has kept a form that no request can name any more. Names of users are personal data, and not told."""
    for row in op.get_bind().execute(LEFT):
        logger.warning(
            "conversation %s keeps its contextWindowId %s: another one has that name in NFC, and gets what is sent to it",
            row.id,
            ascii(row.context_window_id),
        )
    for row in op.get_bind().execute(SAME):
        logger.warning("user %s has the username of an older user, in another Unicode form", row.id)


def downgrade() -> None:
    """Names stay in NFC, which the version before takes for what they are."""
    op.execute(ENCRYPT.format(form="lower"))
    op.execute("DROP INDEX users_username_key")
    op.execute("CREATE UNIQUE INDEX users_username_key ON users (lower(username))")
    op.execute("ALTER TABLE users DROP namesake")
    op.execute("DROP FUNCTION folded_text")
