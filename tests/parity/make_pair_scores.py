#!/usr/bin/env python3
"""Score preference pairs with the oracle, for eval_parity.py to compare verdicts with.

    tests/parity/make_pair_scores.py CHECKPOINT DATA.jsonl.gz [--limit N] [--skip N] [--quick] > scores.jsonl

    example: tests/parity/make_pair_scores.py .deps/models/armorm-mini data/llmbar.jsonl.gz > tests/golden/llmbar_scores.jsonl

Output line: {"subset", "id", "chosen", "rejected"}: float32 scores of armorm_reference.py, heads in float32. About 220 tokens a second
on one core with armorm-mini.

--quick is for thousands of pairs: the trunk runs in bfloat16 (transformers' own), the tokens that both responses of a pair begin with
once, through transformers' key and value cache; a pair whose margin is then below --close is scored again as above, in float32, whole
and without the cache. The line says which, as "dtype". Three to four times as fast.

Needs torch and transformers.
"""
import argparse
import copy
import gzip
import itertools
import json
import sys

import torch
from transformers import DynamicCache

from armorm_reference import Reference


def conversation(prompt, response):
    turns = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    return turns + [{"role": "assistant", "content": response}]


class SharedTrunk:
    """The trunk of a Reference, called with whole sequences of one pair, that computes their common start once."""

    def __init__(self, trunk):
        self.trunk, self.prefix, self.cache, self.hidden = trunk, [], None, None

    def __call__(self, input_ids):
        ids = input_ids[0].tolist()
        if self.prefix != ids[:len(self.prefix)] or not self.prefix:
            return self.trunk(input_ids=input_ids)
        if self.hidden is None:
            self.cache = DynamicCache(config=self.trunk.config)
            self.hidden = self.trunk(input_ids=torch.tensor([self.prefix]), past_key_values=self.cache, use_cache=True).last_hidden_state
        rest = self.trunk(input_ids=input_ids[:, len(self.prefix):], past_key_values=copy.deepcopy(self.cache), use_cache=True)
        rest.last_hidden_state = torch.cat([self.hidden, rest.last_hidden_state], dim=1)
        return rest

    def share(self, sequences):
        """Sets what the next calls have in common: at least one token is left to each."""
        same = [a == b for a, b in zip(*sequences)]
        length = same.index(False) if False in same else len(same) - 1
        self.prefix, self.cache, self.hidden = sequences[0][:length], None, None


def score_pair(model, ids):
    if isinstance(model.trunk, SharedTrunk):
        model.trunk.share(ids)
    return [model.score(sequence)["score"] for sequence in ids]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("data")
    parser.add_argument("--skip", type=int, default=0, help="pairs to leave out at the start")
    parser.add_argument("--limit", type=int, default=None, help="pairs after those; all")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--close", type=float, default=0.05, help="with --quick: margins below are measured again in float32")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    exact = Reference(args.checkpoint, torch.float32, "precise")
    quick = Reference(args.checkpoint, torch.bfloat16, "precise") if args.quick else None
    if quick:
        quick.trunk = SharedTrunk(quick.trunk)
    lines = itertools.islice(gzip.open(args.data, "rt", encoding="utf-8"), args.skip, args.limit and args.skip + args.limit)
    for count, line in enumerate(lines, 1):
        row = json.loads(line)
        ids = [exact.encode(conversation(row["prompt"], row[side])) for side in ("chosen", "rejected")]
        dtype, scores = "bfloat16", score_pair(quick, ids) if quick else None
        if scores is None or abs(scores[0] - scores[1]) < args.close:
            dtype, scores = "float32", score_pair(exact, ids)
        out = {"subset": row["subset"], "id": row["id"], "chosen": scores[0], "rejected": scores[1]}
        print(json.dumps({**out, "dtype": dtype} if quick else out), flush=True)
        print(f"\r{count} pairs", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


if __name__ == "__main__":
    main()
