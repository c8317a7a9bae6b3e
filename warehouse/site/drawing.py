"""Drawings of the site: Vega-Lite specifications, made with Altair and drawn as SVG by vl-convert.

They are static, and the same data gives the same bytes: they are laid out in a font that vl-convert carries. Their
colours are those of `PALETTE`, to which the style sheet gives others in the dark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt

PALETTE: Mapping[str, str] = {
    # Okabe and Ito: told apart by colour-blind readers, and by their lightness in print.
    "idc": "#0072b2",
    "midrc": "#d55e00",
    "bih": "#009e73",
    "explained": "#8a93a3",
    "unexplained": "#b3005e",
    "ink": "#1f2430",
    "grid": "#d9dce3",
}

_FONT = "Liberation Sans"
_FONT_SIZE = 13
_LABELS = 148
_BARS = 220
_ROW = 24
# What is drawn beside the longest bar: its number.
_ROOM_FOR_NUMBER = 1.5
_SHARES = ("explained", "unexplained")


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its length, the number that stands beside it, and its colour."""

    label: str
    value: float
    text: str
    colour: str


@dataclass(frozen=True)
class Share:
    """One bar of two parts that are all of something."""

    label: str
    explained: int
    unexplained: int
    text: str


@dataclass(frozen=True)
class Point:
    """One point of a line, in the order of the line; `text` stands beside the last."""

    label: str
    value: float
    text: str


def colour_of(source: str) -> str:
    """Return the colour of a system."""
    return PALETTE.get(source, PALETTE["explained"])


def bars(name: str, found: Sequence[Bar]) -> str:
    """Return horizontal bars in the order given, each with its number, as SVG. `name` is unique on a page."""
    import altair as alt

    longest = max((bar.value for bar in found), default=0) or 1
    base = alt.Chart(_data([vars(bar) for bar in found])).encode(
        y=_labels(),
        x=alt.X("value:Q", axis=None, scale=alt.Scale(domain=[0, longest * _ROOM_FOR_NUMBER])),
    )
    drawn = base.mark_bar(height=14).encode(color=alt.Color("colour:N", scale=None)) + _beside(base).encode(
        text="text:N"
    )
    return _svg(name, drawn.properties(width=_BARS, height=alt.Step(_ROW)))


def shares(name: str, found: Sequence[Share]) -> str:
    """Return bars of equal length, parted in explained and unexplained, each with its numbers, as SVG."""
    import altair as alt

    parts = [
        {"label": share.label, "part": part, "value": getattr(share, part), "place": place}
        for share in found
        for place, part in enumerate(_SHARES)
    ]
    drawn = (
        alt.Chart(_data(parts))
        .mark_bar(height=14)
        .encode(
            y=_labels(),
            x=alt.X("value:Q", stack="normalize", axis=None),
            order=alt.Order("place:Q"),
            color=alt.Color(
                "part:N", legend=None, scale=alt.Scale(domain=_SHARES, range=[PALETTE[part] for part in _SHARES])
            ),
        )
    )
    texts = (
        alt.Chart(_data([{"label": share.label, "text": share.text, "one": 1} for share in found]))
        .mark_text(align="left", dx=6, color=PALETTE["ink"], fontSize=_FONT_SIZE)
        .encode(y=_labels(), x=alt.X("one:Q", scale=alt.Scale(domain=[0, 2.2])), text="text:N")
    )
    return _svg(name, (drawn + texts).properties(width=_BARS * 1.6, height=alt.Step(_ROW)))


def line(name: str, found: Sequence[Point], colour: str) -> str:
    """Return a line from zero over points at equal distances, the last with its number, as SVG."""
    import altair as alt

    highest = max((point.value for point in found), default=0) or 1
    order = [point.label for point in found]
    every = max(1, -(-len(order) // 5))
    shown = [label for place, label in enumerate(reversed(order)) if place % every == 0]
    base = alt.Chart(_data([vars(point) for point in found])).encode(
        x=alt.X("label:N", sort=order, title=None, axis=alt.Axis(values=shown, labelAngle=0, grid=False, ticks=False)),
        y=alt.Y("value:Q", axis=None, scale=alt.Scale(domain=[0, highest * 1.2])),
    )
    drawn = base.mark_line(color=colour, strokeWidth=2) + base.mark_point(color=colour, filled=True, size=22, opacity=1)
    last = alt.Chart(_data([vars(point) for point in found[-1:]])).mark_text(
        align="right", dy=-12, color=PALETTE["ink"], fontSize=_FONT_SIZE, fontWeight="bold"
    )
    drawn += last.encode(x=alt.X("label:N", sort=order), y="value:Q", text="text:N")
    return _svg(name, drawn.properties(width=_BARS + _LABELS - 30, height=130))


def _data(values: Sequence[Mapping[str, Any]]) -> alt.Data:
    import altair as alt

    return alt.Data(values=[dict(value) for value in values])


def _labels() -> alt.Y:
    import altair as alt

    axis = alt.Axis(
        minExtent=_LABELS, maxExtent=_LABELS, labelLimit=_LABELS - 8, labelPadding=7, ticks=False, domain=False
    )
    return alt.Y("label:N", sort=None, title=None, axis=axis)


def _beside(base: alt.Chart) -> alt.Chart:
    return base.mark_text(align="left", dx=5, color=PALETTE["ink"], fontSize=_FONT_SIZE)


def _svg(name: str, chart: Any) -> str:
    import vl_convert

    text = {"labelFont": _FONT, "titleFont": _FONT, "labelFontSize": _FONT_SIZE, "labelColor": PALETTE["ink"]}
    specification = chart.configure(
        background="transparent",
        font=_FONT,
        aria=False,
        padding=2,
        view={"stroke": None},
        axis={**text, "domainColor": PALETTE["grid"]},
    ).to_dict(validate=False)
    try:
        svg = vl_convert.vegalite_to_svg(specification)
    except BaseException as error:
        # A panic of Rust is no Exception, and would end the publish that the drawing is for.
        if type(error).__name__ != "PanicException":
            raise
        raise RuntimeError(f"vl-convert could not draw {name}: {error}") from error
    # What it says of itself to screen readers is left out: the page has a text beside each drawing.
    drawn = re.sub(r' (role|aria-[a-z]+)="[^"]*"', "", svg)
    # Several drawings stand in one page, and each numbers its own parts from zero.
    return re.sub(r'(id="|url\(#)(clip|gradient)', rf"\g<1>{name}-\g<2>", drawn)
