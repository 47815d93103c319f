#!/usr/bin/env python3
"""Measure what the server costs beside its engine: throughput under 64 clients, and its own share of one request's time.

    tests/bench/server_vs_engine.py [--bin DIR] [--model DIR] [--data FILE ...] [--limit N] [--rounds N] [--clients N]
        [--requests N] [--skip-throughput] [--skip-latency] [--json FILE]

    example: tests/bench/server_vs_engine.py --bin build/release/bin --rounds 5

Throughput, in alternation on the same pairs: assay-forward alone; `assay eval` (one stream with 64 requests in flight); and 64
clients with a connection and one call each (rpc_client.py). The server's times run from the first request to the last reply,
tokenizing and the last, smaller batch included; assay-forward's are its forward passes only, so the ratio is the strict one.
Programs and clients share the machine's cores.

Latency, with one client and nothing else: the time the client saw less the reply's forward_ns, over --requests single requests
(the first answers of the shortest pairs of the sample). It includes the client's own work and loopback, whose floor, a GetModel
call, is printed beside it.

The clients need grpcio (.deps/parity, see README.md here).

Exit codes: 0 done; 1 a program failed or the contenders count different tokens.
"""
import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import bench_kit as kit


class Eval:
    """`assay eval`: one stream."""

    def __init__(self, args, address, rows_path, scratch):
        self.output = Path(scratch) / "eval"
        self.command = [args.bin / "assay", "eval", "--address", address, "--data", rows_path, "--format", "json", "--detail", "score",
                        "--in-flight", str(args.clients), "--output", self.output]

    def __call__(self):
        summary = json.loads(kit.run_program(self.command).stdout)
        with open(self.output / "rows.jsonl", encoding="utf-8") as lines:
            scores = [row[side]["score"] for row in map(json.loads, lines) for side in ("chosen", "rejected")]
        return kit.Measured(summary["tokens"], summary["elapsed_seconds"], scores)


def rpc_client(args, what, address, rows_path, *flags):
    if not args.grpc_python.exists():
        raise kit.BenchError(f"{args.grpc_python} is not there: tests/bench/README.md says how to make the environment, "
                             "or name another with --grpc-python")
    command = [args.grpc_python, kit.ROOT / "tests/bench/rpc_client.py", what, address, rows_path, *map(str, flags)]
    try:
        # Its progress goes to the terminal.
        return json.loads(subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True).stdout)
    except subprocess.CalledProcessError as error:
        raise kit.BenchError(f"rpc_client.py ended with exit code {error.returncode}; its message is above") from error


def throughput(args, address, rows, scratch):
    path = kit.write_rows(rows, Path(scratch) / "rows.jsonl")
    engine = kit.Forward(args, path, scratch)
    engine.warm_up()
    contenders = {
        "engine": engine,
        f"server, one stream, {args.clients} in flight": Eval(args, address, path, scratch),
        f"server, {args.clients} clients": lambda: kit.Measured(**rpc_client(args, "clients", address, path, "--clients", args.clients)),
    }
    results = kit.alternate(contenders, args.rounds)
    table = kit.report(f"server against engine: {kit.sample_text(rows)}, {args.dtype}", results, "engine", pairs=len(rows))
    table["largest_difference"] = max(kit.largest_difference(results, name, "engine") for name in contenders)
    print(f"\nLargest difference of a score: {table['largest_difference']:.2g}", flush=True)
    return table


def latency(args, address, rows, scratch):
    # Short ones: the share outside the forward pass is wanted, and a long forward pass only adds its jitter.
    rows = sorted(rows, key=lambda row: len(json.dumps(row["prompt"])) + len(row["chosen"]))[:max(1, len(rows) // 2)]
    path = kit.write_rows(rows, Path(scratch) / "short-rows.jsonl")
    seen, others = kit.with_others(lambda: rpc_client(args, "latency", address, path, "--requests", args.requests))
    print(f"\none client, no load: {args.requests} requests of one response\n")
    print("| milliseconds | median | p99 | largest |\n|---|---|---|---|")
    lines = {"seen by the client": seen["latency"], "of it outside the forward pass": seen["outside_forward"],
             **{f"stage: {name.replace('_', ' ')}": values for name, values in seen["stages"].items()},
             "floor: a GetModel call of the same client": seen["floor"]}
    for name, values in lines.items():
        print(f"| {name} | {values['median']:.3f} | {values['p99']:.3f} | {values['max']:.3f} |", flush=True)
    kit.warn_of_others(others)
    return {"title": "latency of one client, milliseconds", **seen, "others": others}


def body(args):
    rows = kit.spread(kit.read_rows(args.data or kit.DEFAULT_DATA), args.limit)
    with tempfile.TemporaryDirectory() as scratch, kit.running_server(args) as address:
        reports = [] if args.skip_latency else [latency(args, address, rows, scratch)]
        return reports + ([] if args.skip_throughput else [throughput(args, address, rows, scratch)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kit.add_arguments(parser, rounds=3)
    parser.add_argument("--data", type=Path, nargs="+", action="extend", metavar="FILE", help="files of pairs; default: the 840 bundled pairs")
    parser.add_argument("--limit", type=int, default=168, help="pairs of all files together, at equal distances; 0: all (default: 168)")
    parser.add_argument("--clients", type=int, default=64, help="clients, and requests in flight of the stream (default: 64)")
    parser.add_argument("--requests", type=int, default=300, help="for the latency (default: 300)")
    parser.add_argument("--skip-throughput", action="store_true")
    parser.add_argument("--skip-latency", action="store_true")
    parser.add_argument("--server-flags", default="", metavar="FLAGS", help="more flags for assay-server, in one string")
    parser.add_argument("--grpc-python", type=Path, default=kit.ROOT / ".deps/parity/bin/python", metavar="FILE",
                        help="Python with grpcio and grpcio-reflection (default: that of .deps/parity)")
    kit.run("server_vs_engine", parser.parse_args(), body)


if __name__ == "__main__":
    main()
