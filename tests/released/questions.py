"""What a database of an earlier version is asked before and after it is upgraded: each with its variables."""

from collections.abc import Callable
from typing import Any

type Variables = Callable[[dict[str, Any]], dict[str, Any]]

_SIGNAL = """
    id timestamp receivedAt contextWindowId userId agentId signalSource signalScore emotionalTone escalateFlag rawContent
    payload classification signalVector
"""
_MESSAGE = """
    id role content citations domains feedbackScore inputTokens outputTokens costUsd createdAt signal { id rawContent }
"""
_ALL_TIME = '{start: "2000-01-01T00:00:00Z", end: "2100-01-01T00:00:00Z"}'
_COHERENCE = f"""
    coherence(window: "1h", range: {_ALL_TIME}) {{
        coherenceScoreCurrent coherenceScoreTrend baseline level totalSignalCount sourceDiversity
        timeRangeStart timeRangeEnd signalSources {{ source count }}
        driftMetrics {{ windowStart windowEnd signalCount mean variance driftScore level semanticDrift }}
    }}
"""
_CONVERSATION = f"""
    id contextWindowId agentId title status startedAt endedAt updatedAt lastSignalAt signalCount contextMetadata
    coherenceScoreCurrent coherenceScoreTrend shareEnabled shareToken user {{ id username }}
    {_COHERENCE}
    lineage {{ fromSource toSource count }}
    anomalies {{ edges {{ node {{ id kind userId startedAt endedAt eventCount details }} cursor }} }}
"""


def _nothing(_: dict[str, Any]) -> dict[str, Any]:
    return {}


QUESTIONS: dict[str, tuple[str, Variables]] = {
    "users": (
        """{ users { totalCount edges { cursor node {
            id username name role isActive createdAt updatedAt lastLoginAt
            personalInformation { email phone address } conversations { totalCount edges { cursor } }
        } } } }""",
        _nothing,
    ),
    "conversations": (
        f"{{ conversations {{ totalCount edges {{ cursor node {{ {_CONVERSATION} }} }} }} }}",
        _nothing,
    ),
    "hidden": (
        f"{{ conversations(filter: {{status: DELETED}}) {{ edges {{ cursor node {{ {_CONVERSATION} }} }} }} }}",
        _nothing,
    ),
    "messages": (
        f"""query($c: ID!) {{ conversation(by: {{id: $c}}) {{
            messages {{ totalCount edges {{ cursor node {{ {_MESSAGE} }} }} }}
        }} }}""",
        lambda given: {"c": given["conversations"]["lesson"]},
    ),
    "signals": (
        f"""query($ids: [ID!]!) {{
            signals(first: 60) {{ totalCount edges {{ cursor node {{ {_SIGNAL} }} }} }}
            newest: signals(last: 10) {{ edges {{ cursor node {{ {_SIGNAL} }} }} }}
            nodes(ids: $ids) {{ ... on Signal {{ id signalScore }} }}
        }}""",
        lambda given: {"ids": given["signals"]},
    ),
    "following pages": (
        """query($s: String!, $c: String!) {
            signals(first: 5, after: $s) { pageInfo { hasNextPage hasPreviousPage } edges { node { id } } }
            conversations(first: 2, after: $c) { edges { node { id } } }
        }""",
        lambda given: {"s": given["afterSignal"], "c": given["afterConversation"]},
    ),
    "everything": (
        f"""{{ {_COHERENCE}
            signalSummary {{ totalCount classifications {{ classification count }} sources {{ source count }} }}
            signalBuckets(duration: "1h") {{ bucket signalSource agentId avgSignalScore avgEmotionalTone totalCount }}
            anomalies {{ totalCount edges {{ cursor node {{ id kind userId startedAt endedAt eventCount details }} }} }}
            feedbackSummary {{ positive negative }}
            messageBuckets {{ bucket messageCount }}
        }}""",
        _nothing,
    ),
    "by meaning": (
        '{ searchSignals(text: "an essay about rivers", contextWindowId: "guide") { similarity signal { id } } }',
        _nothing,
    ),
    "shared": (
        "query($t: String!) { conversation(by: {shareToken: $t}) { contextWindowId title signalCount } }",
        lambda given: {"t": given["shareToken"]},
    ),
    "means of access": (
        """query($u: ID!) {
            apiKeys { id name prefix scopes userId createdAt expiresAt revokedAt }
            sessions(userId: $u) { id userId provider createdAt expiresAt address userAgent }
        }""",
        lambda given: {"u": given["users"]["ada"]},
    ),
}
