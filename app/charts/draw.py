"""Charts as pictures: data in, PNG or SVG out. Every colour has a word, a number or a hatch beside it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from app.charts.paper import (
    FAINT,
    INK,
    LEFT,
    RULE,
    Format,
    counted,
    number,
    page,
    plain,
    written,
)
from app.charts.scope import EVERYTHING
from app.coherence.drift import Level, levels
from app.coherence.windows import Floats, Ints
from app.duration import Duration
from app.signals.classify import Classification

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = 1_000
"""About as many as the plot of a PNG is wide; of the windows of one column a few look like all."""

# Colours of Okabe and Ito, which people with any colour vision can tell apart.
_GREEN, _GREY, _VERMILION, _SKY, _BLUE, _ORANGE = (
    "#009e73",
    "#8a94a0",
    "#d55e00",
    "#56b4e9",
    "#0072b2",
    "#e69f00",
)
_BARS: Final = {
    Classification.POSITIVE: (_GREEN, ""),
    Classification.NEUTRAL: (_GREY, ".."),
    Classification.STRESSED: (_VERMILION, "//"),
    Classification.UNCERTAIN: (_SKY, "xx"),
}
BANDS: Final[dict[Level, tuple[float, float, str]]] = {
    "HIGH": (0.7, 1, _VERMILION),
    "MEDIUM": (0.3, 0.7, _ORANGE),
    "LOW": (0, 0.3, _GREEN),
}
"""Lower and upper end of each level (`levels` has the last word), and its colour."""


def classifications(counts: Mapping[Classification, int], to: Format, subject: str = EVERYTHING) -> bytes:
    """Bars of how many signals are of each class; a class without a count has none."""
    subject = plain(subject)
    shown = {kind: counts.get(kind, 0) for kind in Classification}
    total = sum(shown.values())
    with page("Signals by classification", subject, counted(total, "signal")) as figure:
        axes = figure.add_axes((0.17, 0.1, 0.68, 0.64))
        rows = range(len(shown))
        colours, hatches = zip(*(_BARS[kind] for kind in shown), strict=True)
        axes.barh(
            rows,
            list(shown.values()),
            height=0.62,
            color=colours,
            hatch=hatches,
            edgecolor="white",
            linewidth=0,
        )
        for row, count in zip(rows, shown.values(), strict=True):
            share = f"  {count / total:.1%}" if total else ""
            note = axes.annotate(
                number(count),
                (count, row),
                (8, 0),
                textcoords="offset points",
                va="center",
                fontsize=13,
                fontweight="bold",
            )
            axes.annotate(share, (1, 0.5), xycoords=note, va="center", color=FAINT)
        axes.set_xlim(0, max(*shown.values(), 1))
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.set_xticks([])
        axes.set_yticks(rows, [kind.value for kind in shown], color=INK, fontsize=12)
        axes.tick_params(length=0, pad=8)
        axes.spines["bottom"].set_visible(False)
        if not total:
            _say(axes, "No signals")
        said = ", ".join(f"{kind.value} {count}" for kind, count in shown.items())
        return written(figure, to, f"Signals by classification: {subject}", f"{said}; {total} in all.")


@dataclass(frozen=True, slots=True)
class DriftSeries:
    """The `k` windows of a stream of signals, in time order."""

    starts: Ints
    """Microseconds since 2000-01-01T00:00:00Z, shape (k,)."""
    scores: Floats
    """0 to 1, NaN for a window without a score, shape (k,)."""
    window: Duration
    step: Duration
    total: int
    """Signals; a window that overlaps another shares some with it."""
    subject: str = EVERYTHING
    """What they are of."""


def drift(series: DriftSeries, to: Format) -> bytes:
    """The line of the scores over time, each at the middle of its window, broken where there is none."""
    named = levels(series.scores)
    counts = Counter(named)
    caption = _caption(series, named)
    subject = plain(series.subject)
    with page("Drift over time", subject, caption) as figure:
        axes = figure.add_axes((0.085, 0.1, 0.775, 0.64))
        for level, (low, high, colour) in BANDS.items():
            axes.axhspan(low, high, color=colour, alpha=0.13, linewidth=0)
            labels = (
                (level, 9, 12, INK),
                (f"{low:g} to {high:g}", -6, 9.5, FAINT),
                (counted(counts[level], "window"), -19, 9.5, FAINT),
            )
            for text, up, size, ink in labels:
                axes.annotate(
                    text,
                    (1, (low + high) / 2),
                    (10, up),
                    xycoords=axes.get_yaxis_transform(),
                    textcoords="offset points",
                    va="center",
                    fontsize=size,
                    fontweight="bold" if text == level else "normal",
                    color=ink,
                )
            if low:
                axes.axhline(low, color=INK, alpha=0.35, linewidth=0.9, linestyle=(0, (4, 4)))
        axes.set_ylim(0, 1)
        axes.set_yticks([0, 0.3, 0.7, 1], ["0", "0.3", "0.7", "1"])
        axes.tick_params(color=RULE)
        axes.spines["left"].set_visible(False)
        figure.text(LEFT - 0.005, 0.42, "drift score", rotation=90, ha="center", va="center", color=FAINT)
        if np.isfinite(series.scores).any():
            _line(axes, series)
        else:
            axes.set_xticks([])
            _say(
                axes,
                "No window holds two signals, so none has a score" if series.scores.size else "No signals",
            )
        said = ", ".join(f"{counts[level]} {level}" for level in reversed(BANDS))
        return written(figure, to, f"Drift over time: {subject}", f"{caption}. By level: {said}.")


def _caption(series: DriftSeries, named: list[Level | None]) -> str:
    every = "" if series.step == series.window else f" every {series.step}"
    parts = [f"windows of {series.window}{every}", counted(series.total, "signal")]
    if unscored := named.count(None):
        parts.append(f"{counted(unscored, 'window')} without a score")
    if unscored < len(named):
        last = int(np.isfinite(series.scores).nonzero()[0][-1])
        parts.append(f"latest {series.scores[last]:.2f} {named[last]}")
    return "  ·  ".join(parts)


def _line(axes: "Axes", series: DriftSeries) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    starts, scores, runs = _thinned(series)
    breaks = (runs[1:] != runs[:-1]).nonzero()[0] + 1
    middles = np.datetime64("2000-01-01", "us") + (starts + int(series.window) * 500_000).astype("m8[us]")
    lengths = np.diff(breaks, prepend=0, append=runs.size)
    few = scores.size <= 80
    axes.plot(
        np.insert(middles, breaks, middles[breaks]),
        np.insert(scores, breaks, np.nan),
        color=_BLUE,
        linewidth=2 if scores.size <= 200 else 1.2,
        solid_capstyle="round",
        solid_joinstyle="round",
    )
    marked = few | (lengths == 1).repeat(lengths)  # what is alone makes no line
    axes.plot(
        middles[marked],
        scores[marked],
        linestyle="none",
        marker="o",
        markersize=6 if few else 2.5,
        color=_BLUE,
        markeredgecolor="white",
        markeredgewidth=0.9 if few else 0,
        clip_on=False,
        zorder=3,
    )
    edges = np.array([series.starts[0], series.starts[-1] + int(series.window) * 1_000_000])
    axes.set_xlim(*np.datetime64("2000-01-01", "us") + edges.astype("m8[us]"))
    locator = AutoDateLocator(minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator)
    # Of a year, a month, a day, an hour, a minute, a second: a tick that begins one, and what all ticks share.
    formatter.zero_formats = ["", "%Y", "%b", "%d %b", "%H:%M", "%H:%M"]
    formatter.offset_formats = ["", "%Y", "%b %Y", "%d %b %Y", "%d %b %Y", "%d %b %Y %H:%M"]
    axes.xaxis.set_major_formatter(formatter)
    axes.set_xlabel("UTC", loc="left")


def _thinned(series: DriftSeries) -> tuple[Ints, Floats, Ints]:
    """Starts and scores of windows that look like all of them, and the number of the unbroken run of each.

    Of more than four windows a column these are each column's first, last, lowest and highest: what a line covers of a
    column is from its lowest to its highest.
    """
    scored = np.isfinite(series.scores)
    starts, scores = series.starts[scored], series.scores[scored]
    runs = np.concatenate(([0], (np.diff(starts) > int(series.step) * 1_000_000).cumsum()))
    if starts.size > 4 * COLUMNS:
        column = (starts - starts[0]) * COLUMNS // (starts[-1] - starts[0] + 1)
        first = np.concatenate(([True], column[1:] != column[:-1]))
        order = np.lexsort((scores, column))
        kept = np.unique(
            np.concatenate(
                [
                    first.nonzero()[0],
                    np.append(first[1:], True).nonzero()[0],
                    order[first],
                    order[np.append(first[1:], True)],
                ]
            )
        )
        starts, scores, runs = starts[kept], scores[kept], runs[kept]
    return starts, scores, runs


def _say(axes: "Axes", text: str) -> None:
    """`text` in place of data."""
    axes.text(
        0.5,
        0.5,
        text,
        transform=axes.transAxes,
        ha="center",
        va="center",
        fontsize=14,
        color=INK,
        bbox={"boxstyle": "round,pad=0.7", "facecolor": "white", "edgecolor": RULE},
    )
