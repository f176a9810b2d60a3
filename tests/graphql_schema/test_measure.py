"""The size of a document, measured with each fragment once, is that of the document written out in full."""

from collections import Counter

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, get_named_type, parse
from hypothesis import given
from hypothesis import strategies as st

from graphql_schema.limits import Size, measure
from graphql_schema.schema import build_schema

SCHEMA = build_schema()._schema
PAGES = {"users": 20, "conversations": 20, "signals": 50}
OBJECTS = {"user", "conversation"}


@st.composite
def documents(draw):
    """A document whose fragments spread only later ones, on types where they may stand."""
    kinds = [
        "Query",
        *draw(st.lists(st.sampled_from(["Query", "User", "Conversation", "Signal"]), max_size=5)),
    ]

    def selection(kind, index, depth):
        parts = []
        for _ in range(draw(st.integers(1, 3))):
            alias = draw(st.sampled_from(["", "", "x: "]))
            choice = draw(st.integers(0, 4))
            spreads = [i for i in range(index + 1, len(kinds)) if kinds[i] == kind]
            if choice <= 1 and spreads:
                parts.append(f"...f{draw(st.sampled_from(spreads))}")
            elif choice == 2:
                parts.append(
                    f"... on {kind} {{ {selection(kind, index, depth)} }}" if depth else "__typename"
                )
            elif choice == 3 and depth:
                parts.append(alias + connection(kind, index, depth - 1))
            else:
                parts.append(alias + "__typename")
        return " ".join(parts)

    def connection(kind, index, depth):
        field, below = {
            "Query": ("users", "User"),
            "User": ("conversations", "Conversation"),
            "Conversation": ("signals", "Signal"),
            "Signal": ("conversation", "Conversation"),
        }[kind]
        inner = selection(below, index, depth)
        if field == "conversation":
            return f"conversation {{ {inner} }}"
        size = draw(
            st.sampled_from(["", "(first: 3)", "(last: 0)", "(first: $n)", "(first: $d)", "(first: 99999)"])
        )
        return f"{field}{size} {{ edges {{ node {{ {inner} }} }} }}"

    head = f"query Q($n: Int, $d: Int = 7) {{ {selection('Query', 0, 3)} }}"
    rest = [f"fragment f{i} on {kinds[i]} {{ {selection(kinds[i], i, 2)} }}" for i in range(1, len(kinds))]
    return " ".join([head, *rest])


def naive(document, variables):
    """(depth, aliases, fields, rows) by writing every spread out."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    counts = Counter()

    def walk(selection_set, depth):
        """Rows of one object with this selection."""
        rows = 0
        for node in selection_set.selections if selection_set else ():
            if isinstance(node, FragmentSpreadNode):
                rows += walk(fragments[node.name.value].selection_set, depth)
            elif not isinstance(node, FieldNode):
                rows += walk(node.selection_set, depth)
            else:
                counts["fields"] += 1
                counts["aliases"] += bool(node.alias)
                counts["depth"] = max(counts["depth"], depth + 1)
                below = walk(node.selection_set, depth + 1)
                rows += times(node) * below + price(node)
        return rows

    def times(node):
        name = node.name.value
        if name not in PAGES:
            return 1
        for argument in node.arguments or ():
            value = argument.value
            size = (
                variables.get(value.name.value, {"n": None, "d": 7}[value.name.value])
                if value.kind == "variable"
                else int(value.value)
            )
            if size is not None:
                return min(size, 1000 if name == "signals" else 100)
        return PAGES[name]

    def price(node):
        name = node.name.value
        return times(node) if name in PAGES else int(name in OBJECTS)

    rows = walk(document.definitions[0].selection_set, 0)
    return counts["depth"], counts["aliases"], counts["fields"], rows


@given(documents(), st.sampled_from([{}, {"n": 2}, {"d": 2, "n": None}, {"d": None}]))
def test_measuring_once_equals_writing_out(text, variables):
    document = parse(text)
    size = measure(SCHEMA, document, "Q", variables)
    assert (size.depth, size.aliases, size.fields, size.rows) == naive(document, variables)


def test_an_operation_that_is_not_named_clearly_has_no_size():
    assert measure(SCHEMA, parse("query A { __typename } query B { __typename }"), None, {}) == Size()
    assert get_named_type(SCHEMA.query_type).name == "Query"
