#!/usr/bin/env python3
"""Compare our tokenizer with the `tokenizers` library, id by id.

    tests/parity/tokenizer_parity.py PROGRAM FOLDER... [--data FILE.jsonl.gz]... [--count N]

    example: tests/parity/tokenizer_parity.py build/dev/tests/assay_tokenize data/armorm-mini --data data/hep.jsonl.gz

PROGRAM is assay_tokenize; each FOLDER holds a tokenizer.json. The texts are N (100,000 unless told) generated ones, the same every
time, every code point, texts of up to 100 kB, and every string of the data files. A tokenizer with byte fallback is also compared with
its normalizer, its unknown characters and its added tokens changed. Then pre-tokenizers of many kinds are compared piece by piece.
Prints what was compared and the first differences. Exit codes: 0 no difference; 1 any. Needs tokenizers.
"""
import argparse
import gzip
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from tokenizers import AddedToken, Tokenizer

RANGES = [(0x20, 0x7E), (0xA0, 0x24F), (0x370, 0x3FF), (0x400, 0x4FF), (0x590, 0x5FF), (0x600, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F),
          (0x1100, 0x11FF), (0x2000, 0x206F), (0x20A0, 0x20CF), (0x2150, 0x218F), (0x2200, 0x22FF), (0x2460, 0x24FF), (0x3040, 0x30FF),
          (0x4E00, 0x4FFF), (0xAC00, 0xACFF), (0xFB00, 0xFB4F), (0xFE00, 0xFE0F), (0xFF00, 0xFFEF), (0x10330, 0x1034F),
          (0x1D400, 0x1D7FF), (0x1F300, 0x1F6FF), (0x1F900, 0x1F9FF), (0x20000, 0x20100), (0xE0000, 0xE007F)]
SPACES = [chr(c) for c in (0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x180E, 0x2000, 0x2003, 0x200A, 0x200B, 0x2028,
                           0x2029, 0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF, 0x1C, 0x1D, 0x1E, 0x1F)] + ["\r\n", "  ", "    ", "\n\n"]
EMOJI = ["\U0001F468\u200D\U0001F469\u200D\U0001F467", "\U0001F1EB\U0001F1F7", "\U0001F44D\U0001F3FD", "\u2764\uFE0F", "\U0001F600",
         "1\uFE0F\u20E3", "\U0001F3F4\U000E0067\U000E0062\U000E007F"]
DIGITS = [chr(base + d) for base in (0x30, 0x660, 0x6F0, 0x966, 0xE50, 0xFF10, 0x1D7CE) for d in range(10)] + list("²½Ⅷ①〇௱")
WORDS = ("the of and to in is hello world tokenization Über straße naïve Привет мир 你好 世界 こんにちは 안녕하세요 مرحبا שלום नमस्ते "
         "ไทย def return self.x == 0x1F; https://example.org/?q=1&r=2 e.g. don't I'm you're it's we'll they'd could've").split()
CONTRACTIONS = ["'s", "'S", "'ſ", "'t", "'T", "'re", "'RE", "'rE", "'ve", "'Ve", "'m", "'M", "'ll", "'LL", "'lL", "'d", "'D", "’s", "'x"]
LOOKALIKES = ["<|", "|>", "<|im_start|", "<|im_start |>", "<|IM_START|>", "<|eot_id|", "[PAD", "<<|im_end|>>", "[[PAD]]", "<|<|eot_id|>"]


def random_rune(rng):
    while True:
        low, high = rng.choice(RANGES) if rng.random() < 0.8 else (0, 0x10FFFF)
        c = rng.randint(low, high)
        if not 0xD800 <= c <= 0xDFFF:
            return chr(c)


