#!/usr/bin/env python3
"""What assay-fleet-simulator says beside what real servers do under the same load.

    tests/fleet/simulator_validation.py build/dev/bin                                 # paced servers: 1, 2 and 4 replicas, five loads
    tests/fleet/simulator_validation.py build/dev/bin --model .deps/models/armorm-mini   # the real engine on two cores

Paced: assay-fake-server is the product's server on a device of known speed, so that four fit on two cores; `assay bench` puts loads on
them: a closed loop at saturation, an open one at 50, 80 and 95 % of what the devices can, and at 150 % with deadlines. The simulator gets
the same lengths in the same order and the same arrivals, so that what differs is the model's error and the machine's noise, not luck. The
overhead of a pass and the time a request spends outside it are taken from a run of its own (one request at a time).

--model: one assay-server with both cores, then two with a core each. Speed and overhead of a pass are fitted from runs of their own (one
request at a time, and a closed loop), with other lengths than the runs compared. A run should hold some tens of passes: where the machine
is slow, --dtype int8 and --batch-tokens 1024.

Bar: throughput and p99 within 15 % (--bar) at each, of the median of --rounds runs. BIN_DIR holds assay, assay-server or
assay-fake-server, and assay-fleet-simulator; --simulator names the last one elsewhere.
Exit codes: 0 every bar holds; 1 one does not; 2 bad usage, or a program does not run.
"""
import argparse
import concurrent.futures
import contextlib
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bench"))
import bench_kit as kit  # noqa: E402

