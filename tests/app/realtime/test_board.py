"""Everybody reads at their own pace, ends with the newest, and makes nobody keep anything."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.realtime.board import Board, Reader

KEYS = st.integers(0, 5)
STEPS = st.lists(st.one_of(st.tuples(st.just("write"), KEYS), st.tuples(st.just("read"), st.integers(1, 4))))


async def read(reader, into):
    async for value in reader:
        into.append(value)


@given(STEPS, st.integers(1, 8))
def test_a_reader_sees_increasing_numbers_and_the_newest_of_each_key_last(steps, most):
    board = Board(most)
    written, seen, number = {}, [], 0
    for what, value in steps:
        if what == "write":
            board.write(value, (value, board.number + 1))
            written.pop(value, None)
            written[value] = board.number
        else:
            for (found, _), _ in zip(board.after(number), range(value), strict=False):
                seen.append(found)
                number = found
    seen += [found for found, _ in board.after(number)]
    assert seen == sorted(set(seen))
    kept = list(written.values())[-most:]
    assert seen[-len(kept) :] == kept or set(kept) <= set(seen)
    assert len(board._entries) <= most


@given(st.lists(st.lists(KEYS, max_size=5), max_size=10), st.integers(1, 3))
async def test_readers_of_several_boards_end_with_the_newest_of_each(bursts, boards):
    sources = [Board(10) for _ in range(boards)]
    seen = []
    with Reader() as reader:
        for board in sources:
            reader.follow(board)
        reading = asyncio.create_task(read(reader, seen))
        newest = {}
        for burst in bursts:
            for key in burst:
                board = sources[key % boards]
                board.write(key, (key, board.number + 1))
                newest[key] = board.number
            await asyncio.sleep(0)
        for board in sources:
            board.close()
        await reading
    assert dict(seen) == newest
    assert all(not board._readers for board in sources)


async def test_a_reader_begins_where_it_is_told_to():
    board = Board(10)
    for n in range(1, 6):
        board.write(n, n)
    board.close()
    for after, expected in ((0, [1, 2, 3, 4, 5]), (3, [4, 5]), (5, [])):
        seen = []
        with Reader() as reader:
            reader.follow(board, after)
            await read(reader, seen)
        assert seen == expected


async def test_what_is_rewritten_is_for_those_who_have_not_read_it():
    board, early, late = Board(), [], []
    with Reader() as first, Reader() as second:
        first.follow(board)
        board.write(None, "old")
        reading = asyncio.create_task(read(first, early))
        while not first.idle:  # noqa: ASYNC110
            await asyncio.sleep(0)
        board.rewrite(None, "new")
        second.follow(board)
        board.close()
        await asyncio.gather(reading, read(second, late))
    assert (early, late) == (["old"], ["new"])


async def test_a_board_is_idle_when_all_have_dealt_with_all():
    board = Board()
    with Reader() as reader:
        reader.follow(board)
        assert not board.idle
        reading = asyncio.create_task(read(reader, []))
        await asyncio.sleep(0)
        assert board.idle
        board.write(None, 1)
        assert not board.idle
        await asyncio.sleep(0.01)
        assert board.idle
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    assert board.idle
