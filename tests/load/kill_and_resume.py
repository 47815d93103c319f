#!/usr/bin/env python3
"""`assay score` over many rows, with a process killed (SIGKILL) in the middle and started again.

    tests/load/kill_and_resume.py BIN_DIR [--kill server] [--rows 20000] [--kills 1] [--in-flight 64]
    tests/load/kill_and_resume.py BIN_DIR --kill client [--rows 20000] [--kills 3] [--in-flight 64]

A server comes back on the same port, under the client that waits for it. A client is started again by the same command, and
continues after its checkpoint. The finished file must be byte-identical to that of a run without a kill. BIN_DIR holds assay and assay-fake-server.
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


def checkpoint_rows(target):
    path = target.with_name(target.name + ".checkpoint")
    try:
        return json.loads(path.read_bytes())["rows"]
    except FileNotFoundError:
        return 0


def killed_client_run(args, rows_file, target):
    """Kills the client each time it has saved a checkpoint, somewhere before the next; as disturbed_run(), all logs together."""
    server, address = start_server(args.bin_dir, "127.0.0.1:0", args.speed)
    client = score(args.bin_dir, address, rows_file, target, args.in_flight)
    dice = random.Random(2)
    killed_at, logs = [], []
    for _ in range(args.kills):
        kept = checkpoint_rows(target)
        while client.poll() is None and checkpoint_rows(target) == kept:
            os.sched_yield()
        beyond = checkpoint_rows(target) + dice.randint(0, 200)
        while client.poll() is None and lines_of(target) < beyond:
            os.sched_yield()
        if client.poll() is not None:
            break
        client.kill()
        logs.append(client.communicate()[1])
        killed_at.append(lines_of(target))
        print(f"killed at {killed_at[-1]} rows, {checkpoint_rows(target)} of them in the checkpoint", file=sys.stderr)
        client = score(args.bin_dir, address, rows_file, target, args.in_flight)
    logs.append(client.communicate()[1])
    server.terminate()
    server.wait()
    return client.returncode, "".join(logs), killed_at


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin_dir", type=Path)
    parser.add_argument("--kill", choices=["server", "client"], default="server")
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--kills", type=int, help="default: 1 of the server, 3 of the client")
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--speed", type=float, default=400000, help="tokens a second of the fake device")
    args = parser.parse_args()
    of_client = args.kill == "client"
    if args.kills is None:
        args.kills = 3 if of_client else 1
    with tempfile.TemporaryDirectory() as folder:
        rows_file, calm, disturbed = (Path(folder) / name for name in ("rows.jsonl", "calm.jsonl", "disturbed.jsonl"))
        write_rows(rows_file, args.rows)
        server, address = start_server(args.bin_dir, "127.0.0.1:0", args.speed)
        client = score(args.bin_dir, address, rows_file, calm, args.in_flight)
        calm_log = client.communicate()[1]
        server.terminate()
        server.wait()
        exit_code, log, killed_at = (killed_client_run if of_client else disturbed_run)(args, rows_file, disturbed)
        continued = [int(rows.replace(",", "")) for rows in re.findall(r"continues after ([\d,]+) rows", log)]
        bars = [
            ("undisturbed run: exit code, rows", f"{client.returncode}, {lines_of(calm)}", f"0, {args.rows}",
             client.returncode == 0 and lines_of(calm) == args.rows),
            ("kills in the middle, at rows", str(killed_at), f"{args.kills}, each before the end",
             len(killed_at) == args.kills and all(rows < args.rows for rows in killed_at)),
            ("disturbed run: exit code, rows", f"{exit_code}, {lines_of(disturbed)}", f"0, {args.rows}",
             exit_code == 0 and lines_of(disturbed) == args.rows),
            ("continued after rows", str(continued), "each later than the one before", len(continued) == args.kills
             and all(0 < a < b for a, b in zip(continued, continued[1:])))
            if of_client else
            ("streams opened again, as the client told", str(log.count("opened again")), "at least one a kill",
             log.count("opened again") >= args.kills),
            ("the last summary counts the whole", str(f"of {args.rows:,} rows" in log), "True", f"of {args.rows:,} rows" in log),
            ("no checkpoint is left", str(not list(Path(folder).glob("*.checkpoint*"))), "True",
             not list(Path(folder).glob("*.checkpoint*"))),
            ("files are byte-identical", str(calm.read_bytes() == disturbed.read_bytes()), "True",
             calm.read_bytes() == disturbed.read_bytes()),
        ]
    print(f"== kill_and_resume: {args.rows} rows, {args.kills} kills of the {args.kill}")
    for name, value, bar, holds in bars:
        print(f"{'holds' if holds else 'FAILS':6} {name:44} {value}  (bar: {bar})")
    good = all(bar[3] for bar in bars)
    print("== every bar holds" if good else f"== NOT every bar holds\n{calm_log[-500:]}\n{log[-1500:]}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