def generated_texts(count, special):
    """`count` texts, decided by their number alone."""
    rng = random.Random(20240524)
    parts = [
        lambda: rng.choice(WORDS), lambda: " " + rng.choice(WORDS), lambda: rng.choice(WORDS) + rng.choice(CONTRACTIONS),
        lambda: rng.choice(SPACES) * rng.randint(1, 4), lambda: "".join(rng.choice(SPACES) for _ in range(rng.randint(1, 6))),
        lambda: "".join(random_rune(rng) for _ in range(rng.randint(1, 8))), lambda: rng.choice(EMOJI),
        lambda: "".join(rng.choice(DIGITS) for _ in range(rng.randint(1, 7))), lambda: str(rng.randint(0, 10 ** 12)),
        lambda: rng.choice(LOOKALIKES), lambda: rng.choice(special), lambda: chr(rng.randint(0, 0x1F)),
        lambda: "".join(rng.choice("!?.,;:-_=+*/#@()[]{}'\"\\") for _ in range(rng.randint(1, 6))),
        lambda: rng.choice("abcXYZéñ") * rng.randint(1, 40), lambda: chr(rng.choice([0x378, 0x530, 0xE000, 0xFFFF, 0x1FFFE, 0x10FFFF])),
        lambda: "".join(rng.choice("aeiou" "bcdfg" "ST") for _ in range(rng.randint(1, 90))),
    ]
    yield ""
    for _ in range(count - 1):
        yield "".join(rng.choice(parts)() for _ in range(rng.randint(1, 12)))


def every_rune():
    """Each code point, in company that shows on which side a split falls."""
    for c in range(0x110000):
        if not 0xD800 <= c <= 0xDFFF:
            yield f"a{chr(c)}b {chr(c)}{chr(c)} 1{chr(c)}2 '{chr(c)} "


