#!/usr/bin/env python3
"""`assay score` over many rows, with its server killed (SIGKILL) in the middle and started again on the same port.

    tests/load/kill_and_resume.py BIN_DIR [--rows 20000] [--kills 1] [--in-flight 64]

The finished file must be byte-identical to that of a run without a kill. BIN_DIR holds assay and assay-fake-server.
Exit codes: 0 every bar holds; 1 one does not; 2 bad usage, or no server.
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def start_server(bin_dir, listen, speed):
    environment = {**os.environ, "ASSAY_FAKE_TOKENS_PER_SECOND": str(speed)}
    server = subprocess.Popen([bin_dir / "assay-fake-server", "--listen", listen], env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    found = re.fullmatch(r"listening on (\S+)\n", server.stdout.readline())
    if not found:
        sys.exit("kill_and_resume: the server did not start")
    return server, found[1]


def write_rows(path, rows):
    dice = random.Random(1)
    words = ["prime", "number", "seven", "eleven", "perhaps", "because", "proof", "ä", "数"]

    def text():
        return " ".join(dice.choices(words, k=dice.randint(1, 20)))

    with open(path, "w", encoding="utf-8") as file:
        for i in range(rows):
            file.write(json.dumps({"id": i, "prompt": f"{i} {text()}", "responses": [text() for _ in range(dice.randint(1, 3))]}) + "\n")


def score(bin_dir, address, source, target, in_flight):
    return subprocess.Popen([bin_dir / "assay", "score", "--address", address, "--input", source, "--output", target,
                             "--in-flight", str(in_flight)], stderr=subprocess.PIPE, text=True)


def lines_of(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def disturbed_run(args, rows_file, target):
    """Kills the server once each time another part of the rows is written; returns (exit code, log, rows when killed)."""
    server, address = start_server(args.bin_dir, "127.0.0.1:0", args.speed)
    client = score(args.bin_dir, address, rows_file, target, args.in_flight)
    killed_at = []
    for kill in range(1, args.kills + 1):
        while client.poll() is None and lines_of(target) < args.rows * kill // (args.kills + 1):
            os.sched_yield()
        if client.poll() is not None:
            break
        server.kill()
        server.wait()
        killed_at.append(lines_of(target))
        print(f"killed at {killed_at[-1]} rows", file=sys.stderr)
        server, _ = start_server(args.bin_dir, address, args.speed)
    log = client.communicate()[1]
    server.terminate()
    server.wait()
    return client.returncode, log, killed_at


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin_dir", type=Path)
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--speed", type=float, default=400000, help="tokens a second of the fake device")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows_file, calm, disturbed = (Path(folder) / name for name in ("rows.jsonl", "calm.jsonl", "disturbed.jsonl"))
        write_rows(rows_file, args.rows)
        server, address = start_server(args.bin_dir, "127.0.0.1:0", args.speed)
        client = score(args.bin_dir, address, rows_file, calm, args.in_flight)
        calm_log = client.communicate()[1]
        server.terminate()
        server.wait()
        exit_code, log, killed_at = disturbed_run(args, rows_file, disturbed)
        bars = [
            ("undisturbed run: exit code, rows", f"{client.returncode}, {lines_of(calm)}", f"0, {args.rows}",
             client.returncode == 0 and lines_of(calm) == args.rows),
            ("kills in the middle, at rows", str(killed_at), f"{args.kills}, each before the end",
             len(killed_at) == args.kills and all(rows < args.rows for rows in killed_at)),
            ("disturbed run: exit code, rows", f"{exit_code}, {lines_of(disturbed)}", f"0, {args.rows}",
             exit_code == 0 and lines_of(disturbed) == args.rows),
            ("streams opened again, as the client told", str(log.count("opened again")), "at least one a kill",
             log.count("opened again") >= args.kills),
            ("files are byte-identical", str(calm.read_bytes() == disturbed.read_bytes()), "True",
             calm.read_bytes() == disturbed.read_bytes()),
        ]
    print(f"== kill_and_resume: {args.rows} rows, {args.kills} kills")
    for name, value, bar, holds in bars:
        print(f"{'holds' if holds else 'FAILS':6} {name:44} {value}  (bar: {bar})")
    good = all(bar[3] for bar in bars)
    print("== every bar holds" if good else f"== NOT every bar holds\n{calm_log[-500:]}\n{log[-1500:]}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
