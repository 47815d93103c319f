#!/usr/bin/env python3
"""Turn data sets as they are shipped into JSON lines, one object a row, as `assay eval --data` reads them.

    tools/to_jsonl.py FILE... [--output DIR | --output FILE.jsonl[.gz]] [--split] [--drop COLUMN] [--gzip] [--force]

FILE is Parquet (as the Hugging Face Hub ships data sets), one JSON array in a file (as RM-Bench's total_dataset.json), or JSON
lines already; what it is its first bytes tell, gzip is undone. Every column is kept with its name: lists and structs become JSON
lists and objects, integers stay exact, null stays null. A column that JSON has no word for (bytes, a date, NaN) is an error that
names it, never a guess; --drop COLUMN leaves it out.

Each FILE becomes FILE's name with .jsonl in place of its ending, beside it or in --output DIR. With --split the parts of one split
(train-00000-of-00002.parquet, train-00001-of-00002.parquet) become one file, train.jsonl; all of the parts must be there. With
--output FILE.jsonl everything goes into that file, in the order given. --gzip adds .gz to the names and compresses; a name that
ends in .gz always is. A file is written whole or not at all, and never over another without --force.

Parquet needs pyarrow: pip install pyarrow==21.0.0

Example, RewardBench from the Hub's files:
  tools/to_jsonl.py reward-bench/data/filtered-*.parquet --split --output data
  assay eval --data data/filtered.jsonl --output results

Exit codes: 0 written; 1 a file cannot be read or written, one sentence says which and why; 2 bad usage.
"""
import argparse
import contextlib
import gzip
import itertools
import json
import math
import os
import re
import sys
import zlib
from pathlib import Path

PARQUET = b"PAR1"
GZIP = b"\x1f\x8b"
PART = re.compile(r"(?P<split>.+)-(?P<number>\d+)-of-(?P<count>\d+)")
ENDINGS = (".parquet", ".jsonl", ".ndjson", ".json")
ROWS_AT_ONCE = 1000
ROWS_A_REPORT = 10_000


class Refused(Exception):
    """The sentence for the user."""


def check_value(value, name):
    """Refuses what JSON has no word for; `name` is the column's, with its place inside."""
    if value is None or isinstance(value, (bool, int, str)):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Refused(f"column {name} holds {value}, which JSON has no word for; --drop it, or convert it first")
    elif isinstance(value, list):
        for one in value:
            check_value(one, f"{name}[]")
    elif isinstance(value, dict):
        for key, one in value.items():
            if not isinstance(key, str):
                raise Refused(f"column {name} has keys that are not text")
            check_value(one, f"{name}.{key}")
    else:
        raise Refused(f"column {name} holds {type(value).__name__}, which JSON has no word for; --drop it, or convert it first")


def parquet_rows(path):
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise Refused(f"{path} is Parquet, which needs pyarrow: pip install pyarrow==21.0.0") from None
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if len(set(names)) != len(names):
                raise Refused(f"{path} has two columns of one name")
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
                yield from batch.to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise Refused(f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}") from None


def reject_constant(word):
    raise ValueError(f"{word} is no JSON")


def parse_json(text):
    """Refuses NaN and Infinity, which Python would let pass, and of two keys of one name in one object to drop the first."""
    def object_of(pairs):
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError("an object has two keys of one name")
        return dict(pairs)
    return json.loads(text, parse_constant=reject_constant, object_pairs_hook=object_of)


def json_rows(path, opened):
    """Rows of one array, or of JSON lines."""
    with opened(path, "rb") as file:
        first = b""
        while not first.strip():  # Past blank lines at the head.
            first = file.readline()
            if not first:
                raise Refused(f"{path} is empty")
        if first.lstrip().startswith(b"["):
            try:
                rows = parse_json(first + file.read())
            except (ValueError, RecursionError) as error:
                raise Refused(f"{path} is not one JSON array: {error}") from None
            yield from rows
            return
        file.seek(0)
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield parse_json(line)
                except (ValueError, RecursionError) as error:
                    raise Refused(f"{path}, line {number} is not JSON: {error}") from None