def long_texts():
    """Whole texts that a tokenizer without a pre-tokenizer may have to merge as one piece."""
    rng = random.Random(5)
    for size in (1000, 20000, 100000):
        yield "a" * size
        yield " " * size
        yield "".join(rng.choice(WORDS) + " " for _ in range(size // 6))
        yield "".join(rng.choice("abcdefgh") for _ in range(size))
        yield "".join(random_rune(rng) for _ in range(size // 4))


def strings_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings_of(item)


def data_texts(files):
    for name in files:
        with gzip.open(name, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield from strings_of(json.loads(line))


def run(program, what, folder, texts):
    with tempfile.TemporaryFile("w+", encoding="utf-8") as lines:
        for text in texts:
            lines.write(json.dumps({"text": text}) + "\n")
        lines.seek(0)
        done = subprocess.run([program, what, str(folder)], stdin=lines, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.split("\n")[:-1]]


def count_differences(what, texts, ours, theirs):
    if len(ours) != len(texts):
        print(f"{what}: {len(ours)} answers for {len(texts)} texts")
        return 1
    different = [i for i in range(len(texts)) if ours[i] != theirs[i]]
    print(f"{what}: {len(texts)} texts, {sum(map(len, theirs))} ids or pieces, {len(different)} differences", flush=True)
    for i in different[:5]:
        print(f"  {ascii(texts[i])[:300]}\n    ours      {str(ours[i])[:300]}\n    reference {str(theirs[i])[:300]}")
    return len(different)


def reference_ids(tokenizer, texts):
    ids = []
    for begin in range(0, len(texts), 10000):
        ids += [e.ids for e in tokenizer.encode_batch(texts[begin:begin + 10000], add_special_tokens=False)]
    return ids


def compare_folder(program, folder, files, count):
    path = Path(folder) / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(path))
    # As transformers does for a single text.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    special = [t.content for t in tokenizer.get_added_tokens_decoder().values()][:20] + ["[PAD]", "<|eot_id|>"]
    failures = 0
    for name, texts in (("generated", generated_texts(count, special)), ("every code point", every_rune()), ("long", long_texts()),
                        ("data", data_texts(files))):
        texts = list(texts)
        if texts:
            failures += count_differences(f"{folder} {name}", texts, run(program, "ids", folder, texts), reference_ids(tokenizer, texts))
    if json.loads(path.read_text(encoding="utf-8"))["model"].get("byte_fallback"):
        failures += compare_variants(program, path, min(count // 4, 4000))
    return failures


REPLACE = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
PREPEND = {"type": "Prepend", "prepend": "\u2581"}


def sequence(*parts):
    return {"type": "Sequence", "normalizers": list(parts)}


NORMALIZERS = {
    "none": None, "empty": sequence(), "replace": REPLACE, "prepend": PREPEND, "prepend, replace": sequence(PREPEND, REPLACE),
    "replace, prepend": sequence(REPLACE, sequence(PREPEND)), "prepend a space": sequence({"type": "Prepend", "prepend": " "}, REPLACE),
    "prepend nothing": {"type": "Prepend", "prepend": ""},
    "runs": sequence(REPLACE, {"type": "Replace", "pattern": {"String": "\u2581\u2581"}, "content": "\u2581"}),
    "lose": sequence({"type": "Replace", "pattern": {"String": "e"}, "content": ""}, PREPEND, REPLACE),
    "grow": sequence({"type": "Replace", "pattern": {"String": "ab"}, "content": "<unk> a\u00e9"}, REPLACE),
}
FLAGS = [{}, {"lstrip": True}, {"rstrip": True}, {"single_word": True}, {"lstrip": True, "rstrip": True, "single_word": True}]
ADDED = [AddedToken(content, normalized=normalized, **FLAGS[(i + normalized) % len(FLAGS)])
         for normalized in (False, True) for i, content in enumerate(["<n>", "[a b]", "hello", "of the", " x", "y ", "\u2581q"])
         if normalized == (i % 2 == 0) or content == "hello"][:12]


def model_variants(model):
    """(name, changes of the model section) for what decides about characters that the vocabulary lacks."""
    few_bytes = {text: number for text, number in model["vocab"].items() if text not in ("<0xE4>", "<0xF0>", "<0x41>")}
    for fuse in (False, True):
        for unknown in (None, model["unk_token"]):
            for fallback in (False, True):
                yield f"fuse {fuse}, unknown {unknown}, fallback {fallback}", dict(fuse_unk=fuse, unk_token=unknown, byte_fallback=fallback)
        yield f"fuse {fuse}, bytes missing", dict(fuse_unk=fuse, vocab=few_bytes)
        yield f"fuse {fuse}, a letter is unknown", dict(fuse_unk=fuse, unk_token="e")
    yield "ignore_merges", dict(ignore_merges=True)
    size = 1 + max(model["vocab"].values())
    merged = {"<0x0A><0x0A>": size, "\u2581<0x0A>": size + 1, "<unk>\u2581": size + 2, "a<unk>\u2581": size + 3}
    merges = [["<0x0A>", "<0x0A>"], ["\u2581", "<0x0A>"], ["<unk>", "\u2581"], ["a", "<unk>\u2581"]]
    for fallback in (False, True):
        yield f"merges of bytes and the unknown, fallback {fallback}", dict(
            vocab={**model["vocab"], **merged}, merges=merges + model["merges"], byte_fallback=fallback)


def variants(file):
    for name, normalizer in NORMALIZERS.items():
        yield f"normalizer {name}", {**file, "normalizer": normalizer}, []
        yield f"normalizer {name}, more added tokens", {**file, "normalizer": normalizer}, ADDED
    for name, changes in model_variants(file["model"]):
        yield name, {**file, "model": {**file["model"], **changes}}, []


def compare_variants(program, path, count):
    file = json.loads(path.read_text(encoding="utf-8"))
    failures = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name, changed, added in variants(file):
            tokenizer = Tokenizer.from_str(json.dumps(changed))
            for token in added:  # One by one, and only those that read differently once normalized: others are refused here.
                tokenizer.add_tokens([token])
            tokenizer.save(str(Path(scratch) / "tokenizer.json"))
            special = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
            special += [f" {text} " for text in special] + ["ab", " of the ", "  hello", "\u2581x ", " [a b] ", "A\u4e00", "\U0001F600A"]
            texts = list(generated_texts(count, special)) + [" ".join(special), "".join(special)]
            failures += count_differences(f"{path.parent} {name}", texts, run(program, "ids", scratch, texts), reference_ids(tokenizer, texts))
    return failures


LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
          r"\s+(?!\S)|\s+")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}|"
         r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
PUNCTUATION = [rf"\{c}" for c in '!"#$%&()*+,-./:;=?@[]^{|}~']
PATTERNS = [*PUNCTUATION, "[" + "".join(PUNCTUATION[::2]) + "]", r"a(?=(?i:S)t)", LLAMA3, O200K, r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
            r"\s", r"\S+", r"\d{2,}", r"\D", r"[a-eX-Z\d]+", r"[^a-z\s]{1,4}", r"\p{P}", r"\P{L}+?", r"(?=\p{Lu})\p{L}{1,2}",
            r"(?i:[k-t])", r"(?i:[^s])", r"(?i:don|ski)", r".{3}", r"(a|ab)(c|bcd)?", r"[-/\]\\]+", r"é|中+|ſ", r"\p{Nl}|\p{No}", r"[\p{Cn}\p{Co}\p{Cc}]",
            r"\p{M}+", r"a*?b", r"\r\n|\n|\r", r"[ \t]+\n?", r"(?:\p{L}\p{N})+", r"\p{Zs}|\p{Zl}|\p{Zp}", r"[^ ]{2}"]


def compare_pre_tokenizers(program, count):
    behaviors = ["Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
    configs = [{"type": "Split", "pattern": {"Regex": p}, "behavior": behaviors[i % 5], "invert": i % 3 == 2} for i, p in enumerate(PATTERNS)]
    configs += [{"type": "Split", "pattern": {"Regex": p}, "behavior": "Isolated", "invert": False} for p in PATTERNS]
    configs += [{"type": "Split", "pattern": kind, "behavior": b, "invert": i} for kind in ({"Regex": r"\p{L}|\n"}, {"String": "a"}, {"String": ".."})
                for b in behaviors for i in (False, True)]
    configs += [{"type": "Digits", "individual_digits": b} for b in (False, True)]
    byte_levels = [{"type": "ByteLevel", "add_prefix_space": a, "trim_offsets": True, "use_regex": r} for a in (False, True) for r in (False, True)]
    configs += byte_levels
    configs += [{"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": d}, b]} for d in (False, True) for b in byte_levels]
    configs += [{"type": "Sequence", "pretokenizers": []}]
    failures = 0
    texts = list(generated_texts(count, ["<|x|>"])) + ["aßb ﬁﬂﬆ ſſ Kk", "don't DON'T SKI ſKI", "a" * 500, " " * 500 + "x", "\n" * 50]
    with tempfile.TemporaryDirectory() as scratch:
        for config in configs:
            path = Path(scratch) / "tokenizer.json"
            path.write_text(json.dumps({"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
                                        "pre_tokenizer": config, "post_processor": None, "decoder": None,
                                        "model": {"type": "BPE", "dropout": None, "unk_token": None, "vocab": {}, "merges": []}}))
            splitter = Tokenizer.from_file(str(path)).pre_tokenizer
            theirs = [pieces_of(splitter, config, text) for text in texts]
            failures += count_differences(f"pieces {json.dumps(config)[:150]}", texts, run(program, "pieces", scratch, texts), theirs)
    return failures


BYTE_LEVEL_OFF = {chr(c): bytes([b]) for b, c in
                  zip([*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)], [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)])}
BYTE_LEVEL_OFF.update({chr(0x100 + i): bytes([b]) for i, b in enumerate(b for b in range(0x100) if bytes([b]) not in BYTE_LEVEL_OFF.values())})


def pieces_of(splitter, config, text):
    # A pre-tokenizer without steps leaves an empty text as one empty piece, which has no token.
    pieces = [piece for piece, _ in splitter.pre_tokenize_str(text) if piece]
    if "ByteLevel" in json.dumps(config):
        pieces = [b"".join(BYTE_LEVEL_OFF[c] for c in piece).decode() for piece in pieces]
    return pieces


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--data", action="append", default=[])
    parser.add_argument("--count", type=int, default=100000)
    args = parser.parse_args()
    failures = sum(compare_folder(args.program, folder, args.data, args.count) for folder in args.folders)
    failures += compare_pre_tokenizers(args.program, min(args.count, 2000))
    print("no difference" if failures == 0 else f"{failures} differences")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
