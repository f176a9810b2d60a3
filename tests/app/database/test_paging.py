"""Whoever pages through a list, forward or backward, meets every row once and is told the truth about the ends."""

from bisect import bisect_left, bisect_right
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from app.auth.viewer import PROGRAM
from app.conversations import queries as conversations
from app.conversations.queries import ConversationFilter, ConversationOrder, ConversationOrderField
from app.database.engine import driver
from app.database.paging import Page
from app.signals import queries as signals
from app.signals.queries import SignalFilter

START = datetime(2026, 3, 2, tzinfo=UTC)
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
C = UUID(int=1)
# Many ties; the ids decide.
times = st.one_of(
    st.integers(0, 3).map(lambda n: START + timedelta(microseconds=n)), st.sampled_from((FIRST, LAST))
)
ids = st.integers(1, 40)
keys = st.tuples(times, ids)
lists = st.lists(keys, unique_by=lambda key: key[1], max_size=12)
sizes = st.lists(st.integers(1, 5), min_size=1, max_size=4)
INSERT = """
    INSERT INTO signals (time, id, conversation_id, signal_source, signal_score)
    SELECT t, n, $3, 'Slack', 0.5 FROM unnest($1::timestamptz[], $2::bigint[]) new (t, n)
"""


class Signals:
    """A list of signals: of all conversations, or of one."""

    def __init__(self, connection, parent=None):
        self.connection = connection
        self.parent = parent

    async def fill(self, rows):
        pg = await driver(self.connection)
        await pg.execute(
            "INSERT INTO conversations (id, context_window_id) VALUES ($1, 'c') ON CONFLICT DO NOTHING", C
        )
        await pg.execute(INSERT, [row[0] for row in rows], [row[1] for row in rows], C)

    async def page(self, page):
        if self.parent is None:
            found = await signals.page(self.connection, PROGRAM, SignalFilter(), page)
        else:
            pages = await signals.pages_of_conversations(
                self.connection, [self.parent, UUID(int=2)], SignalFilter(), page
            )
            assert pages[UUID(int=2)].rows == []
            found = pages[self.parent]
        return [(row.sort_value, row.id) for row in found.rows], found.has_previous, found.has_next


class Conversations:
    """A list of conversations in any order; LAST_SIGNAL_AT stands in `rows` as None where there is none."""

    def __init__(self, connection, order, parent=None):
        self.connection = connection
        self.order = order
        self.parent = parent

    async def fill(self, rows):
        pg = await driver(self.connection)
        await pg.execute(
            "INSERT INTO users (id, username, role) VALUES ($1, 'ada', 'COACH') ON CONFLICT DO NOTHING", C
        )
        started = self.order.field is ConversationOrderField.STARTED_AT
        await pg.executemany(
            "INSERT INTO conversations (id, context_window_id, user_id, started_at) VALUES ($1, $2, $3, $4)",
            [(UUID(int=n), str(n), C, t if started else START) for t, n in rows],
        )
        if not started:
            await pg.executemany(
                "INSERT INTO signals (time, conversation_id, signal_source, signal_score) VALUES ($1, $2, 'a', 0)",
                [(t, UUID(int=n)) for t, n in rows if t is not None],
            )

    async def page(self, page):
        page = Page(
            page.limit,
            page.backward,
            *(key and (key[0], UUID(int=key[1])) for key in (page.after, page.before)),
        )
        if self.parent is None:
            found = await conversations.page(self.connection, PROGRAM, ConversationFilter(), self.order, page)
        else:
            pages = await conversations.pages_of_users(
                self.connection, PROGRAM, [self.parent], ConversationFilter(), self.order, page
            )
            found = pages[self.parent]
        return [(row.sort_value, row.id.int) for row in found.rows], found.has_previous, found.has_next


