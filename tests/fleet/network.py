"""A network of the test's own: hosts with an address each, on one bridge, and a name server.

enter() runs the calling program again inside new namespaces for network, mounts and processes. Whatever it starts or sets up there is
gone when it ends, however it ends; the machine's own network and its /etc/resolv.conf are never touched.
"""
import os
import subprocess
import sys
from pathlib import Path

GATEWAY = "10.77.0.1"  # This program's own address, and the name server's.
INSIDE = "FLEET_TEST_INSIDE"


def give_up(why):
    print(f"fleet_test: {why}", file=sys.stderr)
    sys.exit(2)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        give_up(f"cannot set up the network: {' '.join(map(str, command))}: {done.stderr.strip()}")


def enter():
    """Returns inside the network; outside, runs this program there and ends with its exit code."""
    if os.environ.get(INSIDE) == "1":
        return set_up()
    # Killed with this process, and with it everything inside.
    unshare = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        unshare += ["--user", "--map-root-user"]
    tried = subprocess.run([*unshare, "ip", "link", "set", "lo", "up"], capture_output=True, text=True)
    if tried.returncode != 0:
        give_up("no network namespaces can be made here, which every case needs: run as root (in a container: with the "
                f"capabilities SYS_ADMIN and NET_ADMIN), with iproute2 and util-linux installed; {tried.stderr.strip()}")
    sys.exit(subprocess.run([*unshare, sys.executable, *sys.argv], env={**os.environ, INSIDE: "1"}).returncode)


def set_up():
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    Path("/run/resolv.conf").write_text(f"nameserver {GATEWAY}\noptions timeout:1 attempts:2\n")
    run("mount", "--bind", "/run/resolv.conf", "/etc/resolv.conf")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "bridge", "type", "bridge")
    run("ip", "address", "add", f"{GATEWAY}/24", "dev", "bridge")
    run("ip", "link", "set", "bridge", "up")


class Host:
    """A network namespace with one address. `number` (2 to 254) makes the address."""

    def __init__(self, number):
        self.name = f"host-{number}"
        self.address = f"10.77.0.{number}"
        self.hardware = f"02:00:00:4d:00:{number:02x}"
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "-n", self.name, "link", "set", "eth0", "address", self.hardware)
        run("ip", "-n", self.name, "address", "add", f"{self.address}/24", "dev", "eth0")
        run("ip", "-n", self.name, "link", "set", "lo", "up")
        run("ip", "-n", self.name, "link", "set", "eth0", "up")
        run("ip", "link", "set", self.name, "master", "bridge", "up")

    def start(self, command, **popen):
        return subprocess.Popen(["ip", "netns", "exec", self.name, *map(str, command)], **popen)

    def knows_for_good(self, other):
        """Packets to `other` are sent even when it is gone, as a router between two hosts would send them on."""
        run("ip", "-n", self.name, "neighbour", "replace", other.address, "lladdr", other.hardware, "dev", "eth0", "nud", "permanent")

    def vanish(self):
        """From now on every packet from and to this host is lost, and nobody is told."""
        run("ip", "link", "set", self.name, "down")

    def remove(self):
        """Its processes must have ended."""
        run("ip", "netns", "delete", self.name)
