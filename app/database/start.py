"""The database that the settings name: made ready, or refused with what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.database.embedded import EmbeddedPostgres
from app.settings import Settings


@contextmanager
def running(settings: Settings) -> Iterator[str]:
    """URL of the external database, or of the embedded one, which runs for as long as the block does."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
    else:
        # Beside what the workers need: commands, and whoever looks on.
        connections = 3 * settings.pool_size * settings.workers + 40
        with EmbeddedPostgres(settings.data_dir, {"max_connections": f"{max(connections, 100)}"}) as url:
            yield url
