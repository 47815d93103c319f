#!/usr/bin/env python3
"""`assay score` over many rows: order, speed, memory; then the same rows in four shards, as pods of a Kubernetes Indexed Job score them.

    tests/load/bulk_million.py BIN_DIR [--assay PATH] [--rows 1000000] [--in-flight 64] [--outcomes-only]

BIN_DIR holds assay and assay-fake-server, whose device takes no time here: what is measured is the client, the wire and the server
without its model, all on this machine. Exit codes: 0 every bar holds; 1 one does not; 2 bad usage, or no server.
"""
import argparse
import filecmp
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROWS_A_MINUTE = 50_000
MEMORY_GROWTH_MIB = 4
SHARDS = 4


def start_server(bin_dir):
    server = subprocess.Popen([bin_dir / "assay-fake-server", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    found = re.fullmatch(r"listening on (\S+)\n", server.stdout.readline())
    if not found:
        print("bulk_million: the server did not start", file=sys.stderr)
        sys.exit(2)
    return server, found[1]


def write_rows(path, rows):
    dice = random.Random(1)
    words = ["prime", "number", "seven", "eleven", "perhaps", "because", "proof", "ä", "数"]
    texts = [" ".join(dice.choices(words, k=dice.randint(1, 20))) for _ in range(1000)]
    with open(path, "w", encoding="utf-8") as file:
        for i in range(rows):
            responses = [dice.choice(texts) for _ in range(1 + i % 2)]
            file.write(json.dumps({"id": i, "prompt": f"{i} {dice.choice(texts)}", "responses": responses}) + "\n")


def start_client(args, address, source, target, *flags, **environment):
    command = [args.assay, "score", "--address", address, "--input", source, "--output", target, "--in-flight", str(args.in_flight)]
    return subprocess.Popen([*command, *flags], stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})


def resident_mib(pid):
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measured_run(args, address, source, target):
    """One client to its end: (exit code, log, seconds, resident MiB while it ran)."""
    began = time.monotonic()
    client = start_client(args, address, source, target)
    resident = []
    while True:
        try:
            log = client.communicate(timeout=0.2)[1]
            return client.returncode, log, time.monotonic() - began, resident
        except subprocess.TimeoutExpired:
            resident.append(resident_mib(client.pid))


def rows_in_order(path):
    """How many rows come with the number of their line and a score for each response, up to the first that does not."""
    with open(path, encoding="utf-8") as file:
        for i, line in enumerate(file):
            row = json.loads(line)
            results = row.get("results", [])
            if row["id"] != i or len(results) != len(row["responses"]) or not all("score" in result for result in results):
                return i
    return i + 1


def sharded_run(args, address, source, folder, joined):
    """As pods would: each process knows its number from the environment alone. Returns the exit codes."""
    target = str(folder / "shard-{shard}.jsonl")
    clients = [start_client(args, address, source, target, "--shard", f"auto/{SHARDS}", JOB_COMPLETION_INDEX=str(i))
               for i in range(SHARDS)]
    codes = [client.communicate() and client.returncode for client in clients]
    with open(joined, "wb") as whole:
        for part in sorted(folder.glob("shard-*.jsonl")):
            with open(part, "rb") as file:
                shutil.copyfileobj(file, whole)
            part.unlink()
    return codes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin_dir", type=Path)
    parser.add_argument("--assay", type=Path, help="the client to measure; default: BIN_DIR's")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--outcomes-only", action="store_true", help="tell time and memory, and hold only outcomes")
    args = parser.parse_args()
    args.assay = args.assay or args.bin_dir / "assay"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, whole, joined = (folder / file for file in ("rows.jsonl", "whole.jsonl", "joined.jsonl"))
        write_rows(source, args.rows)
        server, address = start_server(args.bin_dir)
        code, log, seconds, resident = measured_run(args, address, source, whole)
        print(log.splitlines()[-1] if log else "", file=sys.stderr)
        in_order = rows_in_order(whole)
        codes = sharded_run(args, address, source, folder, joined)
        server.terminate()
        server.wait()
        same = filecmp.cmp(whole, joined, shallow=False)
    # The first tenth fills caches and pools.
    settled = resident[len(resident) // 10:] or [0]
    early, late = settled[:len(settled) // 2] or settled, settled[len(settled) // 2:]
    growth = max(late) - max(early)
    rate = args.rows / seconds * 60
    told = args.outcomes_only
    bars = [
        ("one run: exit code, rows in order with scores", f"{code}, {in_order:,}", f"0, {args.rows:,}",
         code == 0 and in_order == args.rows),
        ("rows a minute", f"{rate:,.0f} ({seconds:.1f} s)", f"at least {ROWS_A_MINUTE:,}", told or rate >= ROWS_A_MINUTE),
        ("the client's resident memory, first and second half", f"{max(early):.1f} and {max(late):.1f} MiB at most",
         f"growth at most {MEMORY_GROWTH_MIB} MiB", told or growth <= MEMORY_GROWTH_MIB),
        (f"{SHARDS} shards: exit codes", str(codes), "0 each", codes == [0] * SHARDS),
        ("shards' outputs joined are the one run's, byte for byte", str(same), "True", same),
    ]
    print(f"== bulk_million: {args.rows:,} rows, {args.in_flight} in flight" + (", time and memory only told" if told else ""))
    for bar, value, expected, holds in bars:
        print(f"{'holds' if holds else 'FAILS':6} {bar:56} {value}  (bar: {expected})")
    good = all(bar[3] for bar in bars)
    print("== every bar holds" if good else f"== NOT every bar holds\n{log[-1500:]}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
