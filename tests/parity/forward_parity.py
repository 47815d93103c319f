#!/usr/bin/env python3
"""Compare assay-forward with the oracle on random checkpoints of many shapes and 200 real conversations each.

    tests/parity/forward_parity.py --forward build/dev/bin/assay-forward [--only NAME ...] [--conversations N] [--keep DIR]

For each checkpoint: float32 against the oracle's float32, as the largest difference of a score, reward or gate weight over
the largest such value; and bfloat16, with both kinds of heads, as the largest distance of a score from the oracle's
float32, ours and transformers' own. Texts go in on both sides, so template and tokenizer take part.

Exit codes: 0 every line holds; 1 one does not (float32 beyond 2e-4, or our bfloat16 further from the truth than
transformers'), or a program failed. Takes about five minutes on two cores.
"""
import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file

from armorm_reference import Reference

HERE = Path(__file__).resolve().parent
DATA = HERE.parent.parent / "data"
LARGEST_FLOAT32_DIFFERENCE = 2e-4
LONGEST_CONVERSATION = 400  # Tokens; keeps the oracle quick.
SMOLLM2_PATTERN = ["--pattern", "2,198,1,520,9531,198"]


def shape(hidden, layers, heads, kv_heads, intermediate):
    return ["--hidden", str(hidden), "--layers", str(layers), "--heads", str(heads), "--kv-heads", str(kv_heads),
            "--intermediate", str(intermediate)]


