"""One of four replicas is harmed under load, unary and bulk; what becomes of the calls, and who answers them."""
import time

from replica import TOKENS_PER_SECOND, await_until

KINDS = ("unary", "bulk")
SLOW_FIRST = (TOKENS_PER_SECOND // 10, *[TOKENS_PER_SECOND] * 3)


def await_more(loads, right):
    for load in loads:
        load.await_more(right)


def rates_of(fleet, loads, calls):
    """Answers a second of each replica that tells, while each load gets `calls` more."""
    began, before = time.monotonic(), fleet.answered()
    await_more(loads, calls)
    seconds, after = time.monotonic() - began, fleet.answered()
    return {replica: (count - before.get(replica, 0)) / seconds for replica, count in after.items()}


def text_of(rates, fleet):
    return " ".join(f"{rates[replica]:.0f}" if replica in rates else "-" for replica in fleet.replicas) + " a second"


def end_all(loads, verdict):
    for load in loads:
        counts = load.end()
        verdict.hold_all_right(load.kind, counts)
        verdict.tell(f"{load.kind}: longest call since the harm, longest silence",
                     f"{counts['longest_seconds']:.2f} s, {counts['silence_seconds']:.2f} s; median {counts['median_seconds']:.3f} s")


def harmed(fleet, verdict, calls, address, harm, restore=None, kinds=KINDS):
    """`harm(replica)` in the middle of the loads, and once the rest have absorbed it `restore(replica)`."""
    loads = [fleet.start_load(kind, address) for kind in kinds]
    await_more(loads, calls)
    verdict.tell("answers of each replica before", text_of(rates_of(fleet, loads, calls), fleet))
    for load in loads:
        load.window()
    victim, *rest = fleet.replicas
    harm(victim)
    after = rates_of(fleet, loads, calls)
    verdict.tell("answers of each replica after", text_of(after, fleet))
    absorbed = [replica for replica in rest if after.get(replica, 0) > 0]
    verdict.hold("of the rest, how many went on answering", len(absorbed), len(rest), len(absorbed) == len(rest))
    if restore is not None:
        restore(victim)
        fleet.await_answers_of(victim, calls // 10)
        verdict.tell("answers of the harmed one, restored", victim.answered())
    end_all(loads, verdict)


def killed(fleet, verdict, calls, address):
    def kill(replica):
        replica.kill()
        replica.process.wait()

    harmed(fleet, verdict, calls, address, kill, fleet.restart)


def drained(fleet, verdict, calls, address):
    harmed(fleet, verdict, calls, address, lambda replica: replica.drain())
    victim = fleet.replicas[0]
    await_until("the drained replica ends", lambda: victim.process.poll() is not None)
    verdict.hold("exit code of the drained replica", victim.process.returncode, 0, victim.process.returncode == 0)


def hung(fleet, verdict, calls, address, kinds=KINDS):
    harmed(fleet, verdict, calls, address, lambda replica: replica.hang(), lambda replica: replica.go_on(), kinds)


def hung_for_good(fleet, verdict, calls, address):
    harmed(fleet, verdict, calls, address, lambda replica: replica.hang())


def vanished(fleet, verdict, calls, address):
    harmed(fleet, verdict, calls, address, lambda replica: replica.host.vanish())


def slow(fleet, verdict, calls, address, relieved=True):
    """The fleet's first replica is slow from the start (SLOW_FIRST). `relieved`: who chooses replicas gives it fewer calls."""
    loads = [fleet.start_load(kind, address) for kind in KINDS]
    await_more(loads, calls)
    rates = rates_of(fleet, loads, calls)
    verdict.tell("answers of each replica, the first ten times slower", text_of(rates, fleet))
    first, *rest = (rates.get(replica, 0) for replica in fleet.replicas)
    if relieved:
        more = sum(rate > first for rate in rest)
        verdict.hold("replicas that answered more than the slow one", more, len(rest), more == len(rest))
    end_all(loads, verdict)