def expected(rows, page):
    """Of the rows in order: the page, and whether rows lie before and behind it (metrics of a plain list)."""
    start = 0 if page.after is None else bisect_right(rows, page.after)
    end = len(rows) if page.before is None else bisect_left(rows, page.before)
    inside = rows[start:end] if start < end else []
    if page.backward:
        chosen = inside[len(inside) - page.limit :] if page.limit < len(inside) else inside
        previous = start > 0 or len(chosen) < len(inside)
        return chosen, previous, end < len(rows)
    chosen = inside[: page.limit]
    return chosen, start > 0, end < len(rows) or len(chosen) < len(inside)


@settings(max_examples=80)
@given(
    rows=lists,
    cursors=st.tuples(st.none() | keys, st.none() | keys),
    limit=st.integers(0, 4),
    backward=st.booleans(),
)
async def test_a_page_between_any_two_places_and_its_two_ends(database, rows, cursors, limit, backward):
    """The places need not be rows: what a cursor stood for may be gone."""
    async with database.engine.connect() as connection:
        page = Page(limit, backward, *cursors)
        for listing in (Signals(connection), Signals(connection, C)):
            if listing.parent is None:
                await listing.fill(rows)
            assert await listing.page(page) == expected(sorted(rows), page)
        await connection.rollback()


async def walk(listing, rows, steps, *, backward):
    """Every row that paging from one end meets, until it is told that there is no more."""
    met, place, turn = [], None, 0
    while True:
        limit = steps[turn % len(steps)]
        page = Page(limit, backward, *((None, place) if backward else (place, None)))
        found, has_previous, has_next = await listing.page(page)
        behind, ahead = (has_next, has_previous) if backward else (has_previous, has_next)
        assert behind == bool(met)
        met = found + met if backward else met + found
        assert ahead == (len(met) < len(rows))
        if not ahead:
            return met
        assert len(found) == limit
        place = found[0] if backward else found[-1]
        turn += 1


@settings(max_examples=50)
@given(rows=lists, steps=sizes)
async def test_walking_signals_either_way_meets_every_one_once(database, rows, steps):
    async with database.engine.connect() as connection:
        await Signals(connection).fill(rows)
        for listing in (Signals(connection), Signals(connection, C)):
            for backward in (False, True):
                assert await walk(listing, rows, steps, backward=backward) == sorted(rows)
        await connection.rollback()


@settings(max_examples=70)
@given(
    rows=st.lists(st.tuples(st.none() | times, ids), unique_by=lambda key: key[1], max_size=10),
    steps=sizes,
    field=st.sampled_from(ConversationOrderField),
    descending=st.booleans(),
)
async def test_walking_conversations_in_any_order_those_without_signals_last(
    database, rows, steps, field, descending
):
    if field is ConversationOrderField.STARTED_AT:
        rows = [(time or START, number) for time, number in rows]
    nothing = datetime.min.replace(tzinfo=UTC) if descending else LAST
    wanted = sorted(((time or nothing, number) for time, number in rows), reverse=descending)
    order = ConversationOrder(field, descending)
    async with database.engine.connect() as connection:
        await Conversations(connection, order).fill(rows)
        for listing in (Conversations(connection, order), Conversations(connection, order, C)):
            for backward in (False, True):
                assert await walk(listing, rows, steps, backward=backward) == wanted
        await connection.rollback()


@settings(max_examples=50)
@given(rows=lists, later=lists, size=st.integers(1, 3), backward=st.booleans())
async def test_rows_that_come_while_somebody_pages_move_nothing(database, rows, later, size, backward):
    """Rows that were there are met once each; of the new ones, those that lie ahead."""
    later = [row for row in later if row[1] not in {number for _, number in rows}]
    async with database.engine.connect() as connection:
        listing = Signals(connection)
        await listing.fill(rows)
        first, *ends = await listing.page(Page(size, backward))
        await listing.fill(later)
        everything = sorted(rows + later)
        if first:
            place = first[0] if backward else first[-1]
            page = Page(50, backward, *((None, place) if backward else (place, None)))
            rest, *ends = await listing.page(page)
            assert rest == [row for row in everything if (row < place if backward else row > place)]
            assert ends == ([False, True] if backward else [True, False])
        await connection.rollback()
