"""Even spreading over equal replicas, by the client or by a proxy."""
LARGEST_PART_OFF = 0.1
PARTS_COUNTED = 15  # So many that the calls under way at both ends of the count are few among them.


def spread(fleet, verdict, calls, address, kind, least=0):
    """`least` calls are counted at least: for who draws replicas at random."""
    load = fleet.start_load(kind, address)
    # The replica that is reached first has the first calls to itself.
    load.await_more(calls)
    before = fleet.answered()
    load.await_more(max(PARTS_COUNTED * calls, least))
    counts = load.end()
    answered = [count - before.get(replica, 0) for replica, count in fleet.answered().items()]
    even = sum(answered) / len(answered)
    off = max(abs(count - even) for count in answered) / even
    verdict.hold_all_right(kind, counts)
    verdict.hold(f"{kind}: replicas that told what they answered", len(answered), len(fleet.replicas), len(answered) == len(fleet.replicas))
    verdict.hold(f"{kind}: answers of each replica", f"{answered}, at most {off:.1%} off even", f"at most {LARGEST_PART_OFF:.0%}",
                 off <= LARGEST_PART_OFF)
