#!/usr/bin/env python3
"""Tables and a plot of what scripts/peers has measured: medians of the rounds, and each server beside the limit server of its transport.

    report.py [--table] FIGURES   prints the tables; with --table they also go into docs/PERFORMANCE.md, and the plots beside it
    report.py --line              a few words about the run on standard input
"""

import json
import math
import pathlib
import statistics
import sys

DOCS = pathlib.Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- scripts/peers {}--table writes from here -->", "<!-- to here -->"

TALKS = {
    "family": "5 members, all of whom speak, 20 messages a second in all",
    "office": "50 members, 10 of whom speak, as much as goes through",
    "campus": "500 members, 10 of whom speak, as much as goes through",
    "lively": "500 members, 10 of whom speak, 200 messages a second in all",
}
NAMES = {"parlor": "**parlor**", "limit": "*limit*", "inspircd": "InspIRCd", "ngircd": "ngIRCd"}
OVER = {"tcp": "plain TCP", "tls": "TLS", "quic": "QUIC"}
COLOURS = {"parlor": "#36c", "before": "#69f", "limit": "#999"}
LINES = {"tcp": "#2a2", "tls": "#36c", "quic": "#c62"}


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


def members(workload):
    return int(workload.removeprefix("room"))


def growth(results):
    """What a delivery costs and what the server takes up, in rooms of all sizes."""
    rooms = sorted({workload for workload, _, _ in results.runs}, key=members)
    servers = results.servers(rooms[0])
    parts = []
    for what, path in (("CPU, s for a million deliveries", ("talk", "cpu")), ("resident with all in, MiB", ("memory", "after_kib"))):
        scale = 1 / 1024 if path[0] == "memory" else 1
        rows = []
        for server, over in servers:
            values = [results.median(room, server, over, *path) for room in rooms]
            rows.append([NAMES.get(server, server), OVER[over], *(number(value and value * scale) for value in values)])
        parts += [f"#### {what}", table(["members", "over", *(str(members(room)) for room in rooms)], rows)]
    return "\n\n".join(parts)


def beside(results, workload, head, label):
    """What servers cost and how late they are, beside each other, each under its label."""
    rows = []
    for server, over in results.servers(workload):
        which = workload, server, over, "talk"
        latency = [number(results.median(*which, "latency_ms", part)) for part in ("p50", "p99", "p999")]
        rows.append([label(server), OVER[over], number(results.median(*which, "cpu")), *latency])
    return table([head, "over", "CPU, s for a million", "p50, ms", "p99", "p99.9"], rows)


def waits(results):
    return beside(results, "lively", "wait, ms", lambda server: server.removeprefix("wait"))


def lossy(results):
    who = {"parlor": "(nobody)", "lossy": "a third of all packets is lost"}
    return beside(results, "meeting", "one more, to whom", who.get)


def steps(values, logarithmic):
    """Round numbers around these values, a few of them."""
    if logarithmic:
        least, most = (math.floor(math.log10(pick(values))) for pick in (min, max))
        all_steps = [float(f"{digit}e{power}") for power in range(least, most + 2) for digit in (1, 2, 5)]
        low = max(step for step in all_steps if step <= min(values))
        return [step for step in all_steps if low <= step < max(values)] + [min(step for step in all_steps if step >= max(values))]
    size = next(size for size in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if max(values) / size <= 7)
    return [size * step for step in range(math.ceil(max(values) / size) + 1)]


