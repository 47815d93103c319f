"""What the speed comparisons of this folder have in common: data, contenders, alternation, tables. Needs only Python itself.

A contender is a callable that returns a Measured. All contenders of a run score the same rows, in alternation on one machine,
because the speed of a shared machine drifts by more than the differences that are looked for.

Tokens are counted as if nothing were shared, for every contender, so that tokens/s of different ways compare.
"""
import contextlib
import dataclasses
import gzip
import json
import os
import re
import resource
import shlex
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_DATA = [ROOT / "data" / f"{name}.jsonl.gz" for name in ("anthropic_hhh", "helpful_base", "llmbar")]
SUMMARY = re.compile(r"(\d+) responses, (\d+) errors, (\d+) tokens in ([\d.]+) s: ([\d.]+) tokens/s")
NOTABLE_CPU_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
# Above this share of the cores taken by other processes a measurement is marked.
BUSY_MACHINE = 0.05


class BenchError(Exception):
    """Something the user can act on; run() prints it without a trace."""


@dataclasses.dataclass
class Measured:
    """One run of one contender."""
    tokens: int
    seconds: float
    scores: list = None  # In the rows' order, one a response; None where the contender reports none.
    others: float = 0.0  # Share of all cores that other processes took meanwhile; alternate() fills it.

    @property
    def rate(self):
        return self.tokens / self.seconds


def say(text):
    print(text, file=sys.stderr, flush=True)


def cores():
    return len(os.sched_getaffinity(0))


# ---- data ----

def read_rows(paths):
    rows = []
    for path in paths:
        opener = gzip.open if str(path).endswith(".gz") else open
        try:
            with opener(path, "rt", encoding="utf-8") as lines:
                rows += [json.loads(line) for line in lines if line.strip()]
        except (OSError, ValueError) as error:
            raise BenchError(f"cannot read {path}: {error}") from error
    return rows


