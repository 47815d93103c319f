#!/usr/bin/env python3
"""The simulated tables of deploy/SIZING.md, made again.

    tools/sizing_tables.py build/dev/bin/assay-fleet-simulator              # all of them
    tools/sizing_tables.py build/dev/bin/assay-fleet-simulator step load    # some: needed load batch sharing step

Prints Markdown; under each table the command of its first row. What a replica can do is in REPLICA below: another model or card is another
line there. Exit codes: 0 done; 1 the simulator failed; 2 bad usage.
"""
import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path

# One H100 with an 8B model in bfloat16, as measured through the server (deploy/SIZING.md).
SPEED = 37500
REPLICA = ["--tokens-per-second", SPEED, "--pass-overhead", 0.003]
LOAD = ["--lengths", "data/token_lengths.tsv", "--clients", 32, "--responses"]  # Then their number.


def tokens_of(responses):
    """Computed tokens of a request, on average over the table of lengths."""
    return 144.5 + 62.7 * responses


# What deploy/kubernetes/components/autoscaler-* set; the defaults of a HorizontalPodAutoscaler are the simulator's.
SHIPPED_TARGETS = {"--hpa-computed": 26000, "--hpa-queued": 19000}
SHIPPED_BEHAVIOUR = {"--hpa-up-period": 60, "--hpa-down-window": 900, "--hpa-down-pods": 1, "--hpa-down-period": 180}

GPU_RATE = SPEED / tokens_of(4)  # Requests of four responses a second that one replica can compute.


class Simulator:
    def __init__(self, program):
        self.program = program
        self.first = None

    def __call__(self, *flags):
        flags = [str(flag) for flag in flags]
        self.first = self.first or flags
        run = subprocess.run([self.program, "--format", "json", *flags], capture_output=True, text=True, check=False,
                             cwd=Path(__file__).resolve().parents[1])
        if run.returncode:
            sys.exit(f"sizing_tables: {run.stderr.strip()}")
        return json.loads(run.stdout)

    def command(self):
        text = "    assay-fleet-simulator " + shlex.join(self.first) + "\n"
        self.first = None
        return text


def share(report, key):
    return f"{100 * report[key] / report['sent']:.1f}"


def seconds(report, key):
    value = report["latency"] and report["latency"][key]
    return "-" if value is None else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def useful(report, replicas):
    """What was computed for calls answered in time, of what the devices can compute."""
    return f"{100 * report['computed_tokens_per_second'] / (replicas * SPEED):.0f}"


def head(*cells):
    row(*cells)
    print("|" + "---|" * len(cells))


def seconds_for(replicas):
    """A larger fleet has as many requests in less time."""
    return 60 if replicas <= 10 else 30 if replicas <= 100 else 10


def needed(simulate):
    head("requests/s", "responses", "deadline s", "replicas needed", "devices busy %", "p50 s", "p99 s")
    for gpus in (10, 100, 1000):
        cases = [(4, 1), (4, 0.25), (16, 0.25), (1, 0.25)][:{10: 4, 100: 2, 1000: 1}[gpus]]
        for responses, deadline in cases:
            rate = round(0.8 * gpus * SPEED / tokens_of(responses), -1)
            report = simulate(*REPLICA, *LOAD, responses, "--rate", rate, "--deadline", deadline, "--max-attempts", 2, "--needed-for", 0.999,
                              "--duration", 2 * seconds_for(gpus))
            row(f"{rate:,.0f}", responses, deadline, report["replicas"], f"{100 * report['utilisation']:.0f}", seconds(report, "p50"),
                seconds(report, "p99"))


def load(simulate):
    head("replicas", "load %", "requests/s", "answered in time/s", "refused %", "late %", "p50 s", "p99 s", "devices busy %", "useful %",
         "tries a call")
    for replicas in (10, 100, 1000):
        for percent in (50, 80, 95, 150):
            rate, duration = round(replicas * GPU_RATE * percent / 100), seconds_for(replicas)
            report = simulate("--replicas", replicas, *REPLICA, *LOAD, 4, "--rate", rate, "--deadline", 2, "--duration", duration)
            row(replicas, percent, f"{rate:,}", f"{report['goodput']:,.0f}", share(report, "refused"), share(report, "missed"),
                seconds(report, "p50"), seconds(report, "p99"), f"{100 * report['utilisation']:.0f}",
                useful(report, replicas), f"{report['tries'] / report['sent']:.2f}")


