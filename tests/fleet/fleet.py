"""Replicas under one name, as a headless Service shows them, and a host for those who call them."""
import itertools
from concurrent.futures import ThreadPoolExecutor

from load import Load
from network import GATEWAY, Host
from name_server import NameServer
from replica import PORT, TOKENS_PER_SECOND, Replica, await_until

# The short one for clients in the Service's namespace, the long one as in deploy/proxy.
NAMES = ("assay-headless", "assay-headless.assay.svc.cluster.local")
BY_NAME = f"dns:///{NAMES[0]}:{PORT}"
HOST_NUMBERS = itertools.count(2)


class Programs:
    """Paths of what is tested."""

    def __init__(self, bin_dir):
        self.server = bin_dir / "assay-fake-server"
        self.real_server = bin_dir / "assay-server"
        self.assay = bin_dir / "assay"
        self.load = bin_dir.parent / "tests" / "fleet-load"


def start_name_server():
    names = NameServer(GATEWAY)
    # What deploy/proxy/nginx.conf asks.
    names.set("kube-dns.kube-system.svc.cluster.local", [GATEWAY])
    return names


class Fleet:
    """Use with `with`: at the end nothing of it is left. `replicas`: those that are published."""

    def __init__(self, programs, names, speeds=(TOKENS_PER_SECOND,) * 4):
        self.programs = programs
        self.replicas = []
        self._names = names
        self._hosts = []
        self._started = []
        self.client_host = self.new_host()
        self.callers = [self.client_host]  # Hosts that send packets to a replica's address even when it is gone.
        self.publish([self.start_replica(tokens_per_second=speed) for speed in speeds])
        for replica in self.replicas:
            replica.await_listening()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for process in self._started:
            process.kill()
            process.wait()
        for host in self._hosts:
            host.remove()

    def new_host(self):
        self._hosts.append(Host(next(HOST_NUMBERS)))
        return self._hosts[-1]

    def start_replica(self, program=None, *flags, **how):
        """On a new host; neither awaited nor published."""
        replica = Replica(self.new_host(), program or self.programs.server, *flags, **how).start()
        for host in self.callers:
            host.knows_for_good(replica.host)
        self.adopt(replica.process)
        return replica

    def adopt(self, process):
        """Is ended with the fleet."""
        self._started.append(process)

    def restart(self, replica):
        """On the same address, as a container that is started again in its pod."""
        self.adopt(replica.start().await_listening().process)

    def publish(self, replicas):
        self.replicas = list(replicas)
        for name in NAMES:
            self._names.set(name, [replica.host.address for replica in replicas])

    def start_proxy(self, start, **how):
        """`start` of proxies.py; returns the address that clients call."""
        host = self.new_host()
        self.callers.append(host)
        for replica in self.replicas:
            host.knows_for_good(replica.host)
        proxy = start(host, **how)
        self.adopt(proxy.process)
        return proxy.address

    def start_load(self, kind="unary", address=BY_NAME, **how):
        load = Load(self.client_host, self.programs.load, address, kind, **how)
        self.adopt(load.process)
        return load

    def answered(self):
        """By replica, of those that tell; all are asked at once, because a hung one takes long not to answer."""
        with ThreadPoolExecutor(max_workers=len(self.replicas)) as pool:
            counts = pool.map(Replica.answered, self.replicas)
            return {replica: count for replica, count in zip(self.replicas, counts) if count is not None}

    def await_answers_of(self, replica, more, seconds=60):
        before = replica.answered() or 0
        await_until(f"{more} more answers of {replica.host.name}", lambda: (replica.answered() or 0) >= before + more, seconds)
