#!/usr/bin/env python3
"""Measure how much speed assay-forward keeps while another process keeps one of the cores busy.

    tests/bench/busy_core.py [--bin DIR] [--model DIR] [--data FILE ...] [--limit N] [--rounds N] [--core N] [--json FILE]

    example: tests/bench/busy_core.py --bin build/release/bin --rounds 5

An engine that gives each core a fixed part of every step waits for the slowest: with one of two cores shared with a busy loop
it falls to about half of its speed, although three quarters of the computing time are still there. Measured with the
program's default and with --workers 1 --threads <all cores> (where the program has --workers), each alone and beside the
loop, in alternation. The ideal is printed: the busy core is shared fairly between the two, so (cores - 0.5) / cores is left.

The loop is pinned to one core, runs only during the measurements, is stopped after each, and ends by itself after --loop-seconds.

Exit codes: 0 done; 1 a program failed.
"""
import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import bench_kit as kit

# Checks the clock and its parent now and then: ends by itself even if this program is killed.
LOOP = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
end, parent = time.monotonic() + float(sys.argv[2]), os.getppid()
print("busy", flush=True)
while time.monotonic() < end and os.getppid() == parent:
    for _ in range(100_000):
        pass
"""


def beside_a_loop(contender, core, seconds):
    def run():
        loop = subprocess.Popen([sys.executable, "-c", LOOP, str(core), str(seconds)], stdout=subprocess.PIPE, text=True)
        try:
            loop.stdout.readline()  # It is pinned and running.
            result = contender()
            if loop.poll() is not None:
                raise kit.BenchError("the busy loop ended before the measurement did: raise --loop-seconds, or lower --limit")
            return result
        finally:
            loop.kill()
            loop.wait()
            loop.stdout.close()
    return run


def body(args):
    if args.core not in os.sched_getaffinity(0):
        raise kit.BenchError(f"--core {args.core} is none of this process's cores, {sorted(os.sched_getaffinity(0))}")
    ways = {"default": []}
    if kit.forward_has(args, "--workers"):
        ways["one worker, all threads"] = ["--workers", "1", "--threads", str(kit.cores())]
    else:
        kit.say("assay-forward has no --workers: only its default is measured")
    rows = kit.spread(kit.read_rows(args.data or kit.DEFAULT_DATA), args.limit)
    ideal = (kit.cores() - 0.5) / kit.cores()
    reports = []
    with tempfile.TemporaryDirectory() as scratch:
        path = kit.write_rows(rows, Path(scratch) / "rows.jsonl")
        contenders = {}
        for way, flags in ways.items():
            alone = kit.Forward(args, path, scratch, flags)
            contenders[f"{way}, alone"] = alone
            contenders[f"{way}, busy core"] = beside_a_loop(alone, args.core, args.loop_seconds)
        alone.warm_up()
        results = kit.alternate(contenders, args.rounds)
    for way in ways:
        names = [f"{way}, alone", f"{way}, busy core"]
        table = kit.report(f"{way}: {kit.sample_text(rows)}, {args.dtype}", {name: results[name] for name in names}, names[0])
        table |= {"ideal": ideal, "largest_difference": kit.largest_difference(results, *names)}
        print(f"\nIdeal: {ideal:.2f}. Largest difference of a score: {table['largest_difference']:.2g}", flush=True)
        reports.append(table)
    return reports


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kit.add_arguments(parser, rounds=3)
    parser.add_argument("--data", type=Path, nargs="+", action="extend", metavar="FILE", help="default: the 840 bundled pairs")
    parser.add_argument("--limit", type=int, default=60, help="rows of all files together, at equal distances; 0: all (default: 60)")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the core to keep busy (default: the last)")
    parser.add_argument("--loop-seconds", type=float, default=300, help="longest life of the loop (default: 300)")
    kit.run("busy_core", parser.parse_args(), body)


if __name__ == "__main__":
    main()
