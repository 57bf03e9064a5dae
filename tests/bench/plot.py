"""A small SVG writer: panels side by side, lines over named places on the x axis, a logarithmic y axis, each line named at its right end.

Pure: numbers in, text out. No style sheet and no script, so that every viewer shows the same.
"""

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH_OF_PLOT, WIDTH_OF_LABELS, HEIGHT = 300, 185, 340  # of a panel, pixels
LEFT, TOP, BOTTOM, GAP = 64, 64, 56, 20
LABEL_STEP = 17  # least distance of two labels' base lines
FONT = 'font-family="Helvetica, Arial, sans-serif"'
# Okabe and Ito's colours, which colour-blind people can tell apart; each line has a mark of its own besides.
COLOURS = ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00")
MARKS = ("circle", "square", "triangle", "diamond", "cross", "plus")


@dataclass
class Line:
    name: str
    points: dict  # {place on the x axis: value}; a value of 0 stands on the floor
    strong: bool = False


@dataclass
class Panel:
    title: str
    lines: list


@dataclass
class Axes:
    places: list  # the x axis' names, from left to right
    x_title: str
    y_title: str
    y_min: float  # powers of ten
    y_max: float
    limit: float  # a thin line across
    limit_name: str


def spread(wanted, least, most, step=LABEL_STEP):
    """Places for labels, in the order of `wanted` (ascending): at least `step` apart, within [least, most], near where they were wanted."""
    places = []
    for place in wanted:
        places.append(max(place, least, places[-1] + step if places else least))
    limit = most
    for number in range(len(places) - 1, -1, -1):
        places[number] = min(places[number], limit)
        limit = places[number] - step
    return places


def svg(panels, axes, title):
    width = LEFT + len(panels) * (WIDTH_OF_PLOT + WIDTH_OF_LABELS) + (len(panels) - 1) * (GAP + LEFT)
    height = TOP + HEIGHT + BOTTOM
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" {FONT}>',
             f"<title>{escape(title)}</title>", f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
             _text(LEFT, 24, title, 16, weight="bold")]
    for number, panel in enumerate(panels):
        parts += _panel(panel, axes, LEFT + number * (WIDTH_OF_PLOT + WIDTH_OF_LABELS + GAP + LEFT))
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel, axes, left):
    right, bottom = left + WIDTH_OF_PLOT, TOP + HEIGHT
    step = WIDTH_OF_PLOT / len(axes.places)

    def x(place):
        return left + (axes.places.index(place) + 0.5) * step

    def y(value):
        low, high = math.log10(axes.y_min), math.log10(axes.y_max)
        return bottom - (math.log10(max(value, axes.y_min)) - low) / (high - low) * HEIGHT

    parts = [_text(left, TOP - 14, panel.title, 13, weight="bold")]
    for power in range(round(math.log10(axes.y_min)), math.floor(math.log10(axes.y_max) + 1e-9) + 1):
        at = y(10.0**power)
        parts += [_line(left, at, right, at, "#dddddd"), _text(left - 8, at + 4, f"{10.0**power:g}", 12, "end")]
    parts += [_text(x(place), bottom + 20, place, 12, "middle") for place in axes.places]
    parts += [_text((left + right) / 2, bottom + 42, axes.x_title, 12, "middle"), _line(left, bottom, right, bottom, "#444444"),
              _line(left, TOP, left, bottom, "#444444"),
              f'<g transform="rotate(-90 {left - 44} {(TOP + bottom) / 2:.1f})">{_text(left - 44, (TOP + bottom) / 2, axes.y_title, 12, "middle")}</g>',
              _line(left, y(axes.limit), right, y(axes.limit), "#777777", dash="2 3"),
              _text(left + 6, y(axes.limit) - 6, axes.limit_name, 11, colour="#555555")]
    for number, line in reversed(list(enumerate(panel.lines))):  # the first on top
        parts += _curve(line, number, x, y)
    return parts + _labels(panel.lines, x, y, right)


def _curve(line, number, x, y):
    colour, mark = COLOURS[number], MARKS[number]
    points = [(x(place), y(value)) for place, value in line.points.items()]
    way = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
    return [f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="{3 if line.strong else 1.6}"/>',
            *(_mark(mark, px, py, colour) for px, py in points)]


def _labels(lines, x, y, right):
    """Each line's name beside its last point, led to it where it had to make way."""
    ends = [(y(list(line.points.values())[-1]), number, line) for number, line in enumerate(lines) if line.points]
    ends.sort(key=lambda end: end[:2])
    parts = []
    for (at, number, line), place in zip(ends, spread([end[0] for end in ends], TOP + 4, TOP + HEIGHT)):
        colour = COLOURS[number]
        last = x(list(line.points)[-1])
        parts += [f'<polyline points="{last + 6:.1f},{at:.1f} {right + 2:.1f},{at:.1f} {right + 12:.1f},{place:.1f}" fill="none" stroke="{colour}" '
                  'stroke-width="0.8" stroke-opacity="0.6"/>', _mark(MARKS[number], right + 18, place, colour),
                  _text(right + 27, place + 4, line.name, 12, colour=colour, weight="bold" if line.strong else None)]
    return parts


def _mark(shape, x, y, colour):
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
    if shape == "square":
        return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{colour}"/>'
    if shape in ("triangle", "diamond"):
        corners = ((0, -4.5), (4.5, 4), (-4.5, 4)) if shape == "triangle" else ((0, -5), (5, 0), (0, 5), (-5, 0))
        return f'<polygon points="{" ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)}" fill="{colour}"/>'
    strokes = ((-4, -4, 4, 4), (-4, 4, 4, -4)) if shape == "cross" else ((-5, 0, 5, 0), (0, -5, 0, 5))
    way = " ".join(f"M{x + a:.1f} {y + b:.1f}L{x + c:.1f} {y + d:.1f}" for a, b, c, d in strokes)
    return f'<path d="{way}" stroke="{colour}" stroke-width="2" fill="none"/>'


def _line(x1, y1, x2, y2, colour, dash=None):
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashes}/>'


def _text(x, y, text, size, anchor="start", colour="#222222", weight=None):
    bold = f' font-weight="{weight}"' if weight else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"{bold}>{escape(text)}</text>'