class Chart:
    """Lines of [name, colour, is dashed, points], over axes that are logarithmic where that is asked for."""

    WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 350, 300, 45, 50, 40, 95

    def __init__(self, x0, title, below, across, lines, logarithmic):
        lines = [(*style, [(x, y) for x, y in points if y]) for *style, points in lines]
        up = steps([y for *_, points in lines for _, y in points], logarithmic)
        self.x0, self.across, self.up = x0, across, up
        self.scale = math.log10 if logarithmic else float
        self.out, self.labels = [], []
        self.text(x0 + 10, 22, title, "start", ' font-weight="bold"')
        self.text(x0 + (self.LEFT + self.WIDTH - self.RIGHT) / 2, self.HEIGHT - 6, below)
        for value in across:
            self.text(self.x(value), self.HEIGHT - self.BOTTOM + 18, number(value) if value < 1 else f"{value:g}")
        for value in up:
            self.text(x0 + self.LEFT - 6, self.y(value) + 4, f"{value:g}", "end")
            self.out.append(f'<path d="M{self.x(across[0]):.1f} {self.y(value):.1f}H{self.x(across[-1]):.1f}" stroke="#ddd"/>')
        for line in sorted(lines, key=lambda line: -line[-1][-1][1] if line[-1] else 0):
            self.line(*line)

    def text(self, x, y, words, anchor="middle", more=""):
        self.out.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{words}</text>')

    def place(self, value, ends, least, most):
        low, high = self.scale(ends[0]), self.scale(ends[-1])
        return least + (self.scale(value) - low) / (high - low) * (most - least)

    def x(self, value):
        return self.place(value, self.across, self.x0 + self.LEFT, self.x0 + self.WIDTH - self.RIGHT)

    def y(self, value):
        return self.place(value, self.up, self.HEIGHT - self.BOTTOM, self.TOP)

    def line(self, name, colour, dashed, points):
        if not points:
            return
        path = "L".join(f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in points)
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.out.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        y = self.y(points[-1][1]) + 4
        while any(abs(y - other) < 13 for other in self.labels):
            y += 13
        self.labels.append(y)
        self.text(self.x(points[-1][0]) + 5, y, name, "start", f' fill="{colour}"')


def draw(file, charts):
    size = f"{Chart.WIDTH * len(charts)} {Chart.HEIGHT}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" font-family="sans-serif" font-size="12">'
    back = f'<rect width="{Chart.WIDTH * len(charts)}" height="{Chart.HEIGHT}" fill="#fff"/>'
    file.write_text("\n".join([head, back, *(part for chart in charts for part in chart.out), "</svg>\n"]))


def plot_growth(results, file):
    rooms = sorted({workload for workload, _, _ in results.runs}, key=members)
    across = [members(room) for room in rooms]
    cpu, memory = [], []
    for server, over in results.servers(rooms[0]):
        style = f"{server}, {over.upper()}", LINES[over], server == "limit"
        cpu.append((*style, [(members(room), results.median(room, server, over, "talk", "cpu")) for room in rooms]))
        kib = [(members(room), results.median(room, server, over, "memory", "after_kib")) for room in rooms]
        memory.append((*style, [(x, y and y / 1024) for x, y in kib]))
    draw(file, [Chart(0, "processor, s for a million deliveries", "members", across, cpu, True),
                Chart(Chart.WIDTH, "resident, MiB", "members", across, memory, True)])


def plot_waits(results, file):
    wait = sorted({int(server.removeprefix("wait")) for _, server, _ in results.runs})
    cpu, late = [], []
    for over in sorted({over for _, _, over in results.runs}):
        def figure(*path):
            return [(ms, results.median("lively", f"wait{ms}", over, "talk", *path)) for ms in wait]
        cpu.append((OVER[over], LINES[over], False, figure("cpu")))
        late.append((f"{OVER[over]}, half", LINES[over], False, figure("latency_ms", "p50")))
        late.append((f"{OVER[over]}, 99 %", LINES[over], True, figure("latency_ms", "p99")))
    draw(file, [Chart(0, "processor, s for a million deliveries", "wait, ms", wait, cpu, False),
                Chart(Chart.WIDTH, "from saying to hearing, ms", "wait, ms", wait, late, False)])


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
    workloads, servers, _ = (set(part) for part in zip(*results.runs))
    if workloads == {"meeting"} and servers <= {"parlor", "lossy"}:
        which, text, plotted, drawn = "--lossy ", lossy(results), None, None
    elif all(workload.startswith("room") for workload in workloads):
        which, text, plotted, drawn = "--growth ", growth(results), plot_growth, "growth.svg"
    elif all(server.startswith("wait") for server in servers):
        which, text, plotted, drawn = "--waits ", waits(results), plot_waits, "waits.svg"
    else:
        which, text, plotted, drawn = "", tables(results), plot, "peers.svg"
    print(text)
    if "--table" in sys.argv:
        if plotted:
            plotted(results, DOCS / drawn)
        page, begin = DOCS / "PERFORMANCE.md", BEGIN.format(which)
        before, rest = page.read_text().split(begin)
        page.write_text(f"{before}{begin}\n\n{text}\n\n{END}{rest.split(END, 1)[1]}")


main()
