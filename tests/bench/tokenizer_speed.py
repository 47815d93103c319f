#!/usr/bin/env python3
"""Time our tokenizer against the `tokenizers` library, one thread each, on every text of the bundled data.

    tests/bench/tokenizer_speed.py PROGRAM FOLDER... [--rounds N] [--data FILE.jsonl.gz]... [--at-least RATIO]

    example: tests/bench/tokenizer_speed.py build/dev/tests/assay_tokenize data/armorm-mini --at-least 2

PROGRAM is assay_tokenize; each FOLDER holds a tokenizer.json. First the ids of all texts must be equal. Then the two encode all texts,
one text after the other, in turn for N rounds (7 unless told); loading is not timed. Prints the median of each in MB/s, the spread of
the rounds, and the ratio of the medians. The library runs in this process, without its threads.

Exit codes: 0 done; 1 ids differ, or a ratio is below RATIO (0 unless told). Needs tokenizers.
"""
import os

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import argparse  # noqa: E402
import json  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import tokenizers  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/parity"))
from tokenizer_parity import data_texts  # noqa: E402


def time_ours(program, folder, lines):
    lines.seek(0)
    done = subprocess.run([program, "time", str(folder)], stdin=lines, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)["seconds"]


def time_theirs(tokenizer, texts):
    begin = time.perf_counter()
    for text in texts:
        tokenizer.encode(text, add_special_tokens=False)
    return time.perf_counter() - begin


def equal_ids(program, folder, lines, tokenizer, texts):
    lines.seek(0)
    done = subprocess.run([program, "ids", str(folder)], stdin=lines, stdout=subprocess.PIPE, text=True, check=True)
    ours = [json.loads(line) for line in done.stdout.split("\n")[:-1]]
    return ours == [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]


def describe(seconds, megabytes):
    speeds = sorted(megabytes / s for s in seconds)
    return f"{megabytes / statistics.median(seconds):6.2f} MB/s ({speeds[0]:.2f} to {speeds[-1]:.2f})"


def compare(program, folder, texts, rounds):
    """The ratio of the medians; None where ids differ."""
    tokenizer = tokenizers.Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    with tempfile.TemporaryFile("w+", encoding="utf-8") as lines:
        for text in texts:
            lines.write(json.dumps({"text": text}) + "\n")
        if not equal_ids(program, folder, lines, tokenizer, texts):
            print(f"{folder}: the ids differ; see tests/parity/tokenizer_parity.py")
            return None
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(time_ours(program, folder, lines))
            theirs.append(time_theirs(tokenizer, texts))
    ratio = statistics.median(theirs) / statistics.median(ours)
    print(f"{folder}: ours {describe(ours, megabytes)}, tokenizers {tokenizers.__version__} {describe(theirs, megabytes)}, "
          f"ratio {ratio:.1f}", flush=True)
    return ratio


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--data", action="append", help="every data/*.jsonl.gz of the project unless told; may be repeated")
    parser.add_argument("--at-least", type=float, default=0, metavar="RATIO")
    args = parser.parse_args()
    texts = list(data_texts(args.data or sorted((ROOT / "data").glob("*.jsonl.gz"))))
    print(f"{len(texts)} texts, {sum(len(text.encode()) for text in texts)} bytes, {args.rounds} rounds", flush=True)
    ratios = [compare(args.program, folder, texts, args.rounds) for folder in args.folders]
    sys.exit(0 if all(ratio is not None and ratio >= args.at_least for ratio in ratios) else 1)


if __name__ == "__main__":
    main()
