#!/usr/bin/env python3
"""Make the golden checkpoints and their expected scores with the reference; see README.md beside this file.

    tests/golden/make_golden.py [--check] [--only gated|scalar|starling]

    --check   compute the scores of the committed checkpoints again and print the largest difference; write nothing

Writes tests/golden/gated, scalar and starling: whole checkpoint folders of random weights with a tokenizer of 300 to 400
tokens, and golden.jsonl. Deterministic for one version of torch. Needs torch, transformers, tokenizers, safetensors.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PARITY = HERE.parent / "parity"
sys.path.insert(0, str(PARITY))
from armorm_reference import Reference  # noqa: E402

SPECIALS = ["<pad>", "<|im_start|>", "<|im_end|>"]
TRAINING_TEXT = [
    "system user assistant", "The user asks and the assistant answers the question as well as it can.",
    "Write a function that returns the sum of the numbers in a list.", "What is the capital of the country?",
    "Here is the answer to the question that was asked: there is nothing in it.",
]
SHAPES = {
    "gated": ["--kind", "armorm", "--hidden", "64", "--layers", "2", "--heads", "4", "--kv-heads", "2", "--intermediate", "96",
              "--objectives", "5", "--gate-hidden", "32", "--gate-layers", "2", "--seed", "11"],
    "scalar": ["--kind", "classifier", "--hidden", "48", "--layers", "2", "--heads", "6", "--kv-heads", "3", "--intermediate", "72",
               "--seed", "12"],
    "starling": ["--kind", "starling", "--hidden", "56", "--layers", "2", "--heads", "7", "--kv-heads", "1", "--intermediate", "80",
                 "--rope-theta", "5000000", "--seed", "13"],
}
# Frequencies scaled as Llama 3.1 does, at a size where the texts below reach past the original context.
ROPE_SCALING = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                "original_max_position_embeddings": 64}


def turn(role, content):
    return {"role": role, "content": content}


def conversations():
    question = "What are some synonyms for the word \"beautiful\"?"
    essay = ("Paragraph one says little. " * 12 + "\n\n" + "It's 1,234.5 miles; they'll go!\t" * 10).strip()
    yield [turn("user", question), turn("assistant", "Pretty, lovely, gorgeous.")]
    yield [turn("user", question), turn("assistant", "I cannot help with that.")]
    yield [turn("user", question), turn("assistant", "")]
    yield [turn("user", ""), turn("assistant", "")]
    yield [turn("user", "Hi"), turn("assistant", "x")]
    yield [turn("system", "Answer in one word."), turn("user", "Capital of France?"), turn("assistant", "Paris")]
    yield [turn("user", "Hello"), turn("assistant", "Hello, what can I do?"), turn("user", "Add 2 and 2."),
           turn("assistant", "2 + 2 = 4")]
    yield [turn("user", "Auf Deutsch, bitte: größer, Straße, 東京, Ω, 👩‍💻?"), turn("assistant", "Später. e\u0301 \u00e9 \u3000 ✓")]
    yield [turn("user", "  spaces around \n"), turn("assistant", "\t kept inside   only \r\n\r\n")]
    yield [turn("user", "def f(x):\n    return x\n"), turn("assistant", "```python\nprint(f(1))\n```")]
    yield [turn("user", essay), turn("assistant", "Too long.")]
    yield [turn("user", "Write an essay."), turn("assistant", essay)]
    yield [turn("user", essay), turn("assistant", essay), turn("user", question), turn("assistant", essay)]


def make_tokenizer(folder):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=[AddedToken(t, special=True, normalized=False) for t in SPECIALS],
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False)
    tokenizer.train_from_iterator(TRAINING_TEXT, trainer)
    save_tokenizer(json.loads(tokenizer.to_str()), "<pad>", folder)
    return tokenizer


def make_fallback_tokenizer(folder):
    """In the form of those converted from SentencePiece, as tests/parity/make_yi_tokenizer.py makes them at size."""
    specials = ["<unk>", "<|im_start|>", "<|im_end|>"]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace(" ", "\u2581")])
    tokenizer.pre_tokenizer = pre_tokenizers.Split("\u2581", behavior="merged_with_next")
    tokenizer.train_from_iterator(TRAINING_TEXT, trainers.BpeTrainer(
        vocab_size=380, special_tokens=specials + [f"<0x{byte:02X}>" for byte in range(256)], show_progress=False))
    file = json.loads(tokenizer.to_str())
    file["pre_tokenizer"] = None
    file["added_tokens"] = [token for token in file["added_tokens"] if token["content"] in specials]
    save_tokenizer(file, "<unk>", folder)


def save_tokenizer(file, pad_token, folder):
    (folder / "tokenizer.json").write_text(json.dumps(file, ensure_ascii=False, separators=(",", ":")))
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "pad_token": pad_token, "eos_token": "<|im_end|>",
        "clean_up_tokenization_spaces": False, "model_max_length": 8192}, indent=1) + "\n")
    (folder / "chat_template.jinja").write_text((ROOT / "data/armorm-mini/chat_template.jinja").read_text())


def make_checkpoint(name, tokenizer_folder, pattern):
    subprocess.run([sys.executable, PARITY / "make_checkpoint.py", HERE / name, "--tokenizer", tokenizer_folder,
                    *(["--pattern", ",".join(map(str, pattern))] if pattern else []), *SHAPES[name]], check=True)
    (HERE / name / "model.safetensors").chmod(0o644)
    path = HERE / name / "config.json"
    config = json.loads(path.read_text())
    if name == "scalar":
        config["rope_scaling"] = ROPE_SCALING
    elif name == "starling":  # Its class looks at no labels, and pads with id 0.
        del config["num_labels"]
        config["pad_token_id"] = 0
    path.write_text(json.dumps(config, indent=1))


def expected(folder):
    """One row a conversation: the reference's numbers in float32, and in bfloat16 with both kinds of heads."""
    truth = Reference(folder, torch.float32, "precise")
    half = {heads: Reference(folder, torch.bfloat16, heads) for heads in ("precise", "reference")}
    for messages in conversations():
        ids = truth.encode(messages)
        yield {"messages": messages, "input_ids": ids, "float32": truth.score(ids),
               "bfloat16": {heads: model.score(ids) for heads, model in half.items()}}