# Name, tokenizer, arguments of make_checkpoint.py, changes afterwards.
CHECKPOINTS = [
    ("gated, llama3, heads 8:2", "llama3", [*shape(128, 3, 8, 2, 256)], {}),
    ("gated, llama3, odd sizes, 3 shards", "llama3",
     [*shape(90, 2, 3, 3, 251), "--objectives", "5", "--gate-hidden", "77", "--gate-layers", "1", "--shards", "3"], {}),
    ("gated, smollm2, heads 6:3, llama3 rope", "smollm2",
     [*shape(144, 3, 6, 3, 200), "--gate-hidden", "128", *SMOLLM2_PATTERN],
     {"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                       "original_max_position_embeddings": 128}}),
    ("gated, smollm2, stored in float32", "smollm2",
     [*shape(64, 4, 4, 1, 128), "--objectives", "3", "--gate-hidden", "64", "--dtype", "float32", *SMOLLM2_PATTERN], {}),
    ("scalar, llama3, heads 8:2", "llama3", ["--kind", "classifier", *shape(256, 4, 8, 2, 512)], {}),
    ("scalar, smollm2, head size 24 of 120 / 4", "smollm2", ["--kind", "classifier", *shape(120, 3, 4, 2, 160)], {"head_dim": 24}),
    ("scalar, smollm2, head size 10, 3 shards", "smollm2",
     ["--kind", "classifier", *shape(100, 2, 10, 5, 130), "--shards", "3", "--rope-theta", "10000"], {}),
    ("starling, yi, heads 8:2", "yi", ["--kind", "starling", *shape(128, 3, 8, 2, 256), "--rope-theta", "5000000"], {"pad_token_id": 0}),
    ("starling, yi, odd sizes, 3 shards", "yi",
     ["--kind", "starling", *shape(112, 2, 7, 1, 171), "--rope-theta", "5000000", "--shards", "3"], {"pad_token_id": 0}),
]


def make_tokenizers(folder):
    subprocess.run([sys.executable, HERE / "make_llama3_tokenizer.py", folder / "llama3"], check=True)
    subprocess.run([sys.executable, HERE / "make_yi_tokenizer.py", folder / "yi"], check=True)
    return {"llama3": folder / "llama3", "yi": folder / "yi", "smollm2": DATA / "armorm-mini"}


def with_head_dim(folder, config, head_dim):
    """Makes the attention's matrices anew, for heads that are not hidden / heads wide. One file only."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    generator = torch.Generator().manual_seed(1)
    hidden = config["hidden_size"]
    for name, old in tensors.items():
        part = name.split(".")[-2]
        if part in ("q_proj", "k_proj", "v_proj", "o_proj"):
            heads = config["num_attention_heads" if part in ("q_proj", "o_proj") else "num_key_value_heads"]
            rows, columns = (hidden, heads * head_dim) if part == "o_proj" else (heads * head_dim, hidden)
            tensors[name] = (torch.randn(rows, columns, generator=generator) / columns ** 0.5).to(old.dtype)
    save_file(tensors, path)


def make_checkpoint(folder, tokenizer, arguments, changes):
    subprocess.run([sys.executable, HERE / "make_checkpoint.py", folder, "--tokenizer", tokenizer, *arguments], check=True)
    path = folder / "config.json"
    config = {**json.loads(path.read_text()), **changes}
    if "head_dim" in changes:
        with_head_dim(folder, config, changes["head_dim"])
    path.write_text(json.dumps(config, indent=1))


def conversations():
    """Chosen and rejected in turn, from the four files in turn."""
    files = [gzip.open(path, "rt", encoding="utf-8") for path in sorted(DATA.glob("*.jsonl.gz"))]
    for number, lines in enumerate(zip(*files)):
        for line in lines:
            row = json.loads(line)
            prompt = row["prompt"]
            turns = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
            yield turns + [{"role": "assistant", "content": row["chosen" if number % 2 else "rejected"]}]


def choose(model, count):
    """(messages, ids) of the first `count` conversations that are short enough."""
    chosen = []
    for messages in conversations():
        ids = model.encode(messages)
        if len(ids) <= LONGEST_CONVERSATION:
            chosen.append((messages, ids))
        if len(chosen) == count:
            return chosen
    sys.exit(f"only {len(chosen)} of the bundled conversations are short enough")


def run_forward(forward, folder, rows, dtype, heads):
    with tempfile.TemporaryDirectory() as scratch:
        data, output = Path(scratch) / "data.jsonl", Path(scratch) / "output.jsonl"
        data.write_text("".join(json.dumps({"messages": messages}) + "\n" for messages, _ in rows))
        subprocess.run([forward, "--model", folder, "--data", data, "--output", output, "--dtype", dtype, "--heads", heads,
                        "--device", "cpu"], check=True, stdout=subprocess.DEVNULL)
        return [json.loads(line) for line in output.read_text().splitlines()]


def column(rows, key):
    return torch.tensor([row[key] for row in rows], dtype=torch.float64)


def relative_difference(ours, truth):
    """Largest over score, rewards and gating of the difference over that column's largest value."""
    keys = [key for key in ("score", "rewards", "gating") if key in truth[0]]
    return max(((column(ours, key) - column(truth, key)).abs().max() / column(truth, key).abs().max()).item() for key in keys)


def largest_error(rows, truth):
    return (column(rows, "score") - column(truth, "score")).abs().max().item()


def compare(forward, name, folder, count):
    """Prints the checkpoint's lines; True where all hold."""
    reference = Reference(folder, torch.float32, "precise")
    rows = choose(reference, count)
    truth = [reference.score(ids) for _, ids in rows]
    difference = relative_difference(run_forward(forward, folder, rows, "float32", "precise"), truth)
    good = difference <= LARGEST_FLOAT32_DIFFERENCE
    print(f"{name:42} float32              largest difference {difference:.1e}{'' if good else '   FAILED'}", flush=True)
    for heads in ("precise", "reference"):
        half = Reference(folder, torch.bfloat16, heads)
        theirs = largest_error([half.score(ids) for _, ids in rows], truth)
        ours = largest_error(run_forward(forward, folder, rows, "bfloat16", heads), truth)
        holds = ours <= theirs
        good = good and holds
        print(f"{name:42} bfloat16, {heads:9}  ours {ours:.4f}  transformers {theirs:.4f}{'' if holds else '   FAILED'}",
              flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--forward", type=Path, required=True, help="the assay-forward program")
    parser.add_argument("--only", action="append", help="part of a checkpoint's name; may be repeated")
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--keep", type=Path, help="folder to leave the checkpoints in")
    args = parser.parse_args()
    torch.set_num_threads(1)  # The shapes are small: more threads only wait for each other.
    transformers.logging.set_verbosity_error()  # It doubts any tokenizer of more than 100,000 tokens.
    with tempfile.TemporaryDirectory() as scratch:
        root = args.keep or Path(scratch)
        tokenizers = make_tokenizers(root)
        good = True
        for number, (name, tokenizer, arguments, changes) in enumerate(CHECKPOINTS):
            if args.only and not any(part in name for part in args.only):
                continue
            folder = root / f"checkpoint-{number}"
            make_checkpoint(folder, tokenizers[tokenizer], [*arguments, "--seed", str(number)], changes)
            good = compare(args.forward, name, folder, args.conversations) and good
    print("all hold" if good else "FAILED")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
