"""`assay score` as the pods of the bulk overlay's Indexed Job run it: four processes, the Job's own arguments, one variable of each."""
import os
import re
from pathlib import Path

from replica import Failed, await_until
from rows import write_rows

JOB = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes" / "overlays" / "bulk" / "job.yaml"
SHARDS = 4
DATA, OUT = Path("/run/data"), Path("/run/out")  # The Job's volumes /data and /out.


def job_arguments():
    """Of the Job's container, with its volumes where they are here."""
    text = JOB.read_text()
    block = re.search(r"^ +args:\n((?: +- .*\n)+)", text, re.MULTILINE)
    if not block or f"completions: {SHARDS}\n" not in text:
        raise Failed(f"{JOB} is no Indexed Job of {SHARDS} completions with args in lines of their own")
    arguments = [line.strip().removeprefix("- ") for line in block[1].splitlines()]
    return [re.sub(r"=/(data|out)/", r"=/run/\1/", argument) for argument in arguments]


def start_pod(fleet, host, index):
    with open(log_of(index), "ab") as log:
        environment = {**os.environ, "JOB_COMPLETION_INDEX": str(index)}
        process = host.start([fleet.programs.assay, *job_arguments()], env=environment, stdout=log, stderr=log)
    fleet.adopt(process)
    return process


def log_of(index):
    return Path(f"/run/pod-{index}.log")


def start_whole(fleet, name):
    """The same rows by one process, into OUT / `name`."""
    others = [argument for argument in job_arguments() if not argument.startswith(("--shard", "--output"))]
    with open(f"/run/{name}.log", "wb") as log:
        process = fleet.client_host.start([fleet.programs.assay, *others, f"--output={OUT / name}"], stdout=log, stderr=log)
    fleet.adopt(process)
    return process


def prepare(rows):
    for folder in (DATA, OUT):
        folder.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    write_rows(DATA / "rows.jsonl.gz", rows)


def lines_of(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def kill_after_checkpoint(pod, output):
    """Returns the rows that its output had."""
    checkpoint = output.with_name(output.name + ".checkpoint")
    await_until("the pod has a checkpoint, or has ended", lambda: checkpoint.exists() or pod.poll() is not None)
    pod.kill()
    pod.wait()
    return lines_of(output)


def indexed_job(fleet, verdict, rows, kill):
    prepare(rows)
    whole = start_whole(fleet, "whole.jsonl").wait()
    hosts = [fleet.new_host() for _ in range(SHARDS)]
    pods = [start_pod(fleet, host, index) for index, host in enumerate(hosts)]
    outputs = [OUT / f"out-{index}.jsonl" for index in range(SHARDS)]
    if kill:
        written = kill_after_checkpoint(pods[2], outputs[2])
        verdict.hold("rows that pod 2 had written when it was killed", written, f"1 to {rows // SHARDS - 1}", 0 < written < rows // SHARDS)
        pods[2] = start_pod(fleet, hosts[2], 2)
    codes = [pod.wait() for pod in pods]
    verdict.tell("answers of each replica", list(fleet.answered().values()))
    lines = lines_of(OUT / "whole.jsonl")
    verdict.hold("one run: exit code, rows", f"{whole}, {lines}", f"0, {rows}", whole == 0 and lines == rows)
    verdict.hold("pods: exit codes", codes, "0 each", codes == [0] * SHARDS)
    verdict.tell("pods: rows of each", [lines_of(output) for output in outputs])
    if kill:
        continued = "continues after" in log_of(2).read_text()
        verdict.hold("the pod made anew continues after its rows", continued, True, continued)
    same = b"".join(output.read_bytes() for output in outputs if output.exists()) == (OUT / "whole.jsonl").read_bytes()
    verdict.hold("the outputs, joined, are the one run's, byte for byte", same, True, same)
