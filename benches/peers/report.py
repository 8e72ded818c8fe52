#!/usr/bin/env python3
"""Tables and a plot of what scripts/peers has measured: medians of the rounds, and each server beside the limit server of its transport.

    report.py [--table] FIGURES   prints the tables; with --table they also go into docs/PERFORMANCE.md, and the plot beside it
    report.py --line              a few words about the run on standard input
"""

import json
import math
import pathlib
import statistics
import sys

DOCS = pathlib.Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- scripts/peers --table writes from here -->", "<!-- to here -->"

TALKS = {
    "family": "5 members, all of whom speak, 20 messages a second in all",
    "office": "50 members, 10 of whom speak, as much as goes through",
    "campus": "500 members, 10 of whom speak, as much as goes through",
    "lively": "500 members, 10 of whom speak, 200 messages a second in all",
}
NAMES = {"parlor": "**parlor**", "limit": "*limit*", "inspircd": "InspIRCd", "ngircd": "ngIRCd"}
OVER = {"tcp": "plain TCP", "tls": "TLS", "quic": "QUIC"}
COLOURS = {"parlor": "#36c", "before": "#69f", "limit": "#999"}


def number(value):
    """Three digits that mean something, as a person writes them."""
    if value is None:
        return ""
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    if value == 0:
        return "0"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


class Results:
    """All runs, by workload, server and transport."""

    def __init__(self, file):
        self.runs = {}
        for line in open(file):
            one = json.loads(line)
            self.runs.setdefault((one["workload"], one["server"], one["over"]), []).append(one["run"])

    def servers(self, workload):
        """Those that it was asked of, in the order in which they ran, one transport after the other."""
        asked = [(server, over) for what, server, over in self.runs if what == workload]
        return sorted(asked, key=lambda one: list(OVER).index(one[1]))

    def values(self, workload, server, over, *path):
        """The figure of every run that was valid."""
        values = []
        for run in self.runs.get((workload, server, over), []):
            if run and run["is_valid"]:
                for step in path:
                    run = run and run[step]
                if run is not None:
                    values.append(run)
        return values

    def median(self, *which):
        values = self.values(*which)
        return statistics.median(values) if values else None

    def beside_limit(self, workload, server, over, *path):
        """How many times the limit server's figure."""
        own, limit = self.median(workload, server, over, *path), self.median(workload, "limit", over, *path)
        return number(own / limit) if own is not None and limit else ""

    def valid(self, workload, server, over):
        runs = self.runs[workload, server, over]
        return f"{sum(bool(run and run['is_valid']) for run in runs)} of {len(runs)}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| --- | --- |" + " ---: |" * (len(head) - 2)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def talk(results, workload):
    head = ["", "over", "valid", "deliveries/s", "CPU, s for a million", "from–to", "÷ limit", "p50, ms", "p99", "p99.9", "p99 ÷ limit"]
    rows = []
    for server, over in results.servers(workload):
        which = workload, server, over
        cpu = results.values(*which, "talk", "cpu")
        latency = [number(results.median(*which, "talk", "latency_ms", part)) for part in ("p50", "p99", "p999")]
        rows.append([
            NAMES.get(server, server), OVER[over], results.valid(*which),
            number(results.median(*which, "talk", "deliveries_per_second")),
            number(results.median(*which, "talk", "cpu")),
            f"{number(min(cpu))}–{number(max(cpu))}" if cpu else "",
            results.beside_limit(*which, "talk", "cpu"), *latency,
            results.beside_limit(*which, "talk", "latency_ms", "p99"),
        ])
    return table(head, rows)


def joins(results, workload):
    head = ["", "over", "s until the last is in", "÷ limit", "CPU, ms for each", "÷ limit", "attempts made again"]
    rows = []
    for server, over in results.servers(workload):
        which = workload, server, over
        rows.append([
            NAMES.get(server, server), OVER[over],
            number(results.median(*which, "join", "seconds")), results.beside_limit(*which, "join", "seconds"),
            number(results.median(*which, "join", "cpu_ms")), results.beside_limit(*which, "join", "cpu_ms"),
            number(results.median(*which, "join", "again")),
        ])
    return table(head, rows)