def spread(rows, limit):
    """`limit` of the rows, at equal distances over all of them, so that every file takes part; 0: all."""
    if not limit or limit >= len(rows):
        return rows
    return [rows[i * len(rows) // limit] for i in range(limit)]


def write_rows(rows, path):
    Path(path).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return Path(path)


def responses_of(row):
    return row["responses"] if "responses" in row else [row["chosen"], row["rejected"]]


def sample_text(rows):
    return f"{len(rows)} rows, {sum(len(responses_of(row)) for row in rows)} responses"


# ---- contenders ----

_long_lived = []  # Processes that stay between measurements; their CPU time is ours, not others'.


def _cpu_seconds_of(pid):
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _own_cpu_seconds():
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usage) + sum(_cpu_seconds_of(p.pid) for p in _long_lived)


def _machine_cpu_seconds():
    # user nice system idle iowait irq softirq steal: all but idle and iowait. Time stolen by the host counts as others'.
    fields = [int(f) for f in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def with_others(work):
    """(what `work` returns, the share of all cores that other processes took meanwhile)."""
    began, machine, own = time.monotonic(), _machine_cpu_seconds(), _own_cpu_seconds()
    result = work()
    wall = time.monotonic() - began
    foreign = (_machine_cpu_seconds() - machine) - (_own_cpu_seconds() - own)
    return result, max(0.0, foreign / (wall * os.cpu_count()))


def warn_of_others(share):
    if share > BUSY_MACHINE:
        print(f"\nOther processes took up to {share:.0%} of the cores during a run: these figures are not for publishing.", flush=True)


class Forward:
    """assay-forward on a file of rows. Each call runs the program anew; loading and tokenizing are not in its time."""

    def __init__(self, args, rows_path, scratch, flags=()):
        self.command = [args.bin / "assay-forward", "--model", args.model, "--data", rows_path, "--device", "cpu",
                        "--dtype", args.dtype, *shlex.split(args.forward_flags), *flags]
        self.output = Path(scratch) / "forward-output.jsonl"

    def __call__(self, extra=()):
        run = run_program([*self.command, "--output", self.output, *extra])
        found = SUMMARY.search(run.stdout)
        if not found:
            raise BenchError(f"assay-forward printed no line with tokens/s, but: {run.stdout.strip()[-300:]!r}")
        _, errors, tokens = (int(group) for group in found.groups()[:3])
        if errors:
            raise BenchError(f"assay-forward could not score {errors} responses")
        with open(self.output, encoding="utf-8") as lines:
            scores = [json.loads(line)["score"] for line in lines]
        # The rate has more digits than the seconds.
        return Measured(tokens, tokens / float(found[5]), scores)

    def warm_up(self):
        """One row, so that the checkpoint is in the page cache and the program is known to work before anything is timed."""
        self(("--limit", "1"))


def forward_has(args, flag):
    return flag in run_program([args.bin / "assay-forward", "--help"]).stdout


def run_program(command):
    command = [str(part) for part in command]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BenchError(f"cannot run {command[0]}: {error.strerror}; build it, or name its folder with --bin") from error
    if run.returncode != 0:
        raise BenchError(f"{Path(command[0]).name} ended with exit code {run.returncode}: {run.stderr.strip()[-500:]}")
    return run


class Transformers:
    """transformers_runner.py in its own environment: one process that keeps the model and measures batch sizes when asked."""

    def __init__(self, args, rows_path):
        if not Path(args.oracle_python).exists():
            raise BenchError(f"{args.oracle_python} is not there: tests/bench/README.md says how to make the environment, "
                             "or name another with --oracle-python")
        dtype = "float32" if args.dtype == "float32" else "bfloat16"
        command = [args.oracle_python, ROOT / "tests/bench/transformers_runner.py", args.model, rows_path, "--dtype", dtype,
                   "--threads", str(cores())]
        say("transformers: loading, tokenizing")
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        _long_lived.append(self.process)
        self.about = self._read()
        say(f"transformers {self.about['transformers']}, torch {self.about['torch']}, {self.about['dtype']}, "
            f"{self.about['attention']}, {self.about['threads']} threads: {self.about['tokens']} tokens")

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise BenchError(f"transformers_runner.py ended with exit code {self.process.wait()}; its message is above")
        return json.loads(line)

    def _ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return self._read()

    def contender(self, batch, mask=True):
        def run():
            reply = self._ask({"batch": batch, "mask": mask})
            return Measured(reply["tokens"], reply["seconds"], reply["scores"])
        return run

    def __enter__(self):
        return self

    def __exit__(self, *_):
        _long_lived.remove(self.process)
        self.process.stdin.close()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def running_server(args, flags=()):
    """assay-server on a free loopback port, stopped at the end; gives its address."""
    command = [args.bin / "assay-server", "--model", args.model, "--device", "cpu", "--dtype", args.dtype,
               "--listen", "127.0.0.1:0", "--log-level", "warning", *shlex.split(args.server_flags), *flags]
    say("assay-server: starting")
    try:
        server = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
    except OSError as error:
        raise BenchError(f"cannot run {command[0]}: {error.strerror}; build it, or name its folder with --bin") from error
    _long_lived.append(server)
    try:
        found = re.fullmatch(r"listening on (\S+)\n", server.stdout.readline())
        if not found:
            raise BenchError("assay-server did not start; its message is above")
        yield found[1]
    finally:
        _long_lived.remove(server)
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=60)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


# ---- comparing ----

def alternate(contenders, rounds):
    """Runs each contender once a round; the order turns round every round, so that none always follows the same one.

    Returns {name: [Measured, ...]}.
    """
    results = {name: [] for name in contenders}
    for number in range(rounds):
        for name in list(contenders) if number % 2 == 0 else list(contenders)[::-1]:
            result, result.others = with_others(contenders[name])
            results[name].append(result)
            say(f"round {number + 1}/{rounds}  {name:34} {result.rate:7.0f} tokens/s {result.seconds:7.1f} s"
                + (f"   other processes took {result.others:.0%} of the cores" if result.others > BUSY_MACHINE else ""))
    counts = {name: {m.tokens for m in runs} for name, runs in results.items()}
    if len(set.union(*counts.values())) != 1:
        raise BenchError(f"the contenders count different tokens for the same rows: {counts}")
    return results


def median_rate(runs):
    return statistics.median(run.rate for run in runs)


def best(results, names):
    return max(names, key=lambda name: median_rate(results[name]))


def ratio(results, name, baseline):
    """(ratio of the medians, smallest and largest ratio of one round)."""
    by_round = [ours.rate / theirs.rate for ours, theirs in zip(results[name], results[baseline])]
    return median_rate(results[name]) / median_rate(results[baseline]), min(by_round), max(by_round)


def largest_difference(results, name, baseline):
    pairs = zip(results[name][0].scores, results[baseline][0].scores, strict=True)
    return max(abs(ours - theirs) for ours, theirs in pairs)


def report(title, results, baseline, pairs=None):
    """Prints a Markdown table and returns the same as a dictionary. `pairs`: number of them, for a column of pairs/s."""
    table = {"title": title, "baseline": baseline, "tokens": results[baseline][0].tokens, "contenders": {}}
    pair_columns = ["pairs/s"] if pairs else []
    print(f"\n{title}; {table['tokens']} tokens, {len(results[baseline])} rounds\n")
    columns = ["contender", "tokens/s", *pair_columns, f"against {baseline}", "each round"]
    print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    for name, runs in results.items():
        rate, (middle, low, high) = median_rate(runs), ratio(results, name, baseline)
        entry = {"tokens_per_second": rate, "rounds": [run.rate for run in runs], "others": [run.others for run in runs],
                 "ratio": middle, "ratio_of_rounds": [low, high]}
        cells = [name, f"{rate:.0f}"]
        if pairs:
            entry["pairs_per_second"] = pairs * rate / table["tokens"]
            cells.append(f"{entry['pairs_per_second']:.2f}")
        cells += ["1" if name == baseline else f"{middle:.2f} ({low:.2f} to {high:.2f})",
                  ", ".join(f"{run.rate:.0f}" for run in runs)]
        print("| " + " | ".join(cells) + " |")
        table["contenders"][name] = entry
    warn_of_others(max(run.others for runs in results.values() for run in runs))
    sys.stdout.flush()
    return table


def against_transformers(title, args, rows, scratch):
    """Ours with sharing, ours without, and transformers at each batch size, on the same rows. Returns the report."""
    path = write_rows(rows, Path(scratch) / "rows.jsonl")
    ours = {"assay": Forward(args, path, scratch), "assay, no sharing": Forward(args, path, scratch, ["--no-sharing"])}
    ours["assay"].warm_up()
    with Transformers(args, path) as transformers:
        theirs = {f"transformers, batch {n}": transformers.contender(n) for n in args.transformers_batches}
        if args.without_mask:
            theirs |= {f"transformers, batch {n}, no mask": transformers.contender(n, mask=False)
                       for n in args.transformers_batches if n > 1}
        results = alternate({**ours, **theirs}, args.rounds)
    baseline = best(results, theirs)
    table = report(title, results, baseline, pairs=len(rows) if all("chosen" in row for row in rows) else None)
    table["transformers"] = transformers.about
    table["largest_difference"] = max(largest_difference(results, name, other) for name in ours for other in theirs)
    print(f"\nLargest difference of a score: {table['largest_difference']:.4f}", flush=True)
    if table["largest_difference"] > args.tolerance:
        raise BenchError(f"a score differs by more than --tolerance {args.tolerance}: the two sides do not compute the same")
    return table


# ---- programs ----

def add_arguments(parser, rounds):
    parser.add_argument("--bin", type=Path, default=ROOT / "build/release/bin", help="folder of the programs (default: build/release/bin)")
    parser.add_argument("--model", type=Path, default=ROOT / ".deps/models/armorm-mini", help="checkpoint (default: armorm-mini)")
    parser.add_argument("--dtype", default="bfloat16", help="assay's (default: bfloat16); transformers uses bfloat16, or float32 for float32")
    parser.add_argument("--rounds", type=int, default=rounds, help=f"default: {rounds}")
    parser.add_argument("--forward-flags", default="", metavar="FLAGS", help="more flags for assay-forward, in one string")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")


def add_transformers_arguments(parser):
    parser.add_argument("--transformers-batches", type=lambda text: [int(n) for n in text.split(",")], default=[1, 4, 8], metavar="N,N,...",
                        help="batch sizes of transformers (default: 1,4,8); the fastest is the baseline")
    parser.add_argument("--without-mask", action="store_true",
                        help="also batches without the mask of the padding: an expert's way, up to a tenth faster")
    parser.add_argument("--oracle-python", type=Path, default=ROOT / ".deps/oracle/bin/python", metavar="FILE",
                        help="Python with torch and transformers (default: that of .deps/oracle)")
    parser.add_argument("--tolerance", type=float, default=0.5, help="largest difference of a score that passes (default: 0.5)")


def machine():
    info = Path("/proc/cpuinfo").read_text()

    def field(name):
        found = re.search(rf"^{name}\s*:\s*(.*)$", info, re.M)
        return found[1] if found else "?"

    flags = field("flags").split()
    revision = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return {"cpu": field("model name"), "cores": cores(), "cpu_flags": [flag for flag in NOTABLE_CPU_FLAGS if flag in flags],
            "revision": revision.stdout.strip() or "?", "load_average": os.getloadavg()[0]}


def run(program, args, body):
    """Runs `body(args)`, which returns a list of reports; writes --json; ends the process."""
    about = machine()
    print(f"{about['cpu']}, {about['cores']} cores, {' '.join(about['cpu_flags'])}; sources {about['revision']}", flush=True)
    # Ended from outside: leave as by Ctrl-C, so that servers and loops are stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        reports = body(args)
    except BenchError as error:
        sys.exit(f"{program}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    if args.json:
        args.json.write_text(json.dumps({"program": program, "machine": about, "reports": reports}, indent=1) + "\n", encoding="utf-8")
