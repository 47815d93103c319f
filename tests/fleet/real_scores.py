"""A model's own scores: what four replicas of assay-server answer, one killed in the middle, is what one answers undisturbed."""
from fleet import Fleet
from indexed_job import OUT, lines_of, prepare, start_whole
from replica import await_until

# Four servers on a machine that may have two cores.
SMALL = ("--cpu-threads", 1, "--workers", 1, "--self-test", "false")
MOST_ROWS = 100


def real_scores(programs, names, verdict, calls):
    rows = min(calls, MOST_ROWS)
    prepare(rows)
    with Fleet(programs, names, speeds=()) as fleet:
        fleet.publish([fleet.start_replica(programs.real_server, *SMALL) for _ in range(4)])
        for replica in fleet.replicas:
            replica.await_listening()
        judge(fleet, verdict, rows)


def judge(fleet, verdict, rows):
    victim, *rest = fleet.replicas
    fleet.publish([victim])
    alone = start_whole(fleet, "alone.jsonl").wait()
    fleet.publish([victim, *rest])
    process = start_whole(fleet, "together.jsonl")
    together = OUT / "together.jsonl"
    await_until("a tenth of the rows are written", lambda: lines_of(together) > rows // 10 or process.poll() is not None, seconds=600)
    written = lines_of(together)
    victim.kill()
    victim.process.wait()
    code = process.wait()
    verdict.hold("exit codes", [alone, code], "0 each", alone == code == 0)
    verdict.hold("rows written when a replica was killed", written, f"fewer than {rows}", written < rows)
    verdict.tell("answers of the rest", [replica.answered() for replica in rest])
    same = (OUT / "alone.jsonl").read_bytes() == together.read_bytes()
    verdict.hold("four replicas' output is one replica's, byte for byte", same, True, same)
