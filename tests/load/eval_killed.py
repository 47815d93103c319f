#!/usr/bin/env python3
"""`assay eval` killed (SIGKILL) in the middle, again and again, and started again; and the same rows in two shards.

    tests/load/eval_killed.py BIN_DIR [--rows 3000] [--kills 3] [--speed 30000]

Every file that the disturbed run leaves, and what the joined shards leave, must be byte-identical to those of a run without a kill:
rows, run, summary, page, and the files for RewardBench's scripts. BIN_DIR holds assay and assay-fake-server. Slow enough (--speed) for
a checkpoint between two kills, or a restart begins anew.

Exit codes: 0 every bar holds; 1 one does not; 2 bad usage, or no server.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from kill_and_resume import lines_of, start_server

SUBSETS = ["hep-go", "hep-rust", "math-prm", "llmbar-natural", "donotanswer"]


def write_rows(path, rows):
    dice = random.Random(2)
    words = ["prime", "number", "<b>", "eleven", "because", "ä", "数"]

    def text():
        return " ".join(dice.choices(words, k=dice.randint(1, 12)))

    with open(path, "w", encoding="utf-8") as file:
        for i in range(rows):
            file.write(json.dumps({"id": i, "subset": SUBSETS[i * len(SUBSETS) // rows], "prompt": f"{i} {text()}", "chosen": text() + ".",
                                   "rejected": text()}) + "\n")


def command(args, address, data, out, *more):
    return [args.bin_dir / "assay", "eval", "--address", address, "--data", data, "--output", out, "--report", out / "report.html", "--in-flight",
            "16", *more]


def disturbed_run(args, address, data, out):
    """Kills the client once each time another part of the rows is written; returns (exit code, log, rows when killed)."""
    killed_at, log = [], ""
    for kill in range(1, args.kills + 2):
        client = subprocess.Popen(command(args, address, data, out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if kill <= args.kills:
            while client.poll() is None and lines_of(out / "rows.jsonl") < args.rows * kill // (args.kills + 1):
                os.sched_yield()
            if client.poll() is None:
                client.kill()
                killed_at.append(lines_of(out / "rows.jsonl"))
                print(f"killed at {killed_at[-1]} rows", file=sys.stderr)
        log += client.communicate()[1]
    return client.returncode, log, killed_at


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin_dir", type=Path)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--speed", type=float, default=30000, help="tokens a second of the fake device")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data, calm, disturbed, joined = (folder / part for part in ("rows.jsonl", "calm", "disturbed", "joined"))
        write_rows(data, args.rows)
        server, address = start_server(args.bin_dir, "127.0.0.1:0", args.speed)
        calm_code = subprocess.run(command(args, address, data, calm), stdout=subprocess.DEVNULL).returncode
        exit_code, log, killed_at = disturbed_run(args, address, data, disturbed)
        shards = [folder / "shard-0", folder / "shard-1"]
        shard_codes = [subprocess.run(command(args, address, data, shard, "--shard", f"{i}/2"), stdout=subprocess.DEVNULL).returncode
                       for i, shard in enumerate(shards)]
        subprocess.run([args.bin_dir / "assay", "eval", "--from", *shards, "--output", joined, "--report", joined / "report.html"],
                       stdout=subprocess.DEVNULL, check=True)
        server.terminate()
        server.wait()
        expected, found, whole = files_of(calm), files_of(disturbed), files_of(joined)
        resumed = log.count("continues after")
        bars = [
            ("undisturbed run: exit code, rows, files", f"{calm_code}, {lines_of(calm / 'rows.jsonl')}, {len(expected)}", f"0, {args.rows}, 6",
             calm_code == 0 and lines_of(calm / "rows.jsonl") == args.rows and len(expected) == 6),
            ("kills in the middle, at rows", str(killed_at), f"{args.kills}", len(killed_at) == args.kills),
            ("disturbed run: exit code", str(exit_code), "0", exit_code == 0),
            ("restarts that went on where the last stopped", str(resumed), "told", True),
            ("its files that differ", str([f for f in {**expected, **found} if expected.get(f) != found.get(f)]), "[]", expected == found),
            ("two shards: exit codes", str(shard_codes), "[0, 0]", shard_codes == [0, 0]),
            ("joined, files that differ", str([f for f in {**expected, **whole} if expected.get(f) != whole.get(f)]), "[]", expected == whole),
        ]
    print(f"== eval_killed: {args.rows} rows, {args.kills} kills")
    for name, value, bar, holds in bars:
        print(f"{'holds' if holds else 'FAILS':6} {name:48} {value}  (bar: {bar})")
    good = all(bar[3] for bar in bars)
    print("== every bar holds" if good else f"== NOT every bar holds\n{log[-1500:]}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
