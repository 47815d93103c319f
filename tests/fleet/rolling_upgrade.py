"""Every replica replaced in turn by one on a new address, under a unary and a bulk load, as a Deployment does it with maxSurge 1."""
from faults import KINDS, await_more, end_all
from replica import await_until


def rolling_upgrade(fleet, verdict, calls, address):
    loads = [fleet.start_load(kind, address) for kind in KINDS]
    await_more(loads, calls)
    for load in loads:
        load.window()
    served, exit_codes = [], []
    for number, old in enumerate(list(fleet.replicas)):
        new = fleet.start_replica().await_listening()
        fleet.publish([*fleet.replicas, new])
        fleet.await_answers_of(new, calls // 10)
        # A pod is told to stop and taken out of the Service at the same time, by different parts of Kubernetes: either may be first.
        rest = [replica for replica in fleet.replicas if replica is not old]
        if number % 2 == 0:
            fleet.publish(rest)
        served.append(old.answered())
        old.drain()
        await_until(f"{old.host.name} ends", lambda: old.process.poll() is not None)
        exit_codes.append(old.process.returncode)
        fleet.publish(rest)
        await_more(loads, calls // 4)
    verdict.hold("exit codes of the replaced", exit_codes, "0 each", not any(exit_codes))
    verdict.hold("answers of the replaced, up to their stop", served, "some each", all(served))
    answered = list(fleet.answered().values())
    verdict.hold("answers of the new", answered, "some of each of four", len(answered) == 4 and all(answered))
    end_all(loads, verdict)
