"""A process in an image's root file system, locked up as Kubernetes' restricted profile locks it: process 1 of namespaces of its
own, the image's user and environment, no capability, no way to gain one, a read-only root, and a /tmp of its own. Needs root.
"""
import os
import queue
import signal
import subprocess
import threading
import time
from pathlib import Path

TIMEOUT = 600  # Seconds that nothing here should take.
LOCK = """
set -e
root=$1 user=$2 group=$3
shift 3
mount --bind "$root" "$root"
mount -o remount,bind,ro,nosuid,nodev "$root"
mount -t tmpfs -o mode=1777,nosuid,nodev,noexec,size=64m tmpfs "$root/tmp"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t tmpfs -o mode=755,nosuid,noexec,size=64k tmpfs "$root/dev"
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/zero" c 1 5
mknod -m 666 "$root/dev/urandom" c 1 9
mknod -m 666 "$root/dev/random" c 1 8
mount -o remount,ro "$root/dev"
ip link set lo up
exec chroot "$root" setpriv --reuid "$user" --regid "$group" --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all -- "$@"
"""


class LockedContainer:
    def __init__(self, root, config, arguments, environment=None):
        """Starts the image's entry point with `arguments`."""
        self.user, self.group = config["User"].split(":")
        self.environment = {**dict(line.split("=", 1) for line in config["Env"]), **(environment or {})}
        self.log = []
        self._lines = queue.Queue()
        self._process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "bash", "-c", LOCK, "container",
             str(root), self.user, self.group, *config["Entrypoint"], *arguments],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self.log.append(line)
            self._lines.put(line)
        self._lines.put(None)

    def await_line(self, start):
        """The first line that starts so; fails where the process ends first."""
        end = time.monotonic() + TIMEOUT
        while (line := self._lines.get(timeout=max(0.1, end - time.monotonic()))) is not None:
            if line.startswith(start):
                return line
        raise AssertionError(f"ended before it said '{start}':\n{''.join(self.log)}")

    def pid(self):
        """Of process 1 of the container, as this machine counts."""
        parent = self._process.pid
        return int(Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[0])

    def run(self, *command, text="", as_root=False):
        """What `command` says in the container, beside its process 1."""
        locked = [] if as_root else ["setpriv", "--reuid", self.user, "--regid", self.group, "--clear-groups", "--no-new-privs",
                                     "--inh-caps=-all", "--bounding-set=-all", "--"]
        return subprocess.run(["nsenter", "--target", str(self.pid()), "--mount", "--pid", "--net", "--ipc", "--uts", "--root", "--wd",
                               "--", *locked, *command],
                              env=self.environment, input=text, capture_output=True, text=True, timeout=TIMEOUT)

    def wait(self):
        """The exit code, once the process has ended."""
        code = self._process.wait(TIMEOUT)
        self._reader.join()
        return code

    def stop(self, signal_number=signal.SIGTERM):
        os.kill(self.pid(), signal_number)
        return self.wait()

    def close(self):
        """However it stands."""
        if self._process.poll() is None:
            os.kill(self.pid(), signal.SIGKILL)  # With process 1 goes the whole container.
        self.wait()
        self._process.stdout.close()
