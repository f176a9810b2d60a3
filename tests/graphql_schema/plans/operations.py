"""Random operations over rows: most of them planned, some with a part that is not, some at fault."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

LEAVES = {
    "User": "id username name role isActive createdAt lastLoginAt updatedAt __typename",
    "Conversation": "id contextWindowId agentId title status startedAt endedAt updatedAt lastSignalAt signalCount"
    " contextMetadata coherenceScoreCurrent coherenceScoreTrend __typename",
    "Signal": "id timestamp receivedAt contextWindowId userId agentId signalSource signalScore emotionalTone"
    " escalateFlag rawContent payload relationshipContext diagnosticNotes __typename",
    "Message": "id role content citations domains feedbackScore inputTokens outputTokens costUsd createdAt"
    " __typename",
}
LISTS = {
    "User": {"conversations": "Conversation"},
    "Conversation": {"signals": "Signal", "messages": "Message"},
}
OTHERS = {
    "Conversation": {"user": "User"},
    "Signal": {"conversation": "Conversation", "message": "Message"},
    "Message": {"conversation": "Conversation", "signal": "Signal"},
}
UNPLANNED = {
    "Signal": "classification",
    "Conversation": "shareEnabled",
    "User": "personalInformation { email }",
}

FILTERS = {
    "User": ("{search: %s}", "{role: EDUCATOR}", "{isActive: true}", "{}", "null"),
    "Conversation": (
        "{search: %s}",
        "{status: DELETED}",
        "{status: ACTIVE}",
        "{agentId: %s}",
        "{userId: %i}",
        '{started: {start: "2026-01-01T00:00:00Z"}}',
        '{started: {start: "2027-01-01T00:00:00Z", end: "2026-01-01T00:00:00Z"}}',
        "{}",
    ),
    "Signal": (
        "{sources: [%s]}",
        "{userId: %s}",
        "{escalated: true}",
        "{minScore: 0.25, maxScore: 0.75}",
        '{range: {end: "2026-01-01T00:02:30.000001Z"}}',
        "{classification: NEUTRAL}",
        "{sources: []}",
    ),
}
METRIC = "windowStart windowEnd signalCount mean variance driftScore level coherenceTrend complete __typename"
COHERENCE = (
    "coherenceScoreCurrent",
    "coherenceScoreTrend",
    "baseline",
    "level",
    "sourceDiversity",
    "totalSignalCount",
    "timeRangeStart",
    "timeRangeEnd",
    "windowSec",
    "stepSec",
    "adjustments { sourceDiversity stability trend __typename }",
    "signalSources { source count }",
    "inputs { startTs source endTs }",
    "meta { method engineVersion }",
    f"driftMetrics {{ {METRIC} }}",
    "few: driftMetrics { level again: level }",
    "series { windowStart signalCount mean variance driftScore complete __typename }",
    "__typename",
)
WINDOWS = (
    "",
    '(window: "1s")',
    '(window: "1h")',
    '(window: "4s", step: "2s")',
    '(window: "3s", step: "2s")',
    '(window: "5m", range: {start: "2026-01-01T00:00:01Z", end: "2026-01-02T00:00:00Z"})',
    '(window: "5m", sources: [%s])',
    '(range: {start: "2030-01-01T00:00:00Z"})',
)
CURRENT = (
    "signalCount",
    "mean",
    "driftScore",
    "level",
    "since",
    "again: since",
    "inputs { source }",
    "__typename",
)
WORDS = ('"a1"', '"title"', '"%"', '"_"', '"learner"', '"\\u0000"', '""', '"é"')


NAMES = {"User": ("ann", "ANN", "nobody"), "Conversation": ("a1", "b1", "n1", "no")}
LEFT_OUT = object()
"""Among the values of a variable: that a request does not mention it."""


@dataclass
class Operations:
    """`ids`, `cursors` and `names` are some that there are, of all types and lists."""

    dice: Random
    ids: list[str]
    cursors: list[str]
    names: Mapping[str, Sequence[str]] = field(default_factory=NAMES.copy)
    windows: Sequence[str] = WINDOWS
    """Arguments of coherence."""
    fragments: list[str] = field(default_factory=list)
    variables: dict[str, tuple[str, Sequence[Any]]] = field(default_factory=dict)
    """By name: how it is declared, and values it may have."""

    def operation(self) -> tuple[str, list[dict[str, Any]]]:
        """A document, and variables of several requests for it."""
        self.fragments, self.variables = [], {}
        roots = " ".join(self.root() for _ in range(self.dice.choice((1, 1, 1, 2, 3))))
        declared = ", ".join(f"${name}: {kind}" for name, (kind, _) in self.variables.items())
        head = f"query({declared})" if declared else "query"
        requests = [self.given() for _ in range(3 if declared else 1)]
        return f"{head} {{ {roots} }} {' '.join(self.fragments)}", requests

    def given(self) -> dict[str, Any]:
        chosen = {name: self.dice.choice(values) for name, (_, values) in self.variables.items()}
        return {name: value for name, value in chosen.items() if value is not LEFT_OUT}

    def root(self) -> str:
        alias = f"r{self.dice.randrange(10**6)}: "
        kind = self.dice.choice(
            ("users", "conversations", "signals", "user", "conversation", "coherence", "node", "__typename")
        )
        if kind == "__typename":
            return alias + kind
        if kind == "node":
            named = self.id() if self.dice.random() < 0.5 else f'"{self.dice.choice(self.ids)}"'
            parts = [f"... on {name} {{ {self.object(name, 2)} }}" for name in ("User", "Conversation")]
            return f"{alias}node(id: {named}) {{ id __typename {' '.join(parts)} }}"
        if kind == "coherence":
            return alias + self.coherence()
        if kind in {"user", "conversation"}:
            type_name = kind.title()
            return f"{alias}{kind}(by: {self.by(type_name)}) {{ {self.object(type_name, 3)} }}"
        type_name = {"users": "User", "conversations": "Conversation", "signals": "Signal"}[kind]
        return alias + kind + self.connection(type_name, 3)

    def by(self, type_name: str) -> str:
        name = "username" if type_name == "User" else "contextWindowId"
        names = self.names[type_name]
        chance = self.dice.random()
        if chance < 0.3:
            return f'{{{name}: "{self.dice.choice(names)}"}}'
        if chance < 0.4:
            return f"{{{name}: {self.variable('String!', self.words())}}}"
        if chance < 0.7:
            return f"{{id: {self.id()}}}"
        return f'{{id: "{self.dice.choice(self.ids)}"}}'

    def id(self) -> str:
        return self.variable("ID!", self.ids)

    def words(self) -> Sequence[str]:
        """That may be cursors, names, or found in titles: whichever a variable is used as."""
        return (*(names[0] for names in self.names.values()), "b1", "x", *self.dice.sample(self.cursors, 2))

    def variable(self, kind: str, values: Sequence[Any]) -> str:
        """One of its own, or another use of one that there is."""
        able = [name for name, (declared, _) in self.variables.items() if declared in {kind, f"{kind}!"}]
        if able and self.dice.random() < 0.5:
            return f"${self.dice.choice(able)}"
        name = f"v{len(self.variables)}"
        self.variables[name] = kind, values
        return f"${name}"

    def word(self) -> str:
        """Of a filter: written out, or a variable."""
        if self.dice.random() < 0.6:
            return self.dice.choice(WORDS)
        return self.variable("String", (*self.words(), LEFT_OUT, None))

    def arguments(self, type_name: str) -> str:
        dice, given = self.dice, []
        chance = dice.random()
        if chance < 0.5:
            given.append(f"first: {dice.choice((0, 1, 2, 3, 100))}")
        elif chance < 0.8:
            given.append(f"last: {self.variable('Int', (1, 2, 3, 0, None, LEFT_OUT))}")
        elif chance < 0.81:
            given.append(dice.choice(("first: -1", "first: 100000", "first: 1, last: 1")))
        if dice.random() < 0.35:
            written = dice.random() < 0.5
            cursors = (*dice.sample(self.cursors, 3), LEFT_OUT, None)
            cursor = f'"{dice.choice(self.cursors)}"' if written else self.variable("String", cursors)
            given.append(f"{dice.choice(('after', 'before'))}: {cursor}")
        if type_name in FILTERS and dice.random() < 0.3:
            given.append(f"filter: {self.filter(dice.choice(FILTERS[type_name]))}")
        if type_name == "Conversation" and dice.random() < 0.3:
            order = dice.choice(("STARTED_AT", "STARTED_AT", "LAST_SIGNAL_AT"))
            given.append(f"orderBy: {{field: {order}, direction: {dice.choice(('ASC', 'DESC'))}}}")
        return f"({', '.join(given)})" if given else ""

    def filter(self, text: str) -> str:
        """With a word, a source or an id in its place."""
        if "%i" in text:
            return text.replace("%i", self.id())
        if "[%s]" in text:
            return text.replace("%s", self.variable("String!", self.words()))
        return text.replace("%s", self.word()) if "%s" in text else text

    def connection(self, type_name: str, depth: int) -> str:
        parts = [
            "edges { cursor node { %deep } }",
            "e2: edges { __typename node { %flat } }",
            "totalCount",
            "pageInfo { hasNextPage hasPreviousPage startCursor endCursor __typename }",
            "p2: pageInfo { hasNextPage }",
            "__typename",
        ]
        chosen = [part for part in parts if self.dice.random() < 0.45] or parts[:1]
        self.dice.shuffle(chosen)
        # Made once they are chosen: variables and fragments of nothing make a document invalid.
        for mark, below in (("%deep", depth), ("%flat", 0)):
            chosen = [
                part.replace(mark, self.object(type_name, below)) if mark in part else part for part in chosen
            ]
        return f"{self.arguments(type_name)} {{ {' '.join(chosen)} }}"

    def coherence(self) -> str:
        parts = self.dice.sample(COHERENCE, self.dice.randint(1, 4))
        arguments = self.filter(self.dice.choice(self.windows))
        rare = "series { semanticDrift }" if self.dice.random() < 0.02 else ""
        return f"coherence{arguments} {{ {' '.join(parts)} {rare} }}"

    def current(self) -> str:
        window = self.dice.choice(("", '(window: "366d")', '(window: "7d")', '(window: "421m")'))
        return f"current{window} {{ {' '.join(self.dice.sample(CURRENT, self.dice.randint(1, 4)))} }}"

    def object(self, type_name: str, depth: int) -> str:
        dice = self.dice
        leaves = LEAVES[type_name].split()
        parts = dice.sample(leaves, dice.randint(1, len(leaves)))
        parts += [f"x{dice.randrange(10**6)}: {dice.choice(leaves)}" for _ in range(dice.choice((0, 0, 2)))]
        if depth:
            for name, kind in LISTS.get(type_name, {}).items():
                if dice.random() < 0.4:
                    parts.append(f"l{dice.randrange(10**6)}: {name}{self.connection(kind, depth - 1)}")
            for name, kind in OTHERS.get(type_name, {}).items():
                if dice.random() < 0.06:
                    parts.append(f"{name} {{ {self.object(kind, depth - 1)} }}")
            if type_name in {"User", "Conversation"} and dice.random() < 0.15:
                parts.append(f"c{dice.randrange(10**6)}: {self.coherence()}")
            if type_name == "Conversation" and dice.random() < 0.15:
                parts.append(f"n{dice.randrange(10**6)}: {self.current()}")
            if dice.random() < 0.01 and type_name in UNPLANNED:
                parts.append(UNPLANNED[type_name])
        dice.shuffle(parts)
        return " ".join(self.wrapped(type_name, part) for part in parts)

    def wrapped(self, type_name: str, part: str) -> str:
        """As it stands, or in a fragment, or under a directive."""
        chance = self.dice.random()
        if chance < 0.04:
            return f"... on {type_name} {{ {part} }}"
        if chance < 0.08:
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {type_name} {{ {part} }}")
            return f"...{name}"
        if chance < 0.1:  # one that is spread elsewhere as well
            names = [text.split()[1] for text in self.fragments if text.split()[3] == type_name]
            return f"{part} ...{self.dice.choice(names)}" if names else part
        if chance < 0.14:
            value = self.variable("Boolean!", (True, False))
            return f"... @{self.dice.choice(('skip', 'include'))}(if: {value}) {{ {part} }}"
        return part
