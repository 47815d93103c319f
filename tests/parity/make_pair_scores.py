#!/usr/bin/env python3
"""Score preference pairs with the oracle, for eval_parity.py to compare verdicts with.

    tests/parity/make_pair_scores.py CHECKPOINT DATA.jsonl.gz > scores.jsonl

    example: tests/parity/make_pair_scores.py .deps/models/armorm-mini data/llmbar.jsonl.gz > tests/golden/llmbar_scores.jsonl

Output line: {"subset", "id", "chosen", "rejected"}: float32 scores of armorm_reference.py, heads in float32.
Needs torch and transformers; takes about ten minutes for LLMBar with armorm-mini on one core.
"""
import argparse
import gzip
import json
import sys

import torch

from armorm_reference import Reference


def conversation(prompt, response):
    turns = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    return turns + [{"role": "assistant", "content": response}]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("data")
    args = parser.parse_args()
    model = Reference(args.checkpoint, torch.float32, "precise")
    for count, line in enumerate(gzip.open(args.data, "rt", encoding="utf-8"), 1):
        row = json.loads(line)
        scores = {side: model.score(model.encode(conversation(row["prompt"], row[side])))["score"]
                  for side in ("chosen", "rejected")}
        print(json.dumps({"subset": row["subset"], "id": row["id"], **scores}), flush=True)
        print(f"\r{count} pairs", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


if __name__ == "__main__":
    main()
