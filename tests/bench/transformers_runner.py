#!/usr/bin/env python3
"""transformers' side of the speed comparisons: scores the rows of a file at given batch sizes and measures the time.

    transformers_runner.py CHECKPOINT ROWS.jsonl [--dtype bfloat16|float32] [--threads N]

    example: echo '{"batch": 4, "mask": true}' |
        .deps/oracle/bin/python tests/bench/transformers_runner.py .deps/models/armorm-mini rows.jsonl

Rows: {"prompt", "chosen", "rejected"} or {"prompt", "responses"}. Prints one line about itself when ready, then reads a line
{"batch": N, "mask": true|false} at a time and answers each with {"tokens", "padded_tokens", "seconds", "scores"}, until its input ends.

This is the fastest plain use of the library: LlamaModel without the language-model head, the reward heads on two positions,
inference mode, no cache, sdpa attention, all cores, conversations in the order of their lengths so that a batch has next to
no padding, right padding. The usual way gives the model a mask of the padding; "mask": false leaves it out, which is right
for these scores too (no token sees what is right of it) and lets sdpa take its faster causal path. Loading and tokenizing are
not in the time, and each way is warmed up before it is timed for the first time. Tokens are counted without padding.

Exit codes: 0 done; 1 a conversation has no score, or the files cannot be read.
"""
import argparse
import json
import os
import sys
import time
from pathlib import Path

import torch
import transformers

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "parity"))
from armorm_reference import Reference  # noqa: E402: found only through the line above


def conversations(path):
    with open(path, encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            turns = [{"role": "user", "content": row["prompt"]}] if isinstance(row["prompt"], str) else row["prompt"]
            for response in row["responses"] if "responses" in row else [row["chosen"], row["rejected"]]:
                yield turns + [{"role": "assistant", "content": response}]


def batches_of(ids, size):
    """Indices into `ids`, longest conversations first, `size` at a time."""
    order = sorted(range(len(ids)), key=lambda i: -len(ids[i]))
    return [order[i:i + size] for i in range(0, len(order), size)]


def score_batch(model, ids, mask):
    """One forward pass over the conversations `ids`; their scores. A single one has no padding and gets no mask."""
    width = max(map(len, ids))
    inputs = torch.tensor([row + [0] * (width - len(row)) for row in ids])
    padding = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in ids]) if mask and len(ids) > 1 else None
    hidden = model.trunk(input_ids=inputs, attention_mask=padding, use_cache=False).last_hidden_state
    results = [model.score_of(row, states) for row, states in zip(ids, hidden)]
    for result in results:
        if "error" in result:
            raise SystemExit(f"transformers_runner: {result['error']}")
    return [result["score"] for result in results]


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("rows")
    parser.add_argument("--dtype", choices=["bfloat16", "float32"], default="bfloat16")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    transformers.logging.set_verbosity_error()  # It doubts any tokenizer of more than 100,000 tokens.
    model = Reference(args.checkpoint, getattr(torch, args.dtype), heads="precise")
    model.trunk.set_attn_implementation("sdpa")
    ids = [model.encode(messages) for messages in conversations(args.rows)]
    tokens = sum(map(len, ids))
    print(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__, "dtype": args.dtype,
                      "attention": model.trunk.config._attn_implementation, "threads": torch.get_num_threads(),
                      "cpu_capability": torch.backends.cpu.get_cpu_capability(), "conversations": len(ids), "tokens": tokens}),
          flush=True)
    warm = set()
    for line in sys.stdin:
        question = json.loads(line)
        size, mask = question["batch"], question["mask"]
        batches = batches_of(ids, size)
        if (size, mask) not in warm:
            for batch in {0: batches[0], len(batches) // 2: batches[len(batches) // 2]}.values():
                score_batch(model, [ids[i] for i in batch], mask)
            warm.add((size, mask))
        scores = [None] * len(ids)
        began = time.perf_counter()
        for batch in batches:
            for i, score in zip(batch, score_batch(model, [ids[i] for i in batch], mask)):
                scores[i] = score
        seconds = time.perf_counter() - began
        padded = sum(len(batch) * len(ids[batch[0]]) for batch in batches)
        print(json.dumps({"tokens": tokens, "padded_tokens": padded, "seconds": seconds, "scores": scores}), flush=True)


if __name__ == "__main__":
    main()
