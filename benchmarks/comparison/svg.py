"""Line plots as SVG, written by hand. They bring their own white ground, so that they can be read on a dark page too."""
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 420, 76, 130, 46, 58
INK, FAINT, COLOURS = "#24292f", "#d0d7de", ("#0969da", "#bc4c00", "#8250df")


def plot(title, x_label, y_label, series, logarithmic=False):
    """series: (name, [(x, y), ...]) or (name, points, "dashed"). Both axes start at 0, or both are logarithmic."""
    xs = [x for s in series for x, _ in s[1]]
    ys = [y for s in series for _, y in s[1]]
    x_ticks, y_ticks = sorted(set(xs)), decades(min(ys), max(ys)) if logarithmic else steps(max(ys))
    scale = math.log if logarithmic else float
    x0, x1 = (scale(min(xs)), scale(max(xs))) if logarithmic else (0.0, max(xs))
    y0, y1 = (scale(y_ticks[0]), scale(y_ticks[-1])) if logarithmic else (0.0, y_ticks[-1])

    def px(x):
        return LEFT + (scale(x) - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)

    def py(y):
        return HEIGHT - BOTTOM - (scale(y) - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM)

    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}" font-family="sans-serif" font-size="13" fill="{INK}">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="white"/>', f'<text x="{LEFT}" y="26" font-size="16" font-weight="bold">{title}</text>']
    for y in y_ticks:
        out.append(f'<line stroke="{FAINT}" x1="{LEFT}" x2="{right}" y1="{py(y):.1f}" y2="{py(y):.1f}"/><text x="{LEFT - 8}" y="{py(y) + 4:.1f}" text-anchor="end">{y:g}</text>')
    for x in x_ticks:
        out.append(f'<line stroke="{INK}" x1="{px(x):.1f}" x2="{px(x):.1f}" y1="{bottom}" y2="{bottom + 5}"/><text x="{px(x):.1f}" y="{bottom + 20}" text-anchor="middle">{x:g}</text>')
    out.append(f'<path stroke="{INK}" fill="none" d="M{LEFT} {TOP}V{bottom}H{right}"/>')
    out.append(f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{x_label}</text>')
    out.append(f'<text transform="translate(20 {(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">{y_label}</text>')
    labels = spread([(py(s[1][-1][1]), i) for i, s in enumerate(series)])
    for i, (name, points, *dashed) in enumerate(series):
        colour, path = COLOURS[i % len(COLOURS)], "L".join(f"{px(x):.1f} {py(y):.1f}" for x, y in points)
        if dashed:
            colour, stroke = INK, 'stroke-width="1" stroke-dasharray="2 5"'
        else:
            stroke = 'stroke-width="2.5"'
            out += [f'<circle cx="{px(x):.1f}" cy="{py(y):.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
        out.append(f'<path d="M{path}" fill="none" stroke="{colour}" {stroke}/><text x="{px(points[-1][0]) + 9:.1f}" y="{labels[i] + 4:.1f}" fill="{colour}">{name}</text>')
    return "\n".join([*out, "</svg>", ""])


def steps(top, about=6):
    """0 to at least top in round steps."""
    step = min((m * 10 ** e for e in range(-6, 9) for m in (1, 2, 5)), key=lambda s: abs(top / s - about))
    return [round(step * i, 10) for i in range(math.ceil(top / step) + 1)]


def decades(low, high):
    return [10.0 ** e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def spread(labels, apart=16):
    """Moves labels apart that would lie on each other; returns their heights by index."""
    heights, last = {}, -math.inf
    for y, i in sorted(labels):
        last = heights[i] = max(y, last + apart)
    return heights
