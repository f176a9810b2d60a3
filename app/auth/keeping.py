"""When sessions and keys were last used; and what has expired is cleared away."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, text

from app.auth.models import Session
from app.auth.viewer import Means
from app.database.engine import Database

# In one order, so that servers that write at once do not wait in a circle.
# A key's first use of a day (UTC) is noted, and no other.
_KEYS = text(
    """
    WITH used AS (
        UPDATE api_keys k SET last_used_at = greatest(k.last_used_at, u.time)
        FROM (SELECT id, time, last_used_at
              FROM unnest(cast(:ids AS uuid[]), cast(:times AS timestamptz[])) AS v (id, time)
              JOIN api_keys USING (id) ORDER BY id FOR UPDATE OF api_keys) u
        WHERE k.id = u.id
        RETURNING k.id, k.user_id, u.time, u.last_used_at AS before
    )
    INSERT INTO audit_log (time, actor, action, subject)
    SELECT time, coalesce('user:' || user_id, 'key:' || id), 'key used', 'key:' || id FROM used
    WHERE before IS NULL OR date_trunc('day', time, 'UTC') > date_trunc('day', before, 'UTC')
    """
)
_SESSIONS = text(
    """
    UPDATE sessions s SET last_seen_at = greatest(s.last_seen_at, u.time),
        idle_expires_at = greatest(s.idle_expires_at, u.time + cast(:idle AS interval))
    FROM (SELECT id, time FROM unnest(cast(:ids AS uuid[]), cast(:times AS timestamptz[])) AS v (id, time)
          JOIN sessions USING (id) ORDER BY id FOR UPDATE OF sessions) u
    WHERE s.id = u.id
    """
)


async def keep(database: Database, used: Mapping[UUID, tuple[Means, datetime]], idle: timedelta) -> None:
    """`used`: by id of a session or key, when."""
    for means, statement in ((Means.KEY, _KEYS), (Means.SESSION, _SESSIONS)):
        times = {key: time for key, (kind, time) in used.items() if kind is means}
        if times:
            given = {"ids": list(times), "times": list(times.values())}
            async with database.steps() as connection:
                await connection.execute(
                    statement, given | ({"idle": idle} if means is Means.SESSION else {})
                )


async def forget(database: Database) -> None:
    """Sessions that have expired: nobody can come back with them."""
    async with database.steps() as connection:
        await connection.execute(
            delete(Session).where(func.least(Session.idle_expires_at, Session.expires_at) < func.now())
        )
