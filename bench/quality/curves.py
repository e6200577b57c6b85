"""Trade-off curves as SVG: content against style, one panel a judge, one curve a method. Colours
follow the reader's light or dark theme."""
import math
from xml.sax.saxutils import escape

width, height = 430, 380           # of a panel
left, right, top, bottom = 62, 14, 34, 52
styles = [('#0072b2', '#56b4e9'), ('#d55e00', '#ff8a3d'), ('#00845a', '#2fc796'),
          ('#a8508a', '#e08cc4'), ('#7a6a00', '#e0c83c')]  # after Okabe & Ito: light, dark


def marker(index, x, y):
    shapes = ['M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0', 'M-4,-4h8v8h-8z', 'M0,-5l5,9h-10z',
              'M0,-5.5l5.5,5.5l-5.5,5.5l-5.5,-5.5z', 'M-4,-4l8,8m0,-8l-8,8']
    return f'<path class="m{index}" transform="translate({x:.1f},{y:.1f})" d="{shapes[index]}"/>'


def style_sheet():
    light = ''.join(f'.l{i}{{stroke:{a}}}.m{i}{{fill:{a};stroke:{a}}}'
                    for i, (a, _) in enumerate(styles))
    dark = ''.join(f'.l{i}{{stroke:{b}}}.m{i}{{fill:{b};stroke:{b}}}'
                   for i, (_, b) in enumerate(styles))
    return ('<style>text{font:12px sans-serif;fill:#24292f}.title{font-weight:bold;font-size:13px}'
            '.grid{stroke:#8884;stroke-width:1}.axis{stroke:#888}'
            '.line{fill:none;stroke-width:2}' + light +
            '@media(prefers-color-scheme:dark){text{fill:#e6edf3}' + dark + '}</style>')


class LogAxis:
    """Values to [0,1], with ticks at round multiples of powers of ten."""
    steps = [[1], [1, 2, 5], [1, 1.5, 2, 3, 4, 6], [s / 2 for s in range(2, 20)],
             [s / 5 for s in range(5, 50)], [s / 10 for s in range(10, 100)]]

    def __init__(self, values):
        low, high = min(values), max(values)
        margin = max((high / low) ** 0.08, 1.05)
        self.low, self.high = low / margin, high * margin

    def __call__(self, value):
        return math.log(value / self.low) / math.log(self.high / self.low)

    def ticks(self):
        """As few as possible, but three."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for steps in self.steps:
            values = [step * 10.0 ** power for power in range(first, last + 1) for step in steps]
            values = [value for value in values if self.low <= value <= self.high]
            if len(values) >= 3:
                break
        return values


def text(x, y, words, anchor='middle', more=''):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(words)}</text>'


def frame(title, x_axis, y_axis, place):
    parts = [text(left, 18, title, 'start', 'class="title"')]
    for value in x_axis.ticks():
        x, _ = place(value, y_axis.low)
        parts.append(f'<path class="grid" d="M{x:.1f},{top}V{height - bottom}"/>')
        parts.append(text(x, height - bottom + 16, f'{value:g}'))
    for value in y_axis.ticks():
        _, y = place(x_axis.low, value)
        parts.append(f'<path class="grid" d="M{left},{y:.1f}H{width - right}"/>')
        parts.append(text(left - 6, y + 4, f'{value:g}', 'end'))
    parts.append(f'<path class="axis" fill="none" '
                 f'd="M{left},{top}V{height - bottom}H{width - right}"/>')
    middle = (left + width - right) / 2
    parts.append(text(middle, height - 14, 'relative content distance, relu4_2'))
    parts.append(text(0, 0, 'relative Gram distance, mean', 'middle',
                      f'transform="translate(14,{(top + height - bottom) / 2:.0f}) rotate(-90)"'))
    return parts


def panel(title, curves):
    """curves: method → [(emphasis, content, style)], by emphasis. Logarithms leave out zeros."""
    curves = {method: [point for point in curve if point[1] > 0 and point[2] > 0]
              for method, curve in curves.items()}
    points = [point for curve in curves.values() for point in curve]
    if not points:
        return [text(left, 18, f'{title}: no distances to draw', 'start')]
    x_axis = LogAxis([content for _, content, _ in points])
    y_axis = LogAxis([style for _, _, style in points])

    def place(content, style):
        return (left + x_axis(content) * (width - left - right),
                height - bottom - y_axis(style) * (height - top - bottom))

    parts = frame(title, x_axis, y_axis, place)
    for index, curve in enumerate(curves.values()):
        places = [place(content, style) for _, content, style in curve]
        if len(places) > 1:
            path = 'M' + 'L'.join(f'{x:.1f},{y:.1f}' for x, y in places)
            parts.append(f'<path class="line l{index}" d="{path}"/>')
        for (emphasis, _, _), (x, y) in zip(curve, places):
            parts.append(f'<g><title>style weight x {emphasis:g}</title>{marker(index, x, y)}</g>')
    return parts


def draw(panels, methods):
    """panels: title → curves as of panel(); methods: the legend's names in the curves' order."""
    total = width * len(panels)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {height + 30}" '
             f'width="{total}" height="{height + 30}" role="img">', style_sheet()]
    for index, (title, curves) in enumerate(panels.items()):
        parts.append(f'<g transform="translate({index * width},0)">')
        parts += panel(title, curves)
        parts.append('</g>')
    x = left
    for index, name in enumerate(methods):
        parts.append(f'<path class="line l{index}" d="M{x},{height + 10}h24"/>')
        parts.append(marker(index, x + 12, height + 10))
        parts.append(text(x + 30, height + 14, name, 'start'))
        x += 50 + 7 * len(name)
    return '\n'.join(parts + ['</svg>']) + '\n'
