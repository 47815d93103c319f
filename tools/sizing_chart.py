#!/usr/bin/env python3
"""The picture of deploy/SIZING.md: three autoscalers after a step of the load, simulated.

    tools/sizing_chart.py build/dev/bin/assay-fleet-simulator deploy/autoscaler_step.svg

Each panel: replicas that are ready, replicas that the load would fill, and below the share of requests answered in time, in steps of 15 s.
Exit codes: 0 drawn; 1 the simulator failed; 2 bad usage.
"""
import argparse
from pathlib import Path

import sizing_tables as tables

WIDTH, PANEL, LEFT, TOP, HEIGHT, GAP, SHARE = 1000, 265, 50, 60, 170, 30, 70
MOST, FROM, UNTIL, STEP = 30, 900, 3000, 1200
LABEL = '<text x="{:.0f}" y="{:.0f}" text-anchor="{}" fill="{}">{}</text>'


def text(x, y, words, anchor="middle", fill="#444"):
    return LABEL.format(x, y, anchor, fill, words)


def line(points, colour, dash=""):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{f" stroke-dasharray={chr(34)}{dash}{chr(34)}" if dash else ""}/>'


def rule(x1, y1, x2, y2):
    return f'<line x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}" stroke="#ddd"/>'


def share_in_time(entry):
    return entry["ok"] / max(1, sum(entry[key] for key in ("ok", "refused", "missed", "unavailable")))


def panel(left, title, timeline):
    def across(seconds):
        return left + PANEL * (seconds - FROM) / (UNTIL - FROM)

    def up(replicas):
        return TOP + HEIGHT * (1 - replicas / MOST)

    floor = TOP + HEIGHT + GAP + SHARE
    parts = [text(left + PANEL / 2, TOP - 14, title)]
    for replicas in range(0, MOST + 1, 10):
        parts += [rule(left, up(replicas), left + PANEL, up(replicas)), text(left - 6, up(replicas) + 4, replicas, "end")]
    for percent in (0, 50, 100):
        y = floor - SHARE * percent / 100
        parts += [rule(left, y, left + PANEL, y), text(left - 6, y + 4, f"{percent} %", "end")]
    for seconds in range(STEP, UNTIL, 600):
        parts.append(text(across(seconds), floor + 16, f"{(seconds - STEP) // 60:+d} min" if seconds != STEP else "load x 2"))
    rows = [entry for entry in timeline if FROM < entry["until"] <= UNTIL]
    load = [(FROM, 5), (STEP, 5), (STEP, 10), (UNTIL, 10)]
    parts.append(line([(across(x), up(y)) for x, y in load], "#888", "5,4"))
    parts.append(line([(across(entry["until"]), up(entry["ready"])) for entry in rows], "#2060b0"))
    parts.append(line([(across(entry["until"]), floor - SHARE * share_in_time(entry)) for entry in rows], "#b04020"))
    return parts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("simulator", type=lambda name: Path(name).resolve(), help="the program assay-fleet-simulator")
    parser.add_argument("output", type=Path, help="SVG file to write")
    args = parser.parse_args()
    simulate = tables.Simulator(args.simulator)
    parts = [text(LEFT, 20, "ready replicas", "start", "#2060b0"), text(LEFT + 120, 20, "replicas that the load fills", "start", "#888"),
             text(LEFT + 310, 20, "share of requests answered in time", "start", "#b04020")]
    for number, name in enumerate(("queued", "computed", "shipped")):
        title, settings = tables.autoscalers()[name]
        parts += panel(LEFT + number * (PANEL + 60), title, tables.after_step(simulate, settings, 90)["timeline"])
    height = TOP + HEIGHT + GAP + SHARE + 30
    args.output.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">\n'
                           f'<rect width="{WIDTH}" height="{height}" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n", encoding="utf-8")


if __name__ == "__main__":
    main()
