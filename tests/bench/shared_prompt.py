#!/usr/bin/env python3
"""Measure what computing a prompt once for its responses brings: sharing on against sharing off, and against transformers.

    tests/bench/shared_prompt.py [--bin DIR] [--model DIR] [--rounds N] [--groups N] [--limit N] [--skip-pairs] [--json FILE]

    example: tests/bench/shared_prompt.py --bin build/release/bin --rounds 5

First, groups of one prompt of 500 tokens with 16 responses of 200 tokens each (made from bundled texts, exact to the token,
by make_group.py): assay-forward with sharing and with --no-sharing. Computed are 500 + 16 x 200 = 3,700 tokens instead of
16 x 700 = 11,200, so 3.03 is what sharing alone can bring.
Then real pairs, of anthropic_hhh and of hep, each compared with transformers as in engine_vs_transformers.py, in pairs/s.

Exit codes: 0 done; 1 a program failed, the sides count different tokens, or a score differs by more than --tolerance.
"""
import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import bench_kit as kit


def make_groups(args):
    shape = ["--groups", args.groups, "--prompt-tokens", args.prompt_tokens, "--responses", args.responses,
             "--response-tokens", args.response_tokens]
    command = [args.oracle_python, kit.ROOT / "tests/bench/make_group.py", args.model, *shape]
    try:
        made = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise kit.BenchError(f"the prompt groups could not be made: {error}; tests/bench/README.md says what is needed") from error
    return [json.loads(line) for line in made.stdout.splitlines()]


def compare_sharing(args, scratch):
    path = kit.write_rows(make_groups(args), Path(scratch) / "groups.jsonl")
    contenders = {"sharing": kit.Forward(args, path, scratch), "no sharing": kit.Forward(args, path, scratch, ["--no-sharing"])}
    contenders["sharing"].warm_up()
    results = kit.alternate(contenders, args.rounds)
    computed = args.groups * (args.prompt_tokens + args.responses * args.response_tokens)
    table = kit.report(f"{args.groups} x (prompt of {args.prompt_tokens} tokens, {args.responses} responses of {args.response_tokens}), "
                       f"{args.dtype}", results, "no sharing")
    table["computed_share"] = computed / table["tokens"]
    table["largest_difference"] = kit.largest_difference(results, "sharing", "no sharing")
    print(f"\nOf {table['tokens']} tokens {computed} are computed: {table['tokens'] / computed:.2f} times fewer. "
          f"Largest difference of a score: {table['largest_difference']:.2g}", flush=True)
    return table


def body(args):
    with tempfile.TemporaryDirectory() as scratch:
        reports = [compare_sharing(args, scratch)]
        for name in [] if args.skip_pairs else ["anthropic_hhh", "hep"]:
            rows = kit.spread(kit.read_rows([kit.ROOT / "data" / f"{name}.jsonl.gz"]), args.limit)
            reports.append(kit.against_transformers(f"{name}: {kit.sample_text(rows)}, {args.dtype}", args, rows, scratch))
    return reports


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kit.add_arguments(parser, rounds=3)
    kit.add_transformers_arguments(parser)
    parser.add_argument("--groups", type=int, default=2, help="prompt groups of a run (default: 2)")
    parser.add_argument("--prompt-tokens", type=int, default=500, help="default: 500")
    parser.add_argument("--responses", type=int, default=16, help="default: 16")
    parser.add_argument("--response-tokens", type=int, default=200, help="default: 200")
    parser.add_argument("--limit", type=int, default=60, help="pairs of each file, at equal distances; 0: all (default: 60)")
    parser.add_argument("--skip-pairs", action="store_true", help="only the prompt groups")
    kit.run("shared_prompt", parser.parse_args(), body)


if __name__ == "__main__":
    main()
