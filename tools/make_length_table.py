#!/usr/bin/env python3
"""Write the lengths, in tokens, of prompts and responses of preference pairs: what assay-fleet-simulator draws from.

    tools/make_length_table.py build/dev/tests/assay_tokenize .deps/models/armorm-mini data/*.jsonl.gz > data/token_lengths.tsv

One line a pair: the tokens of the prompt, which both conversations begin with, and those after it of the chosen and of the rejected one,
chat template included. No text goes into it. Exit codes: 0 done; 1 a file or the tokenizer cannot be used; 2 bad usage.
"""
import argparse
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path


def pairs_of(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            prompt = row["prompt"] if isinstance(row["prompt"], list) else [{"role": "user", "content": row["prompt"]}]
            yield prompt, row["chosen"], row["rejected"]


def conversations_of(pairs):
    for prompt, *responses in pairs:
        for response in responses:
            yield json.dumps({"messages": [*prompt, {"role": "assistant", "content": response}]})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenize", type=Path, help="the program assay_tokenize of the dev build")
    parser.add_argument("model", type=Path, help="a checkpoint folder, whose tokenizer and template count")
    parser.add_argument("data", type=Path, nargs="+", help="gzipped JSON lines with prompt, chosen, rejected")
    args = parser.parse_args()
    try:
        pairs = [pair for path in args.data for pair in pairs_of(path)]
        run = subprocess.run([args.tokenize, "conversations", args.model], input="\n".join(conversations_of(pairs)) + "\n",
                             capture_output=True, text=True, check=False)
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"make_length_table: {error}")
    if run.returncode:
        sys.exit(f"make_length_table: {run.stderr.strip()}")
    ids = [json.loads(line) for line in run.stdout.splitlines()]
    print(f"# prompt, chosen, rejected: tokens by {args.model.name}'s tokenizer and template, of {len(pairs)} pairs:",
          ", ".join(path.name for path in args.data))
    for chosen, rejected in zip(ids[::2], ids[1::2]):
        shared = len(os.path.commonprefix([chosen, rejected]))
        # A response has at least one token of its own, also where one begins like the other.
        shared = min(shared, len(chosen) - 1, len(rejected) - 1)
        print(shared, len(chosen) - shared, len(rejected) - shared, sep="\t")


if __name__ == "__main__":
    main()
