"""What the API asks: opened and closed with the program."""

from dataclasses import dataclass

from app.anomalies.rapid_fire import Rule
from app.arrivals import Arrivals
from app.auth.service import Auth
from app.coach.endpoint import Endpoint
from app.coach.service import Coach
from app.conversations.service import Conversations
from app.database.engine import Database
from app.messages.service import Messages
from app.observability.statistics import Statistics
from app.rates import Rates
from app.realtime.bus import bus_of
from app.realtime.hub import Hub
from app.realtime.topics import Live
from app.settings import Settings
from app.signals.classify import Classifier, classifier
from app.signals.ingest import Signals
from app.users.encryption import Key, key_file
from app.users.service import Users
from app.vectors.service import Vectors


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    database: Database
    users: Users
    conversations: Conversations
    signals: Signals
    messages: Messages
    coach: Coach
    classifier: Classifier
    arrivals: Arrivals
    statistics: Statistics
    live: Live
    auth: Auth
    vectors: Vectors
    rates: Rates

    @classmethod
    def of(
        cls, settings: Settings, database: Database, key: str, statistics: Statistics | None = None
    ) -> "Services":
        """`key` is that of the personal data; `statistics` those of a server that has been counting before."""
        keywords = classifier(settings.keywords)
        rule = Rule(settings.rapid_fire_count, settings.rapid_fire_seconds)
        vectors = Vectors.of(settings, database)
        messages = Messages(database, settings.rules)
        held = Key(key, key_file(settings))
        bus = bus_of(settings.redis_url, database)
        return cls(
            settings,
            database,
            Users(database, held),
            Conversations(database, held),
            Signals(database, settings.rules, settings.ingest_patience, settings.max_ingests),
            messages,
            Coach(database, messages, Endpoint.of(settings), vectors, settings.coach_tokens),
            keywords,
            Arrivals(database, keywords, rule, settings.vectors != "off"),
            statistics or Statistics(),
            Live(Hub(database, bus, settings.look_again_seconds), database),
            Auth(database, settings),
            vectors,
            Rates(settings),
        )
