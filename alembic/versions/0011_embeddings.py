"""Embeddings of signals: what is searched by meaning.

The table is the same whatever the server can do: pgvector's index lies over an expression on `embedding`, and is made
where the extension is (app/vectors/postgres.py). Writers only say that signals have come (signal_arrivals); who deals
with those hands them on to embedding_arrivals, so that neither ingestion nor classes wait for an embedder.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# No foreign key: rows of a hypertable cannot be referenced, and who deletes signals deletes these (below).
EMBEDDINGS = """
CREATE TABLE signal_embeddings (
    time timestamptz NOT NULL,
    id bigint NOT NULL,
    conversation_id uuid NOT NULL,
    space text NOT NULL,
    given boolean NOT NULL,
    indexed boolean NOT NULL,
    embedding real[] NOT NULL,
    PRIMARY KEY (time, id)
)
"""

# What producers have sent, until it is dealt with: an index would hold up who stores signals.
GIVEN = """
CREATE TABLE given_embeddings (
    time timestamptz NOT NULL,
    id bigint NOT NULL,
    embedding real[] NOT NULL,
    PRIMARY KEY (time, id)
)
"""

ARRIVALS = """
CREATE TABLE embedding_arrivals (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    times timestamptz[] NOT NULL,
    ids bigint[] NOT NULL
)
"""

DEPARTURES = """
CREATE TABLE embedding_departures (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    times timestamptz[] NOT NULL,
    ids bigint[] NOT NULL
)
"""

INDEXES = (
    "CREATE INDEX signal_embeddings_conversation ON signal_embeddings (conversation_id, time)",
    "CREATE INDEX signal_embeddings_not_indexed ON signal_embeddings (time, id) WHERE NOT indexed",
)

# Of signals that are no more: one that was changed is in deleted_signals as well, and keeps its own until it is looked
# at again. That table is emptied by every statement that deletes signals, on any edition (0005).
SIGNALS_GONE = """
CREATE FUNCTION embeddings_of_signals_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM signal_embeddings e USING old_rows t WHERE e.time = t.time AND e.id = t.id
        AND NOT EXISTS (SELECT FROM signals s WHERE s.time = t.time AND s.id = t.id);
    DELETE FROM given_embeddings g USING old_rows t WHERE g.time = t.time AND g.id = t.id
        AND NOT EXISTS (SELECT FROM signals s WHERE s.time = t.time AND s.id = t.id);
    RETURN NULL;
END
$$
"""

# For an index elsewhere, which is told of it later.
EMBEDDINGS_GONE = """
CREATE FUNCTION embeddings_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO embedding_departures (times, ids)
    SELECT array_agg(time), array_agg(id) FROM old_rows HAVING count(*) > 0;
    RETURN NULL;
END
$$
"""

TRIGGERS = (
    ("embeddings_of_signals_gone", "deleted_signals"),
    ("embeddings_gone", "signal_embeddings"),
)

PGVECTOR = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') THEN
        CREATE EXTENSION IF NOT EXISTS vector;
    END IF;
END
$$
"""


def upgrade() -> None:
    for table in (EMBEDDINGS, GIVEN, ARRIVALS, DEPARTURES):
        op.execute(table)
    # Floats hardly compress, and trying takes longer than writing them.
    for table in ("signal_embeddings", "given_embeddings"):
        op.execute(f"ALTER TABLE {table} ALTER embedding SET STORAGE EXTERNAL")
    for index in INDEXES:
        op.execute(index)
    for function in (SIGNALS_GONE, EMBEDDINGS_GONE):
        op.execute(function)
    for name, table in TRIGGERS:
        op.execute(
            f"CREATE TRIGGER {name} AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )
    op.execute(PGVECTOR)


def downgrade() -> None:
    # The extension stays: it may be somebody else's too.
    op.execute("DROP TRIGGER embeddings_of_signals_gone ON deleted_signals")
    op.execute("DROP TABLE signal_embeddings, given_embeddings, embedding_arrivals, embedding_departures")
    op.execute("DROP FUNCTION embeddings_of_signals_gone, embeddings_gone")
