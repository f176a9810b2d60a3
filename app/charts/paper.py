"""What every chart is drawn on: its size, its type and colours, and how it becomes PNG or SVG.

matplotlib's settings belong to the process and its figures to nobody: one thread at a time draws. It is imported no
sooner than something is drawn, for that takes a second.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

SIZE: Final = (9.6, 5.4)
"""Inches, of which an SVG has 72 points."""
DPI: Final = 150
"""Pixels an inch of a PNG: 1 440 by 810 in all."""
LONGEST: Final = 240
"""Characters that are shown of a text from outside."""

INK, FAINT, RULE = "#1f2933", "#616e7c", "#cbd2d9"
LEFT, RIGHT = 0.04, 0.97
"""Margins of the page, in figure coordinates."""

# Boxes for characters that the others lack. It is named, as matplotlib warns where it has to find it by itself.
_ANY_CHARACTER: Final = ["sans-serif", "Last Resort High-Efficiency"]

_SETTINGS: Final[dict[Any, Any]] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana"],
    "font.size": 11,
    "text.color": INK,
    "text.usetex": False,
    "axes.edgecolor": RULE,
    "axes.labelcolor": FAINT,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "hatch.linewidth": 1.2,
    "svg.fonttype": "none",
    "svg.hashsalt": "coherence",
    "timezone": "UTC",
}


class Format(Enum):
    PNG = "png"
    SVG = "svg"


@contextmanager
def page(title: str, subject: str, caption: str) -> Iterator["Figure"]:
    """A figure with three lines of text at its top and the lower 0 to 0.78 left free; `subject` is plain."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=SIZE, dpi=DPI, facecolor="white")
        figure.text(LEFT, 0.935, title, fontsize=17, fontweight="bold", va="center")
        text = figure.text(
            LEFT, 0.872, subject, fontsize=12, fontfamily=_ANY_CHARACTER, va="center", parse_math=False
        )
        _fit(text, (RIGHT - LEFT) * SIZE[0] * DPI)
        figure.text(LEFT, 0.818, caption, fontsize=10.5, color=FAINT, va="center", parse_math=False)
        yield figure


def plain(text: str) -> str:
    """`text` on one line, at most `LONGEST` characters, without any that XML forbids or that turn others round."""
    line = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _fit(text: "Text", most: float) -> None:
    """Cuts `text` until it is no wider than `most` pixels."""
    while (width := text.get_window_extent().width) > most:
        shown = text.get_text().removesuffix("…")
        text.set_text(f"{shown[: min(int(len(shown) * most / width), len(shown) - 1)]}…")


def number(count: int) -> str:
    """`count` in groups of three: 1 234 567."""
    return f"{count:,}".replace(",", "\u202f")


def counted(count: int, noun: str) -> str:
    return f"{number(count)} {noun}" if count == 1 else f"{number(count)} {noun}s"


def written(figure: "Figure", to: Format, label: str, description: str) -> bytes:
    """The file: the same bytes for the same figure. In an SVG `label` and `description` are for those who listen."""
    file = BytesIO()
    if to is Format.PNG:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        FigureCanvasAgg(figure).print_png(file, metadata={"Software": None})
        return file.getvalue()
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    FigureCanvasSVG(figure).print_svg(file, metadata=nothing)
    # Without XML's prologue, so that it may stand inside a page as well.
    label, description = escape(label), escape(description)
    return re.sub(
        rb"^.*?<svg\b(.*?)>",
        lambda start: (
            b'<svg role="img" aria-label="%b. %b"%b>\n <title>%b</title>\n <desc>%b</desc>'
            % (label.encode(), description.encode(), start[1], label.encode(), description.encode())
        ),
        file.getvalue(),
        count=1,
        flags=re.DOTALL,
    )