def idle(results):
    head = ["", "over", "empty, MiB", "with all, MiB", "KiB for each", "÷ limit", "CPU while idle, % of a core"]
    rows = []
    for server, over in results.servers("idle"):
        which = "idle", server, over
        mib = [results.median(*which, "memory", part) for part in ("before_kib", "after_kib")]
        share = results.median(*which, "idle", "cpu")
        rows.append([
            NAMES.get(server, server), OVER[over], *(number(kib and kib / 1024) for kib in mib),
            number(results.median(*which, "memory", "kib_each")),
            results.beside_limit(*which, "memory", "kib_each"), number(share and 100 * share),
        ])
    return table(head, rows)


def tables(results):
    parts = []
    for workload, what in TALKS.items():
        if results.servers(workload):
            parts += [f"#### {what}", talk(results, workload)]
    for workload in ("campus", "lively"):
        if results.servers(workload):
            parts += ["#### 500 come in at once", joins(results, workload)]
            break
    if results.servers("idle"):
        parts += ["#### 999 members, and nobody speaks", idle(results)]
    return "\n\n".join(parts)


def plot(results, file):
    """The processor's time for a million deliveries, a bar for each server, on a logarithmic scale."""
    out, width, left, right = [], 700, 150, 60
    y = 10

    def text(x, y, anchor, words, more=""):
        out.append(f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"{more}>{words}</text>')

    for workload, what in TALKS.items():
        bars = [(server, over, results.median(workload, server, over, "talk", "cpu"))
                for server, over in results.servers(workload)]
        bars = [bar for bar in bars if bar[2]]
        if not bars:
            continue
        least, most = (math.log10(pick(bar[2] for bar in bars)) for pick in (min, max))
        least -= 0.3
        y += 26
        text(10, y, "start", f"{what}: s of processor for a million deliveries", ' font-weight="bold"')
        y += 8
        for server, over, cpu in bars:
            length = (math.log10(cpu) - least) / (most - least) * (width - left - right)
            text(left - 8, y + 12, "end", f"{server}, {over.upper()}")
            colour = COLOURS.get(server, "#c96")
            out.append(f'<rect x="{left}" y="{y + 2}" width="{length:.1f}" height="12" fill="{colour}"/>')
            text(left + length + 5, y + 12, "start", number(cpu))
            y += 17
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + 10}" font-family="sans-serif" font-size="12">'
    back = f'<rect width="{width}" height="{y + 10}" fill="#fff"/>'
    file.write_text("\n".join([head, back, *out, "</svg>\n"]))


def line(run):
    if not run:
        return "nothing"
    words = [f"in within {run['join']['seconds']:.2f} s, {run['join']['cpu_ms']:.3f} ms each, {run['memory']['kib_each']:.1f} KiB each"]
    if run["idle"]:
        words.append(f"idle {100 * run['idle']['cpu']:.2f} %")
    if said := run["talk"]:
        latency = said["latency_ms"]
        words.append(
            f"{number(said['deliveries_per_second'])}/s, {number(said['cpu'])} s/M, p50 {number(latency['p50'])} p99 {number(latency['p99'])} ms,"
            f" busy {said['server_busy']:.2f}, load {said['load_busy']:.2f}, others {said['others_busy']:.2f}")
    if not run["is_valid"]:
        words.append(f"NOT VALID {run['faults']} {run['complaint']}")
    return "; ".join(words)


def main():
    if sys.argv[1] == "--line":
        print(line(json.load(sys.stdin)))
        return
    results = Results(sys.argv[-1])
    text = tables(results)
    print(text)
    if "--table" in sys.argv:
        page = DOCS / "PERFORMANCE.md"
        before, rest = page.read_text().split(BEGIN)
        page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}")
        plot(results, DOCS / "peers.svg")


main()
