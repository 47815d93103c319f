#!/usr/bin/env python3
"""Tokens per second of transformers' LlamaModel on a checkpoint's shape, random weights, batches of equal length without padding:
the best case of what people run today. Needs torch, transformers and a GPU.

    transformers_rate.py --checkpoint FOLDER --tokens 1024 [--batch-tokens 16384] [--attention sdpa]
"""
import argparse
import statistics
import time

import torch
from transformers import LlamaConfig, LlamaModel


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--checkpoint", required=True)
    p.add_argument("--tokens", type=int, default=1024)
    p.add_argument("--batch-tokens", type=int, default=16384)
    p.add_argument("--attention", default="sdpa")
    a = p.parse_args()
    config = LlamaConfig.from_pretrained(a.checkpoint, attn_implementation=a.attention)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        model = LlamaModel(config).eval()
    batch = max(1, a.batch_tokens // a.tokens)
    rates = []
    with torch.inference_mode():
        for run in range(8):
            ids = torch.randint(config.vocab_size, (batch, a.tokens), device="cuda")
            torch.cuda.synchronize()
            start = time.perf_counter()
            model(input_ids=ids, use_cache=False).last_hidden_state[:, -1].float().cpu()
            torch.cuda.synchronize()
            if run >= 2:
                rates.append(batch * a.tokens / (time.perf_counter() - start))
    print(f"transformers, bfloat16, {a.attention}, {batch} x {a.tokens}: {statistics.median(rates):.0f} tokens/s")


if __name__ == "__main__":
    main()
