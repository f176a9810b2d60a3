"""The lanes name what is there."""

from pathlib import Path

import pytest

from tests.lanes import LANES

TESTS = Path(__file__).parent


@pytest.mark.parametrize("place", [place for places in LANES.values() for place in places])
def test_every_place_is_there(place):
    assert (TESTS / place).exists()
