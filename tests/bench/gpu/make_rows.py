#!/usr/bin/env python3
"""Write conversations of random token ids for assay-forward: rows of {"input_ids": [...]} that end in a gate pattern and a response.

    make_rows.py --checkpoint FOLDER --rows 512 --tokens 1024 [--responses 8] [--response-tokens 128] > rows.jsonl

--responses N: rows come in runs of N that share all but their last --response-tokens tokens, as the responses to one prompt do;
1 (the default): no row shares anything with another. Needs only Python.
"""
import argparse
import json
import random
from pathlib import Path

ARMORM_GATE_PATTERN = [128009, 128006, 78191, 128007, 271]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--checkpoint", type=Path, required=True)
    p.add_argument("--rows", type=int, default=512)
    p.add_argument("--tokens", type=int, default=1024)
    p.add_argument("--responses", type=int, default=1)
    p.add_argument("--response-tokens", type=int, default=128)
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    config = json.loads((a.checkpoint / "config.json").read_text())
    pattern = config.get("gating_token_pattern", ARMORM_GATE_PATTERN)
    prompt_tokens = a.tokens - a.response_tokens - len(pattern)
    if prompt_tokens < 1:
        p.error("--tokens leaves no room for a prompt")
    rng = random.Random(a.seed)

    def draw(n):
        return [rng.randrange(config["vocab_size"]) for _ in range(n)]

    for row in range(a.rows):
        if row % a.responses == 0:
            prompt = draw(prompt_tokens) + pattern
        print(json.dumps({"input_ids": prompt + draw(a.response_tokens)}, separators=(",", ":")))


if __name__ == "__main__":
    main()
