#!/usr/bin/env python3
"""Check the house rules that a compiler does not: who may include whom, that every room has a test, and that rooms stay small.

    tools/check_layers.py [ROOT]

Rules, from ARCHITECTURE.md:
  base/    includes only base/
  model/   includes base/ and model/; never gRPC or protobuf
  server/  includes base/, proto and model headers that reach no torch; never torch itself
  client/  includes base/ and proto
  gRPC and protobuf only in server/, client/ and base/grpc_status
Every .cc outside tests/ and tools/ has a test of the same name under tests/, no file is longer than 400 lines, no test sleeps.

Exit codes: 0 all hold; 1 something does not, one line for each; 2 bad usage.
"""
import argparse
import re
import sys
from pathlib import Path

MAY_INCLUDE = {"base": {"base"}, "model": {"base", "model"}, "server": {"base", "model", "proto", "server"},
               "client": {"base", "client", "proto"}}
# The programs' main files only assemble; generated tables are proved through the room that reads them; torch_pch.cc is empty.
WITHOUT_TEST = {"server/main.cc", "client/main.cc", "model/main_forward.cc", "model/main_precision.cc",
                "model/unicode_tables.cc", "model/torch_pch.cc"}
MAX_LINES = 400
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
TORCH = re.compile(r"^(torch|ATen|c10|caffe2)/")
GRPC = re.compile(r"^(grpc|grpcpp|google/protobuf)/|^assay/(v1|internal)/.*\.pb\.h$")
SLEEP = re.compile(r"\b(sleep_for|sleep_until|SleepFor|usleep|nanosleep|time\.sleep)\b")


def sources(root, folder):
    return sorted(p for p in (root / folder).rglob("*") if p.suffix in (".h", ".cc", ".cu", ".cuh"))


def includes(path):
    return [m[1] for m in INCLUDE.findall(path.read_text(encoding="utf-8"))]


def reaches_torch(root, header, seen):
    """True where `header`, a path from the root, includes torch, itself or through our own headers."""
    if header in seen or not (root / header).is_file():
        return False
    seen.add(header)
    return any(TORCH.match(i) or reaches_torch(root, i, seen) for i in includes(root / header))


def check_includes(root, folder, path):
    name = path.relative_to(root).as_posix()
    for include in includes(path):
        if GRPC.match(include):
            if folder == "model" or (folder == "base" and path.stem != "grpc_status"):
                yield f"{name}: includes {include}: gRPC stays in server/, client/ and base/grpc_status"
            continue
        if TORCH.match(include):
            if folder != "model":
                yield f"{name}: includes {include}: torch stays in model/"
            continue
        target = include.split("/")[0]
        if target in MAY_INCLUDE or target == "tests":
            if target not in MAY_INCLUDE[folder]:
                yield f"{name}: includes {include}: {folder}/ must not know {target}/"
            elif folder != "model" and target == "model" and reaches_torch(root, include, set()):
                yield f"{name}: includes {include}, which reaches torch"


def check_room(root, path):
    name = path.relative_to(root).as_posix()
    lines = path.read_text(encoding="utf-8").count("\n")
    if lines > MAX_LINES and name not in WITHOUT_TEST:
        yield f"{name}: {lines} lines, over {MAX_LINES}: is there a room missing?"
    if path.suffix == ".cc" and name not in WITHOUT_TEST:
        test = root / "tests" / path.relative_to(root).with_name(path.stem + "_test.cc")
        if not test.is_file():
            yield f"{name}: no test; expected {test.relative_to(root).as_posix()}"


def problems(root):
    for folder in MAY_INCLUDE:
        for path in sources(root, folder):
            yield from check_includes(root, folder, path)
            yield from check_room(root, path)
    for path in sources(root, "tests"):
        name, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        if text.count("\n") > MAX_LINES:
            yield f"{name}: {text.count(chr(10))} lines, over {MAX_LINES}"
        if SLEEP.search(text):
            yield f"{name}: sleeps; wait on a condition or a fake clock"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent)
    root = parser.parse_args().root
    if not (root / "CMakeLists.txt").is_file():
        parser.error(f"{root} is not the project's root")
    found = list(problems(root))
    print("\n".join(found) if found else "layers: all hold")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
