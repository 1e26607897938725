#!/usr/bin/env python3
"""Draws the learning curve of one or more runs as an SVG, with nothing but Python's own library.

    docs/draw_curve.py OUT.svg RUN [RUN ...]

Each RUN is a run directory; its curve is rollout/ep_rew_mean of progress.csv over env_steps. Dots are the
periodic evaluations of evaluations.csv."""

import csv
import pathlib
import sys

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 360, 56, 44, 16, 36
COLOURS = ["#2563eb", "#db2777", "#059669", "#d97706", "#7c3aed", "#475569"]


def column(path, x, y):
    with open(path) as file:
        return [(float(row[x]), float(row[y])) for row in csv.DictReader(file) if row[y]]


def ticks(limit, count=5):
    """Round numbers from 0 to `limit`."""
    step = 10 ** len(str(int(limit))) / 100 if limit >= 1 else 0.1
    while limit / step > count:
        step *= 2 if str(step).lstrip("0.")[0] in "15" else 2.5
    return [i * step for i in range(int(limit / step) + 1)]


def main(out, runs):
    curves = [column(pathlib.Path(run) / "progress.csv", "time/total_timesteps", "rollout/ep_rew_mean") for run in runs]
    dots = [column(pathlib.Path(run) / "evaluations.csv", "env_steps", "mean_reward") for run in runs]
    points = [p for line in curves + dots for p in line]
    most_x, most_y = max(x for x, _ in points), max(y for _, y in points) * 1.05
    least_y = min(0, min(y for _, y in points))

    def place(x, y):
        return (LEFT + x / most_x * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - (y - least_y) / (most_y - least_y) * (HEIGHT - BOTTOM - TOP))

    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="Inter, sans-serif" '
           f'font-size="12" fill="#475569">', f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for y in ticks(most_y):
        _, py = place(0, y)
        svg.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{py:.1f}" y2="{py:.1f}" stroke="#e2e8f0"/>'
                   f'<text x="{LEFT - 8}" y="{py + 4:.1f}" text-anchor="end">{y:g}</text>')
    for x in ticks(most_x):
        px, _ = place(x, least_y)
        svg.append(f'<text x="{px:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x:,.0f}</text>')
    svg.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">env_steps</text>')
    svg.append(f'<text x="14" y="{HEIGHT / 2}" transform="rotate(-90 14 {HEIGHT / 2})" text-anchor="middle">return</text>')
    for i, (curve, evaluations) in enumerate(zip(curves, dots)):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in (place(*p) for p in curve))
        svg.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>')
        svg += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="4" fill="white" stroke="{colour}" stroke-width="2"/>'
                for px, py in (place(*p) for p in evaluations)]
        svg.append(f'<text x="{LEFT + 12}" y="{TOP + 16 + 16 * i}" fill="{colour}">{pathlib.Path(runs[i]).name}</text>')
    pathlib.Path(out).write_text("\n".join(svg + ["</svg>"]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
