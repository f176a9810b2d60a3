"""All tables, for those who need to see them together: migrations and their test."""

from app.anomalies import models as anomalies
from app.auth import models as auth
from app.conversations import models as conversations
from app.database.base import Table
from app.dead_letters import models as dead_letters
from app.messages import models as messages
from app.signals import models as signals
from app.signals.consumers import models as consumers
from app.signals.importers import models as importers
from app.users import models as users
from app.vectors import models as vectors

__all__ = [
    "anomalies",
    "auth",
    "consumers",
    "conversations",
    "dead_letters",
    "importers",
    "messages",
    "metadata",
    "signals",
    "users",
    "vectors",
]

metadata = Table.metadata
