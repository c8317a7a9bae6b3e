"""The drawing of the scale benchmark: CPU seconds and peak memory over the number of series, a line an engine."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.scale.kept import NAMES, Run
from tests.bench.scale.running import MEMORY
from warehouse.site.drawing import PALETTE

_FONT = "Liberation Sans"
_COLOURS = {"DuckDB": PALETTE["idc"], "Spark": PALETTE["midrc"]}
_PANELS = {"CPU seconds": "cpu_seconds", "peak memory, GB": "peak_gb"}


def drawn(found: Sequence[Run]) -> str:
    """Return the drawing of runs that ended well as SVG; the same runs give the same bytes."""
    import altair as alt
    import vl_convert

    points = alt.Data(
        values=[
            {
                "engine": NAMES[run.engine],
                "millions": run.series / 1e6,
                "cpu_seconds": run.cpu_seconds,
                "peak_gb": run.peak_mb / 1e3,
            }
            for run in found
            if run.failure is None and run.memory == MEMORY[run.engine]
        ]
    )
    colour = alt.Color(
        "engine:N",
        title=None,
        scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
        legend=alt.Legend(orient="top", symbolStrokeWidth=3),
    )
    panels = [
        alt.Chart(points)
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(filled=True, size=50))
        .encode(
            x=alt.X("millions:Q", title="million series", scale=alt.Scale(domainMin=0)),
            y=alt.Y(f"{field}:Q", title=title, scale=alt.Scale(domainMin=0)),
            color=colour,
        )
        .properties(width=300, height=200)
        for title, field in _PANELS.items()
    ]
    text = {"labelFont": _FONT, "titleFont": _FONT, "titleFontWeight": "normal", "labelColor": PALETTE["ink"]}
    chart = alt.hconcat(*panels, spacing=30).configure(
        background="white",
        font=_FONT,
        padding=8,
        view={"stroke": None},
        axis={**text, "gridColor": PALETTE["grid"], "domainColor": PALETTE["grid"], "tickColor": PALETTE["grid"]},
        legend={"labelFont": _FONT, "labelColor": PALETTE["ink"]},
    )
    return vl_convert.vegalite_to_svg(chart.to_dict(validate=False)) + "\n"
