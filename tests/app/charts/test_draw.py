"""Charts as files: what they show, and that nothing from outside is more than text in them."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import BytesIO
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from app.charts import draw, paper
from app.charts.draw import BANDS, COLUMNS, DriftSeries, classifications, drift
from app.charts.paper import DPI, LONGEST, SIZE, Format, plain
from app.charts.scope import scope
from app.coherence.drift import level
from app.duration import Duration
from app.signals.classify import Classification
from app.signals.queries import SignalFilter
from app.timerange import TimeRange
from tests.conftest import ENVIRONMENT

COUNTS = {
    Classification.STRESSED: 377,
    Classification.POSITIVE: 1_204,
    Classification.UNCERTAIN: 0,
    Classification.NEUTRAL: 58,
}
DAY = 9_800 * 86_400 * 1_000_000  # 2026-10-31


def series(scores, *, index=None, **others):
    scores = np.array(scores, float)
    index = np.arange(scores.size) if index is None else np.array(index)
    window = Duration(300)
    return DriftSeries(DAY + index * 300_000_000, scores, window, window, 420, **others)


def texts(svg):
    return ["".join(text.itertext()) for text in root(svg).iter("{http://www.w3.org/2000/svg}text")]


def root(svg):
    return ET.fromstring(svg)  # noqa: S314 - our own


def image(png):
    with Image.open(BytesIO(png)) as opened:
        assert opened.format == "PNG"
        opened.load()
        return np.asarray(opened.convert("RGB"), int)


def blue(pixels):
    """Where the line is."""
    return np.abs(pixels - (0x00, 0x72, 0xB2)).sum(axis=2) < 30


@pytest.mark.parametrize(
    "chart", [lambda to: classifications(COUNTS, to), lambda to: drift(series([0.1]), to)]
)
def test_files_are_what_they_say(chart):
    assert image(chart(Format.PNG)).shape == (SIZE[1] * DPI, SIZE[0] * DPI, 3)
    svg = root(chart(Format.SVG))
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    assert svg.get("role") == "img"
    assert svg.findtext("{*}title") in svg.get("aria-label")
    assert svg.findtext("{*}desc") in svg.get("aria-label")


@pytest.mark.parametrize("to", Format)
def test_the_same_data_are_the_same_bytes(to):
    scores = np.random.default_rng(3).random(500)
    assert drift(series(scores), to) == drift(series(scores), to)
    assert classifications(COUNTS, to) == classifications(dict(reversed(COUNTS.items())), to)
    assert classifications(COUNTS, to) != classifications(COUNTS | {Classification.UNCERTAIN: 1}, to)


def test_every_class_is_there_in_order_with_its_count_and_share():
    svg = classifications(COUNTS, Format.SVG, "standup")
    shown = texts(svg)
    assert [text for text in shown if text in Classification.__members__] == list(Classification.__members__)
    assert {"1\u202f204", "58", "377", "0", "1\u202f639 signals", "standup"} <= set(shown)
    assert [text.strip() for text in shown if "%" in text] == ["73.5%", "3.5%", "23.0%", "0.0%"]
    assert "POSITIVE 1204, NEUTRAL 58, STRESSED 377, UNCERTAIN 0; 1639 in all" in root(svg).findtext(
        "{*}desc"
    )


def test_bars_are_as_long_as_their_counts():
    counts = dict.fromkeys(Classification, 0) | {Classification.POSITIVE: 400, Classification.STRESSED: 100}
    pixels = image(classifications(counts, Format.PNG))
    green = (np.abs(pixels - (0x00, 0x9E, 0x73)).sum(axis=2) < 6).sum(axis=1).max()
    # Of the hatched bar only its extent: white lines run through it.
    red = (np.abs(pixels - (0xD5, 0x5E, 0x00)).sum(axis=2) < 6).any(axis=0).nonzero()[0]
    assert green / (red[-1] - red[0] + 1) == pytest.approx(4, rel=0.02)


def test_each_class_has_a_hatch_of_its_own():
    hatches = {hatch for _, hatch in draw._BARS.values()}
    assert len(hatches) == len(Classification)
    assert classifications(COUNTS, Format.SVG).count(b"<pattern") == len(Classification) - 1


def test_bands_are_those_of_the_levels():
    assert [name for name, _ in sorted(BANDS.items(), key=lambda band: band[1][0])] == [
        "LOW",
        "MEDIUM",
        "HIGH",
    ]
    for name, (low, high, _) in BANDS.items():
        assert level(low) == name
        assert level(high - 1e-6) == name
    shown = texts(drift(series([0.1, 0.3, 0.69, 0.7]), Format.SVG))
    for name, places, count in (
        ("LOW", "0 to 0.3", "1 window"),
        ("MEDIUM", "0.3 to 0.7", "2 windows"),
        ("HIGH", "0.7 to 1", "1 window"),
    ):
        at = shown.index(name)
        assert shown[at + 1 : at + 3] == [places, count]


def test_the_caption_tells_windows_signals_and_the_latest_score():
    shown = texts(drift(series([0.1, np.nan, 0.72, np.nan]), Format.SVG))
    assert "windows of 5m  ·  420 signals  ·  2 windows without a score  ·  latest 0.72 HIGH" in shown
    assert "UTC" in shown
    sliding = DriftSeries(np.array([DAY]), np.array([0.2]), Duration(3_600), Duration(300), 1)
    assert any(
        text.startswith("windows of 1h every 5m  ·  1 signal  ·")
        for text in texts(drift(sliding, Format.SVG))
    )


def test_the_time_axis_is_in_utc():
    noon = DriftSeries(
        DAY + np.arange(12, 18) * 3_600_000_000, np.full(6, 0.5), Duration(3_600), Duration(3_600), 9
    )
    shown = texts(drift(noon, Format.SVG))
    assert {"12:00", "18:00", "31 Oct 2026"} <= set(shown)


@pytest.mark.parametrize(("scores", "index"), [([0.5, np.nan, 0.5], None), ([0.5, 0.5], [0, 2])])
def test_a_window_without_a_score_leaves_a_gap_between_two_dots(scores, index):
    broken, whole = (
        blue(image(drift(given, Format.PNG))).any(axis=0).nonzero()[0]
        for given in (series(scores, index=index), series([0.5, 0.5, 0.5]))
    )
    assert np.diff(broken).max() > 200
    assert np.diff(whole).max() < 10


def test_a_single_window_is_seen():
    assert blue(image(drift(series([0.5]), Format.PNG))).sum() > 50


@pytest.mark.parametrize(
    ("scores", "says"),
    [([], "No signals"), ([np.nan, np.nan], "No window holds two signals, so none has a score")],
)
def test_nothing_is_said_to_be_nothing(scores, says):
    assert says in texts(drift(series(scores), Format.SVG))
    assert not blue(image(drift(series(scores), Format.PNG))).any()
    assert "No signals" in texts(classifications({}, Format.SVG))


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script> & \"quoted\" 'too'",
        "$x$ and $\\frac{1}{2}$",
        "$unclosed and $\\nonsense{$",
        "{braces} %s \\n ]]> -->",
        "日本語 \U0001f600 שלום",
    ],
)
def test_names_are_text_and_nothing_else(name):
    for svg in (
        drift(series([0.5], subject=name), Format.SVG),
        classifications(COUNTS, Format.SVG, name),
    ):
        assert name in texts(svg)
        assert name in root(svg).get("aria-label")
        assert name in root(svg).findtext("{*}title")
        assert not list(root(svg).iter("{*}script"))
        assert b"<script" not in svg
    assert image(drift(series([0.5], subject=name), Format.PNG)).size


def test_names_lose_what_has_no_place_in_a_line():
    assert plain("a\n\tb  c\x01d\u202ee\ufffff") == "a b c\ufffdd\ufffde\ufffdf"
    assert plain("x" * LONGEST) == "x" * LONGEST
    assert plain("x" * (LONGEST + 1)) == "x" * (LONGEST - 1) + "…"
    name = "\x00\x1b\ud800\u202e" + "W" * 10_000
    shown = texts(drift(series([0.5], subject=name), Format.SVG))
    assert not any(len(text) > LONGEST for text in shown if "W" in text)


def test_a_wide_name_stays_on_the_page():
    pixels = image(drift(series([0.5], subject="W" * LONGEST), Format.PNG))
    assert (pixels[: int(0.2 * len(pixels)), -30:] == 255).all()
    assert any(text.endswith("W…") for text in texts(drift(series([0.5], subject="W" * LONGEST), Format.SVG)))


NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("whose", "wanted", "said"),
    [
        (None, SignalFilter(), "All conversations"),
        ("standup", SignalFilter(sources=("Neo", "$Slack$")), "standup · only Neo, $Slack$"),
        (None, SignalFilter(agent_id="a-1"), "All conversations · agent a-1"),
        ("ada", SignalFilter(user_id="u"), "ada · user u"),
        (None, SignalFilter(TimeRange(NOON)), "All conversations · since 2026-03-02 12:00 UTC"),
        (
            "x" * 300,
            SignalFilter(TimeRange(None, NOON + timedelta(seconds=1.5))),
            f"{'x' * 59}… · until 2026-03-02 12:00:01.500000 UTC",
        ),
        (
            None,
            SignalFilter(
                TimeRange(NOON, NOON + timedelta(days=1)),
                agent_id="a",
                classification=Classification.STRESSED,
                escalated=False,
                min_score=0.25,
                max_score=1,
            ),
            "All conversations · agent a · 2026-03-02 12:00 UTC to 2026-03-03 12:00 UTC · class STRESSED · not escalated · scores from 0.25 · scores up to 1",
        ),
    ],
)
def test_a_chart_says_what_it_is_of(whose, wanted, said):
    assert scope(whose, wanted) == said
    for svg in (drift(series([0.5], subject=said), Format.SVG), classifications(COUNTS, Format.SVG, said)):
        assert said in root(svg).get("aria-label")
        assert said in root(svg).findtext("{*}title")


@pytest.mark.parametrize("alone", [False, True])
def test_of_very_many_windows_each_column_keeps_its_extremes(alone):
    scores = np.random.default_rng(5).uniform(0.4, 0.6, 50_000)
    scores[[7, 31_111]] = 0.01, 0.99
    if alone:
        scores[::2] = np.nan
    given = series(scores)
    starts, kept, runs = draw._thinned(given)
    assert kept.size <= 4 * COLUMNS
    assert {starts[0], starts[-1]} == {given.starts[np.isfinite(scores)][i] for i in (0, -1)}
    assert {kept.min(), kept.max()} == {0.01, 0.99}
    assert (runs[0] == runs[-1]) is not alone
    assert image(drift(given, Format.PNG)).size
    assert len(drift(given, Format.SVG)) < 1_000_000


def test_matplotlib_is_left_as_it_was():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    drift(series([0.5]), Format.SVG)
    assert dict(mpl.rcParams) == before
    assert before["svg.hashsalt"] != paper._SETTINGS["svg.hashsalt"]


def test_a_server_starts_without_matplotlib():
    program = "import sys, app.asgi; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], env=ENVIRONMENT, check=False).returncode == 0