def numbers(row):
    for part in (row["float32"], *row["bfloat16"].values()):
        for value in part.values():
            yield from value if isinstance(value, list) else [value]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--only", choices=SHAPES)
    args = parser.parse_args()
    torch.set_num_threads(1)
    names = [args.only] if args.only else list(SHAPES)
    for name in names if not args.check else []:
        with tempfile.TemporaryDirectory() as scratch:
            pattern = []
            if name == "starling":
                make_fallback_tokenizer(Path(scratch))
            else:
                tokenizer = make_tokenizer(Path(scratch))
                pattern = tokenizer.encode("<|im_end|>\n<|im_start|>assistant\n", add_special_tokens=False).ids
            make_checkpoint(name, scratch, pattern)
    for name in names:
        rows = list(expected(HERE / name))
        path = HERE / name / "golden.jsonl"
        if args.check:
            stored = [json.loads(line) for line in path.read_text().splitlines()]
            largest = max(abs(a - b) for row, old in zip(rows, stored) for a, b in zip(numbers(row), numbers(old)))
            print(f"{name}: {len(rows)} conversations, largest difference from golden.jsonl {largest:.2g}")
        else:
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
            noise = max(abs(row["float32"]["score"] - row["bfloat16"]["precise"]["score"]) for row in rows)
            print(f"{name}: {len(rows)} conversations, largest effect of bfloat16 on a score {noise:.3g}")


if __name__ == "__main__":
    main()
