#!/usr/bin/env python3
"""Compare the verdicts of `assay eval` with the oracle's scores of the same pairs.

    tests/parity/eval_parity.py --bin build/dev/bin --model .deps/models/armorm-mini
        [--data data/llmbar.jsonl.gz --scores tests/golden/llmbar_scores.jsonl] [--limit N] [--dtype bfloat16|float32]

    example: tests/parity/eval_parity.py --bin build/release/bin --model .deps/models/armorm-mini

Starts assay-server on a free port, evaluates the pairs, and compares accuracy by subset and the verdict of every pair with those of the
oracle's float32 scores (made by make_pair_scores.py). A differing verdict must be one that `assay eval` marks as too close to call. Needs
only Python itself.

Exit codes: 0 agreed; 1 a verdict differs without that mark, or a pair has an error.
"""
import argparse
import collections
import json
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def start_server(args):
    server = subprocess.Popen([args.bin / "assay-server", "--model", args.model, "--dtype", args.dtype, "--listen", "127.0.0.1:0",
                               "--log-level", "warning"], stdout=subprocess.PIPE, text=True)
    line = server.stdout.readline()
    match = re.fullmatch(r"listening on (\S+)\n", line)
    if not match:
        server.kill()
        sys.exit(f"eval_parity: the server did not start: {line!r}")
    return server, match[1]


def evaluate(args, address, out):
    command = [args.bin / "assay", "eval", "--address", address, "--data", args.data, "--output", out]
    if args.limit:
        command += ["--limit", str(args.limit)]
    subprocess.run(command, check=True)
    with open(Path(out) / "rows.jsonl", encoding="utf-8") as rows:
        return [json.loads(line) for line in rows]


def compare(ours, oracle):
    """Prints accuracy by subset side by side and every differing verdict; returns the number of unexplained ones."""
    wins, unexplained, worst = collections.defaultdict(lambda: [0, 0, 0]), 0, 0.0
    for row in ours:
        truth = oracle[row["subset"], row["id"]]
        worst = max(worst, *(abs(row[side]["score"] - truth[side]) for side in ("chosen", "rejected")))
        mine, theirs = row["chosen"]["score"] > row["rejected"]["score"], truth["chosen"] > truth["rejected"]
        count = wins[row["subset"]]
        count[0] += 1
        count[1] += mine
        count[2] += theirs
        if mine != theirs:
            marked = row.get("too_close", False)
            unexplained += not marked
            print(f"verdict differs: {row['subset']} {row['id']}: margin {row['margin']:.4f}, the oracle's "
                  f"{truth['chosen'] - truth['rejected']:.5f}; {'too close to call' if marked else 'NOT MARKED as too close to call'}")
    print(f"{'subset':24} {'n':>5} {'ours':>7} {'oracle':>7}")
    for subset, (n, mine, theirs) in sorted(wins.items()):
        print(f"{subset:24} {n:5} {100 * mine / n:7.2f} {100 * theirs / n:7.2f}")
    print(f"largest difference of a score: {worst:.5f}; unexplained verdicts: {unexplained}")
    return unexplained


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=ROOT / "data/llmbar.jsonl.gz")
    parser.add_argument("--scores", type=Path, default=ROOT / "tests/golden/llmbar_scores.jsonl")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--dtype", default="bfloat16")
    args = parser.parse_args()
    with open(args.scores, encoding="utf-8") as lines:
        oracle = {(row["subset"], row["id"]): row for row in map(json.loads, lines)}
    server, address = start_server(args)
    try:
        with tempfile.TemporaryDirectory() as out:
            ours = evaluate(args, address, out)
    finally:
        server.send_signal(signal.SIGTERM)
        code = server.wait(timeout=60)
    expected = min(args.limit, len(oracle)) if args.limit else len(oracle)
    errors = [row for row in ours if "error" in row]
    if errors or len(ours) != expected or code != 0:
        sys.exit(f"eval_parity: {len(ours)} of {expected} rows, {len(errors)} with errors, server's exit code {code}")
    sys.exit(1 if compare(ours, oracle) else 0)


if __name__ == "__main__":
    main()