WORKERS = 2
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def start_server(command, environment=None):
    server = subprocess.Popen([str(part) for part in command], env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    kit._long_lived.append(server)  # Its time is this run's own.
    found = re.fullmatch(r"listening on (\S+)\n", server.stdout.readline())
    if not found:
        raise kit.BenchError(f"{command[0]} did not start; start it by hand to see why")
    return server, found[1]


@contextlib.contextmanager
def running(commands):
    """Servers of these (command, environment), until the end; gives their addresses."""
    servers = []
    try:
        for command, environment in commands:
            servers.append(start_server(command, environment))
        yield ",".join(address for _, address in servers)
    finally:
        for server, _ in servers:
            server.send_signal(signal.SIGTERM)
        for server, _ in servers:
            server.wait(timeout=60)
            kit._long_lived.remove(server)


def bench(args, address, flags):
    return json.loads(kit.run_program([args.bin_dir / "assay", "bench", "--address", address, "--format", "json", *flags]).stdout)


def simulate(args, flags):
    return json.loads(kit.run_program([args.simulator, "--format", "json", *flags]).stdout)


def figures(report):
    latency = report["latency"] or {"p50": float("nan"), "p99": float("nan")}
    return {"goodput": report["goodput"], "p50": latency["p50"], "p99": latency["p99"], "refused": report["refused"] / report["sent"]}


# ---- paced servers: a byte is a token, one more ends the prompt and each response ----

def write_paced_rows(folder, table, responses, rows, seed):
    """Rows of lengths drawn from the table, for `assay bench`, and the same lengths for the simulator."""
    dice = random.Random(seed)
    lengths = [[int(cell) for cell in line.split("\t")] for line in table.read_text().splitlines() if not line.startswith("#")]
    data, replay = folder / f"rows{seed}.jsonl", folder / f"lengths{seed}.tsv"
    tokens = 0
    with open(data, "w", encoding="utf-8") as data_file, open(replay, "w", encoding="utf-8") as replay_file:
        for _ in range(rows):
            prompt = min(dice.choice(lengths)[0], 1000)
            own = [min(dice.choice(dice.choice(lengths)[1:]), 700) for _ in range(responses)]
            # First letters differ, so that the prompt alone is shared.
            texts = [(LETTERS[i] + "".join(dice.choices(LETTERS, k=n)))[:n - 1] if n > 1 else "" for i, n in enumerate(own)]
            data_file.write(json.dumps({"prompt": "".join(dice.choices(LETTERS, k=prompt - 1)), "responses": texts}) + "\n")
            replay_file.write("\t".join(map(str, [prompt, *own])) + "\n")
            tokens += prompt + sum(own)
    return data, replay, tokens / rows


def paced_loads(replicas, capacity, seconds, warm_up):
    """(name, flags of both) with `capacity` in requests a second."""
    common = ["--duration", seconds, "--warm-up", warm_up, "--seed", 7]
    loads = [("closed loop", ["--concurrency", 16 * replicas, "--deadline", 60, *common])]
    for percent in (50, 80, 95):
        loads.append((f"open, {percent} %", ["--rate", round(capacity * percent / 100, 3), "--deadline", 60, *common]))
    return loads + [("open, 150 %, 2 s", ["--rate", round(capacity * 1.5, 3), "--deadline", 2, *common])]


def paced_fleet(args, folder, replicas):
    """Every load on `replicas` servers; gives rows of (replicas, load, [measured], simulated)."""
    data, replay, mean_tokens = write_paced_rows(folder, args.lengths, args.responses, 3000, replicas)
    options = ["--max-batch-tokens", args.batch_tokens]
    command = [args.bin_dir / "assay-fake-server", "--listen", "127.0.0.1:0", "--log-level", "error", *options]
    environment = {"ASSAY_FAKE_TOKENS_PER_SECOND": str(args.speed / WORKERS), "ASSAY_FAKE_WORKERS": str(WORKERS)}
    with running([(command, environment)] * replicas) as address:
        overhead, outside = calibrate_paced(args, address, args.speed / WORKERS)
        model = ["--replicas", replicas, "--tokens-per-second", args.speed, "--device", "own", "--workers", WORKERS, *options,
                 "--pass-overhead", overhead, "--encode-request", 0, "--encode-tokens-per-second", 1e8, "--network", outside / 2,
                 "--max-attempts", 1, "--balance", args.balance, "--lengths", replay, "--lengths-in-order"]
        loads = paced_loads(replicas, replicas * args.speed / mean_tokens, args.seconds, args.warm_up)
        measured = {name: [] for name, _ in loads}
        for number in range(args.rounds):
            for name, flags in loads if number % 2 == 0 else loads[::-1]:
                result = figures(bench(args, address, [*flags, "--data", data]))
                measured[name].append(result)
                kit.say(f"{replicas} replicas, {name}, round {number + 1}: {result['goodput']:.1f}/s, p99 {result['p99']:.3f} s")
        return [(f"{replicas}", name, measured[name], figures(simulate(args, [*model, *flags]))) for name, flags in loads]


def calibrate_paced(args, address, worker_speed):
    """(seconds that a lone request's pass takes beyond its tokens, on average; and those outside the pass, the median)."""
    report = bench(args, address, ["--concurrency", 1, "--duration", 8, "--warm-up", 1, "--responses", 1, "--prompt-bytes", 299,
                                   "--response-bytes", 299, "--seed", 11])
    overhead = max(0.0, report["stages"]["forward"] - 600 / worker_speed)
    outside = max(0.0, report["latency"]["p50"] - 600 / worker_speed - overhead)
    kit.say(f"a pass takes {overhead * 1e3:.1f} ms beyond its tokens, a request {outside * 1e3:.1f} ms beyond its pass")
    return overhead, outside


def paced(args):
    with tempfile.TemporaryDirectory() as folder:
        work = [lambda n=n: paced_fleet(args, Path(folder), n) for n in args.replicas]
        # Side by side: they wait, they do not compute.
        with concurrent.futures.ThreadPoolExecutor(len(work)) as pool:
            return [row for rows in pool.map(lambda each: each(), work) for row in rows]


# ---- the real engine ----

def real_fleet(args, name, commands, kind):
    """A closed loop and an open one on servers of these commands, after a calibration with other lengths."""
    replicas = len(commands)
    with running(commands) as address:
        fit, table = real_rows(args)
        measured = {"closed loop": [], "open, 60 %": []}
        simulated = {load: [] for load in measured}
        for number in range(args.rounds):
            # Speeds of a shared machine drift: each round has a calibration of its own, before what is compared.
            speed, overhead = calibrate_real(args, address, replicas, fit)
            rate = 0.6 * speed * replicas / table["mean"]
            model = ["--replicas", replicas, "--tokens-per-second", speed, "--pass-overhead", overhead, *kind, "--max-batch-tokens", args.batch_tokens,
                     "--network", 0.0005, "--max-attempts", 1, "--balance", args.balance, "--lengths", table["lengths"], "--lengths-in-order"]
            common = ["--duration", args.seconds, "--warm-up", args.warm_up, "--deadline", 300, "--seed", 3 + number]
            for load, flags in (("closed loop", ["--concurrency", 16 * replicas, *common]), ("open, 60 %", ["--rate", round(rate, 3), *common])):
                result, others = kit.with_others(lambda flags=flags: figures(bench(args, address, [*flags, "--data", table["data"]])))
                measured[load].append(result)
                simulated[load].append(figures(simulate(args, [*model, *flags])))
                kit.say(f"{name}, {load}, round {number + 1}: {result['goodput']:.2f}/s, p99 {result['p99']:.2f} s, simulated "
                        f"{simulated[load][-1]['goodput']:.2f}/s, {simulated[load][-1]['p99']:.2f} s; others took {others:.0%} of the cores")
        return [(name, load, measured[load], median_of(simulated[load])) for load in measured]


def real_rows(args):
    """Pairs of the bundled data in two halves, one to fit to and one to compare with: [{data, lengths, mean tokens}], by the product's tokenizer."""
    rows = kit.read_rows([ROOT / "data/helpful_base.jsonl.gz"])
    # The lengths of all pairs are in the table, in the files' order: see tools/make_length_table.py.
    lines = [line for line in args.lengths.read_text().splitlines() if not line.startswith("#")]
    first = len(kit.read_rows([ROOT / "data/anthropic_hhh.jsonl.gz"]))
    halves = []
    for half in range(2):
        data = kit.write_rows([{"prompt": row["prompt"], "responses": kit.responses_of(row)} for row in rows[half::2]],
                              Path(args.scratch) / f"real{half}.jsonl")
        block = lines[first + half:first + len(rows):2]
        lengths = data.with_suffix(".tsv")
        lengths.write_text("\n".join(block) + "\n")
        halves.append({"data": data, "lengths": lengths, "mean": statistics.mean(sum(map(int, line.split("\t"))) for line in block)})
    return halves


def calibrate_real(args, address, replicas, rows):
    """(tokens a second of a replica, overhead of a pass), from a closed loop and from one request at a time."""
    clients = 16 * replicas
    busy = bench(args, address, ["--concurrency", clients, "--duration", args.seconds, "--warm-up", 3, "--deadline", 300, "--data", rows["data"]])
    lone = bench(args, address.split(",")[0], ["--concurrency", 1, "--duration", args.seconds / 2, "--warm-up", 1, "--data", rows["data"]])
    speed = rows["mean"] * busy["goodput"] / replicas
    overhead = max(0.0, lone["stages"]["forward"] - rows["mean"] / speed)
    kit.say(f"calibration: {speed:.0f} tokens/s a replica, {overhead * 1e3:.1f} ms a pass")
    return speed, overhead


def median_of(runs):
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def real(args):
    server = [args.bin_dir / "assay-server", "--listen", "127.0.0.1:0", "--log-level", "error", "--model", args.model, "--dtype", args.dtype,
              "--max-batch-tokens", args.batch_tokens]
    with tempfile.TemporaryDirectory() as folder:
        args.scratch = folder
        rows = real_fleet(args, "1, two cores", [(server, None)], ["--device", "shared", "--workers", 2])
        pinned = [(["taskset", "-c", str(core), *server, "--cpu-threads", 1, "--workers", 1], None) for core in range(2)]
        return rows + real_fleet(args, "2, a core each", pinned, ["--device", "shared", "--workers", 1])


# ---- comparing ----

def show(rows, bar):
    print("| replicas | load | goodput/s | simulated | | p50 s | simulated | p99 s | simulated | | refused % | simulated | p99 of the runs |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    holds = True
    for replicas, load, runs, simulated in rows:
        measured = median_of(runs)
        off = {key: simulated[key] / measured[key] - 1 for key in ("goodput", "p99")}
        holds &= all(abs(value) <= bar for value in off.values())
        print(f"| {replicas} | {load} | {measured['goodput']:.2f} | {simulated['goodput']:.2f} | {off['goodput']:+.1%} "
              f"| {measured['p50']:.3f} | {simulated['p50']:.3f} | {measured['p99']:.3f} | {simulated['p99']:.3f} | {off['p99']:+.1%} "
              f"| {100 * measured['refused']:.1f} | {100 * simulated['refused']:.1f} "
              f"| {min(run['p99'] for run in runs):.3f} to {max(run['p99'] for run in runs):.3f} |")
    return holds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin_dir", type=Path, metavar="BIN_DIR")
    parser.add_argument("--simulator", type=Path, metavar="FILE", help="default: assay-fleet-simulator in BIN_DIR")
    parser.add_argument("--model", metavar="FOLDER", help="compare with assay-server on this checkpoint instead of paced servers")
    parser.add_argument("--dtype", default="auto", help="--dtype of assay-server, with --model (default: auto)")
    parser.add_argument("--replicas", type=lambda text: [int(n) for n in text.split(",")], default=[1, 2, 4], metavar="N,N,...",
                        help="fleets of paced servers, run side by side (default: 1,2,4)")
    parser.add_argument("--speed", type=float, default=10000, help="tokens a second of a paced server (default: 10000)")
    parser.add_argument("--batch-tokens", type=int, default=4096, help="--max-batch-tokens of the servers (default: 4096)")
    parser.add_argument("--responses", type=int, default=4, help="of each request to paced servers (default: 4)")
    parser.add_argument("--seconds", type=float, default=40, help="that each run is counted (default: 40)")
    parser.add_argument("--warm-up", type=float, default=5, help="before that, of each run (default: 5)")
    parser.add_argument("--balance", choices=["bounded", "round-robin"], default="bounded",
                        help="what the client of BIN_DIR does (default: bounded)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each load, whose medians are compared (default: 3)")
    parser.add_argument("--bar", type=float, default=0.15, help="largest relative difference (default: 0.15)")
    parser.add_argument("--lengths", type=Path, default=ROOT / "data/token_lengths.tsv", metavar="FILE", help="table of lengths to draw from")
    args = parser.parse_args()
    args.simulator = args.simulator or args.bin_dir / "assay-fleet-simulator"
    try:
        rows, others = kit.with_others(lambda: real(args) if args.model else paced(args))
    except (kit.BenchError, OSError) as error:
        print(f"simulator_validation: {error}", file=sys.stderr)
        sys.exit(2)
    holds = show(rows, args.bar)
    print(f"\nOther processes took {others:.0%} of the cores meanwhile. Bar of {args.bar:.0%}: {'holds' if holds else 'does not hold'}.")
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
