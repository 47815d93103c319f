#!/usr/bin/env python3
"""Compare the speed of assay-forward with transformers' on the same checkpoint and the same conversations.

    tests/bench/engine_vs_transformers.py [--bin DIR] [--model DIR] [--data FILE ...] [--limit N] [--rounds N]
        [--transformers-batches 1,4,8] [--without-mask] [--dtype bfloat16|float32|int8] [--json FILE]

    example: tests/bench/engine_vs_transformers.py --bin build/release/bin --rounds 5 --json speed.json

In every round each contender scores the same sample once: assay-forward with and without sharing, and transformers (in the
.deps/oracle environment, see README.md here) at each batch size. Prints the rates of all rounds, their medians, the ratio to
transformers' best batch size (the ratio of medians, and in brackets the smallest and largest of one round), and the largest
difference of a score. "assay, no sharing" is the plain comparison: both sides compute every token of every conversation.

The default sample is 84 of the 840 bundled pairs, every tenth, about a minute and a half of transformers' time a round.

Exit codes: 0 done; 1 a program failed, the sides count different tokens, or a score differs by more than --tolerance.
"""
import argparse
import tempfile
from pathlib import Path

import bench_kit as kit


def body(args):
    paths = args.data or kit.DEFAULT_DATA
    rows = kit.spread(kit.read_rows(paths), args.limit)
    names = ", ".join(path.name.split(".")[0] for path in paths)
    with tempfile.TemporaryDirectory() as scratch:
        return [kit.against_transformers(f"{names}: {kit.sample_text(rows)}, {args.dtype}", args, rows, scratch)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kit.add_arguments(parser, rounds=3)
    kit.add_transformers_arguments(parser)
    parser.add_argument("--data", type=Path, nargs="+", action="extend", metavar="FILE", help="default: the 840 bundled pairs")
    parser.add_argument("--limit", type=int, default=84, help="rows of all files together, at equal distances; 0: all (default: 84)")
    kit.run("engine_vs_transformers", parser.parse_args(), body)


if __name__ == "__main__":
    main()