def batch(simulate):
    head("--max-batch-tokens", "pass s", "80 %: p50 s", "80 %: p99 s", "150 %, 1 s: useful %", "late %", "150 %, 2 s: useful %", "late %")
    for tokens in (2048, 4096, 8192, 16384):
        flags = ["--replicas", 10, *REPLICA, *LOAD, 4, "--max-batch-tokens", tokens]
        calm = simulate(*flags, "--rate", round(8 * GPU_RATE), "--deadline", 10)
        hard, harder = (simulate(*flags, "--rate", round(15 * GPU_RATE), "--deadline", deadline) for deadline in (1, 2))
        row(f"{tokens:,}", f"{tokens / SPEED:.2f}", seconds(calm, "p50"), seconds(calm, "p99"), useful(hard, 10), share(hard, "missed"),
            useful(harder, 10), share(harder, "missed"))


def sharing(simulate):
    head("prompt, responses", "prompts", "requests/s of 10 replicas", "computed tokens a request", "gain")
    for prompt, responses, own in ((500, 16, 200), (2000, 4, 300), (150, 2, 60)):
        rates = []
        for name, flags in (("shared", []), ("unshared", ["--unshared"])):
            report = simulate("--replicas", 10, *REPLICA, "--prompt-tokens", prompt, "--response-tokens", own, "--responses", responses,
                              "--concurrency", 320, "--deadline", 300, "--duration", 120, *flags)
            rates.append(report["goodput"])
            tokens = report["computed_tokens_per_second"] / report["goodput"]
            row(f"{prompt}, {responses} x {own}", name, f"{report['goodput']:.0f}", f"{tokens:,.0f}",
                f"{rates[0] / rates[1]:.2f}" if len(rates) == 2 else "")


def flags_of(settings):
    return [word for setting in settings.items() for word in setting]


def autoscalers():
    """(title, settings), by name."""
    return {
        "queued": ("queued tokens, 19,000", {"--hpa-queued": SHIPPED_TARGETS["--hpa-queued"]}),
        "computed": ("computed tokens a second, 26,000", {"--hpa-computed": SHIPPED_TARGETS["--hpa-computed"]}),
        "long queue": ("both, 26,000 and 75,000, as the overlays otherwise", {**SHIPPED_TARGETS, "--hpa-queued": 75000, **SHIPPED_BEHAVIOUR}),
        "shipped": ("both, as the overlays: 26,000 and 19,000", {**SHIPPED_TARGETS, **SHIPPED_BEHAVIOUR}),
    }


def after_step(simulate, settings, delay):
    """The load doubles after 20 minutes, from what fills 5 replicas."""
    rate = round(5 * SPEED / tokens_of(16))
    return simulate("--replicas", 8, *REPLICA, *LOAD, 16, "--deadline", 2, "--max-attempts", 2, "--rate", rate, "--step-at", 1200,
                    "--step-factor", 2, *flags_of(settings), "--hpa-min", 4, "--hpa-max", 40, "--start-delay", delay,
                    "--warm-up", 600, "--duration", 3000, "--timeline", 15)


def step(simulate):
    head("scaled on", "start delay s", "in time before the step %", "worst 15 s %", "seconds of the next 600 below 99 %",
         "replicas before", "most", "40 minutes later", "mean replicas")
    for title, settings in autoscalers().values():
        for delay in (30, 90, 300):
            report = after_step(simulate, settings, delay)
            rows = [entry for entry in report["timeline"] if entry["until"] > 600]
            ok = [entry["ok"] / max(1, entry["ok"] + entry["refused"] + entry["missed"] + entry["unavailable"]) for entry in rows]
            row(title, delay, f"{100 * sum(ok[:40]) / 40:.1f}", f"{100 * min(ok[40:]):.0f}", 15 * sum(good < 0.99 for good in ok[40:80]),
                rows[39]["ready"], max(entry["ready"] for entry in rows[40:]), rows[-1]["ready"], f"{report['mean_replicas']:.1f}")


TABLES = {"needed": needed, "load": load, "batch": batch, "sharing": sharing, "step": step}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("simulator", type=lambda text: Path(text).resolve(), help="the program assay-fleet-simulator")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {' '.join(TABLES)}; default: all")
    args = parser.parse_args()
    unknown = set(args.tables) - set(TABLES)
    if unknown:
        parser.error(f"no table is called {', '.join(sorted(unknown))}")
    simulate = Simulator(args.simulator)
    for name in args.tables or TABLES:
        print(f"\n{name}\n", flush=True)
        TABLES[name](simulate)
        print(f"\n{simulate.command()}", flush=True)


if __name__ == "__main__":
    main()
