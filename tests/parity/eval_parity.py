#!/usr/bin/env python3
"""Compare the verdicts of `assay eval` with the oracle's scores of the same pairs.

    tests/parity/eval_parity.py --bin build/dev/bin --model .deps/models/armorm-mini
        [--data FILE.jsonl.gz ...] [--scores FILE.jsonl[.gz] ...] [--limit N] [--dtype bfloat16|float32] [--output DIR]

    example: tests/parity/eval_parity.py --bin build/release/bin --model .deps/models/armorm-mini

Starts assay-server on a free port, evaluates the pairs, and compares accuracy by subset and the verdict of every pair with those of the
oracle's scores (made by make_pair_scores.py). A differing verdict must be one that `assay eval` marks as too close to call, and is
listed. The defaults are LLMBar and its scores. With the four files that the goldens of pair_scores.jsonl.gz were made of (LLMBar,
HumanEvalPack, HHH, and hh-rlhf's helpful test files, which are not bundled) it is the whole comparison; scores of pairs that are not in
the data are left alone, and pairs without a score left out and counted. --output keeps the run; where it is there already, finished,
nothing is scored again. Needs only Python itself.

Exit codes: 0 agreed; 1 a verdict differs without that mark, or a pair has an error.
"""
import argparse
import collections
import gzip
import json
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def read_lines(path):
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def start_server(args):
    server = subprocess.Popen([args.bin / "assay-server", "--model", args.model, "--dtype", args.dtype, "--listen", "127.0.0.1:0",
                               "--log-level", "warning"], stdout=subprocess.PIPE, text=True)
    line = server.stdout.readline()
    match = re.fullmatch(r"listening on (\S+)\n", line)
    if not match:
        server.kill()
        sys.exit(f"eval_parity: the server did not start: {line!r}")
    return server, match[1]


def evaluate(args, out):
    """Scores the pairs into the folder `out`; returns the server's exit code."""
    server, address = start_server(args)
    try:
        command = [args.bin / "assay", "eval", "--address", address, "--output", out, "--data", *args.data]
        if args.limit:
            command += ["--limit", str(args.limit)]
        subprocess.run(command, check=True)
    finally:
        server.send_signal(signal.SIGTERM)
        code = server.wait(timeout=60)
    return code


def compare(ours, oracle):
    """Prints accuracy by subset side by side and every differing verdict; returns the number of unexplained ones."""
    wins, differing, unexplained, worst, worst_margin = collections.defaultdict(lambda: [0, 0, 0]), 0, 0, 0.0, 0.0
    compared = [row for row in ours if (row["subset"], row["id"]) in oracle]
    if len(compared) < len(ours):
        print(f"{len(ours) - len(compared)} of {len(ours)} pairs have no score of the oracle's, and are left out")
    for row in compared:
        truth = oracle[row["subset"], row["id"]]
        worst = max(worst, *(abs(row[side]["score"] - truth[side]) for side in ("chosen", "rejected")))
        margin = truth["chosen"] - truth["rejected"]
        worst_margin = max(worst_margin, abs(row["margin"] - margin))
        mine, theirs = row["chosen"]["score"] > row["rejected"]["score"], truth["chosen"] > truth["rejected"]
        count = wins[row["subset"]]
        count[0] += 1
        count[1] += mine
        count[2] += theirs
        if mine != theirs:
            marked = row.get("too_close", False)
            differing += 1
            unexplained += not marked
            print(f"verdict differs: {row['subset']} {row['id']}: margin {row['margin']:.4f}, the oracle's {margin:.5f}; "
                  f"{'too close to call' if marked else 'NOT MARKED as too close to call'}")
    print(f"{'subset':24} {'n':>5} {'ours':>7} {'oracle':>7}")
    for subset, (n, mine, theirs) in sorted(wins.items()):
        print(f"{subset:24} {n:5} {100 * mine / n:7.2f} {100 * theirs / n:7.2f}")
    if not compared:
        sys.exit("eval_parity: no pair has a score of the oracle's")
    n, mine, theirs = (sum(count[i] for count in wins.values()) for i in range(3))
    print(f"{'all pairs':24} {n:5} {100 * mine / n:7.2f} {100 * theirs / n:7.2f}")
    marked = sum(row.get("too_close", False) for row in compared)
    print(f"marked as too close to call: {marked}; differing verdicts: {differing}, unexplained: {unexplained}; largest difference of a "
          f"score: {worst:.5f}, of a margin: {worst_margin:.5f}")
    return unexplained


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, nargs="+", default=[ROOT / "data/llmbar.jsonl.gz"])
    parser.add_argument("--scores", type=Path, nargs="+", default=[ROOT / "tests/golden/llmbar_scores.jsonl"])
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    oracle = {(row["subset"], row["id"]): row for path in args.scores for row in read_lines(path)}
    expected = sum(min(args.limit or len(lines), len(lines)) for lines in map(read_lines, args.data))
    with tempfile.TemporaryDirectory() as folder:
        out = args.output or Path(folder)
        is_finished = (out / "summary.json").is_file() and not (out / "rows.jsonl.checkpoint").exists()
        code = 0 if is_finished else evaluate(args, out)
        ours = read_lines(out / "rows.jsonl")
    errors = [row for row in ours if "error" in row]
    if errors or len(ours) != expected or code != 0:
        sys.exit(f"eval_parity: {len(ours)} of {expected} rows, {len(errors)} with errors, server's exit code {code}")
    sys.exit(1 if compare(ours, oracle) else 0)


if __name__ == "__main__":
    main()