def rows_of(path, drop):
    """Each row as an object, without the columns in `drop`."""
    try:
        with open(path, "rb") as file:
            head = file.read(4)
        if head == PARQUET:
            rows = parquet_rows(path)
        else:
            rows = json_rows(path, gzip.open if head[:2] == GZIP else open)
        for number, row in enumerate(rows, 1):
            if not isinstance(row, dict):
                raise Refused(f"{path}, row {number} is not an object")
            row = {name: value for name, value in row.items() if name not in drop}
            for name, value in row.items():
                try:
                    check_value(value, name)
                except Refused as refused:
                    raise Refused(f"{path}, row {number}: {refused}") from None
            yield row
    except (OSError, EOFError, zlib.error) as error:
        raise Refused(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def write(target, sources, force, drop):
    """Writes `sources` into a file beside `target` that then takes its place; the number of rows."""
    if target.exists() and not force:
        raise Refused(f"{target} is there already; --force writes it anew")
    part = target.with_name(target.name + ".part")
    count = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "wb") as raw:
            # Without a name and a time in its head, so that equal rows give equal bytes.
            packer = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) if target.suffix == ".gz" else None
            with packer or contextlib.nullcontext(raw) as file:
                for row in itertools.chain.from_iterable(rows_of(source, drop) for source in sources):
                    line = json.dumps(row, ensure_ascii=False, allow_nan=False)
                    file.write(line.encode("utf-8") + b"\n")
                    count += 1
                    if count % ROWS_A_REPORT == 0:
                        print(f"to_jsonl: {target.name}: {count:,} rows", file=sys.stderr)
            raw.flush()
            os.fsync(raw.fileno())
        os.replace(part, target)
    except UnicodeEncodeError:
        raise Refused(f"{target}: row {count + 1} holds half a surrogate pair, which is not UTF-8") from None
    except OSError as error:
        raise Refused(f"{target} cannot be written: {error.strerror}") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return count


def stem_of(path):
    """The name without its endings: train-00000-of-00002 of train-00000-of-00002.parquet."""
    name = path.name.removesuffix(".gz")
    for ending in ENDINGS:
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


def by_split(sources):
    """{split: its parts in their order}; a file whose name is no part's is a split by itself."""
    splits = {}
    for source in sources:
        part = PART.fullmatch(stem_of(source))
        name, number, count = (part["split"], int(part["number"]), int(part["count"])) if part else (stem_of(source), 0, 1)
        splits.setdefault(name, []).append((number, count, source))
    for name, parts in splits.items():
        parts.sort(key=lambda each: each[0])
        if [number for number, _, _ in parts] != list(range(parts[0][1])) or len({count for _, count, _ in parts}) != 1:
            raise Refused(f"split {name}: not every part is there once; its names say {parts[0][1]} parts")
    return {name: [source for _, _, source in parts] for name, parts in splits.items()}


def targets_of(arguments):
    """{target: sources}."""
    output = arguments.output
    if output is not None and output.name.endswith((".jsonl", ".jsonl.gz")):
        return {output: arguments.files}
    ending = ".jsonl.gz" if arguments.gzip else ".jsonl"
    named = by_split(arguments.files).items() if arguments.split else [(stem_of(file), [file]) for file in arguments.files]
    targets = {}
    for name, sources in named:
        target = (output or sources[0].parent) / (name + ending)
        if target in targets:
            raise Refused(f"two files would become {target}; convert them one by one with --output FILE.jsonl")
        targets[target] = sources
    return targets


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--output", type=Path, metavar="DIR | FILE.jsonl[.gz]", help="where to; else beside each FILE")
    parser.add_argument("--split", action="store_true", help="join the parts of a split into one file")
    parser.add_argument("--drop", action="append", default=[], metavar="COLUMN", help="leave this column out; may be given several times")
    parser.add_argument("--gzip", action="store_true", help="compress")
    parser.add_argument("--force", action="store_true", help="write over files that are there")
    arguments = parser.parse_args()
    try:
        targets = targets_of(arguments)
        for target, sources in targets.items():
            if any(target.resolve() == source.resolve() for source in sources):
                raise Refused(f"{target} would be written over itself; give another --output")
        for target, sources in targets.items():
            print(f"{target}: {write(target, sources, arguments.force, arguments.drop):,} rows")
    except Refused as refused:
        print(f"to_jsonl: {refused}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
