"""A server process on a host of its own, and how it is started, watched and harmed."""
import os
import re
import signal
import time
import urllib.request

PORT, METRICS_PORT = 50051, 9464
# Of a replica's fake device. A request of fleet-load costs about 270 tokens.
TOKENS_PER_SECOND = 40_000
ANSWERED = r'^assay_requests_total\{code="OK",method="Score(?:Stream)?"\} (\d+)$'


class Failed(Exception):
    """Something that a case needs did not happen."""


def await_until(what, holds, seconds=60):
    """Asks `holds` again and again until it is true, and returns what it gave."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.02)
    raise Failed(f"waited {seconds} s in vain: {what}")


class Replica:
    """An assay-fake-server, or an assay-server."""

    def __init__(self, host, program, *flags, tokens_per_second=TOKENS_PER_SECOND, lame_duck=2):
        self.host = host
        self.log_path = f"/run/{host.name}.log"
        self.process = None
        self._command = [program, "--listen", f"{host.address}:{PORT}", "--insecure",
                         "--metrics-listen", f"{host.address}:{METRICS_PORT}", "--insecure-metrics",
                         "--lame-duck", lame_duck, *flags]
        self._environment = {**os.environ, "ASSAY_FAKE_TOKENS_PER_SECOND": str(tokens_per_second)}

    @property
    def address(self):
        return f"{self.host.address}:{PORT}"

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = self.host.start(self._command, env=self._environment, stdout=log, stderr=log)
        return self

    def await_listening(self):
        await_until(f"{self.host.name} listens", lambda: self.process.poll() is not None or b"listening on " in self.log())
        if self.process.poll() is not None:
            raise Failed(f"{self.host.name} did not start: {self.log()[-500:].decode()}")
        return self

    def log(self):
        with open(self.log_path, "rb") as log:
            return log.read()

    def kill(self):
        self.process.kill()

    def drain(self):
        self.process.terminate()

    def hang(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def answered(self):
        """Requests that this process has answered OK so far; None where it does not say."""
        try:
            with urllib.request.urlopen(f"http://{self.host.address}:{METRICS_PORT}/metrics", timeout=2) as page:
                text = page.read().decode()
        except OSError:
            return None
        return sum(int(count) for count in re.findall(ANSWERED, text, re.MULTILINE))
