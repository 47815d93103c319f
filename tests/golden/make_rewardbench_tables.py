#!/usr/bin/env python3
"""Make rewardbench_tables.jsonl.gz: random subset accuracies and the section scores that RewardBench itself makes of them.

    tests/golden/make_rewardbench_tables.py --current DIR --may-2024 DIR > tests/golden/rewardbench_tables.jsonl.gz

    example: pip download --no-deps rewardbench==0.1.4 && unzip -d current rewardbench-0.1.4-*.whl
             pip download --no-deps rewardbench==0.1.1 && unzip -d old rewardbench-0.1.1-*.whl
             tests/golden/make_rewardbench_tables.py --current current --may-2024 old > tests/golden/rewardbench_tables.jsonl.gz

The constants and the function calculate_scores_per_section are those of the two releases, executed as they are: the function alone is
taken out of its module, whose other half needs torch. Each line: {"accuracies": {subset: right / rows}, "current": {section: score},
"2024-05": {section: score}}. Every other table lacks some subsets.
"""
import argparse
import ast
import gzip
import json
import random
import sys
from pathlib import Path

TABLES = 1000


def harness(folder):
    """(constants, calculate_scores_per_section) of an unpacked release."""
    constants, function = {}, {}
    exec((folder / "rewardbench/constants.py").read_text(), constants)
    tree = ast.parse((folder / "rewardbench/utils.py").read_text())
    wanted = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "calculate_scores_per_section"]
    exec(compile(ast.Module(wanted, []), "utils.py", "exec"), function)
    return constants, function["calculate_scores_per_section"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--current", type=Path, required=True, help="rewardbench 0.1.3 or later, unpacked")
    parser.add_argument("--may-2024", type=Path, required=True, help="rewardbench 0.1.2 or earlier, unpacked")
    args = parser.parse_args()
    versions = {"current": harness(args.current), "2024-05": harness(args.may_2024)}
    counts = versions["current"][0]["EXAMPLE_COUNTS"]
    dice = random.Random(1)
    with gzip.GzipFile(fileobj=sys.stdout.buffer, mode="wb", mtime=0) as out:
        for table in range(TABLES):
            subsets = [s for s in counts if table % 2 == 0 or dice.random() < 0.7] or [next(iter(counts))]
            accuracies = {s: dice.randint(0, counts[s]) / counts[s] for s in subsets}
            line = {"accuracies": accuracies}
            for name, (constants, function) in versions.items():
                line[name] = function(constants["EXAMPLE_COUNTS"], constants["SUBSET_MAPPING"], accuracies)
            out.write((json.dumps(line) + "\n").encode())


if __name__ == "__main__":
    main()
