"""A fleet-load process on a host of its own."""
import json
import subprocess
import time

from replica import Failed, await_until


class Load:
    def __init__(self, host, program, address, kind="unary", concurrency=32, deadline=120):
        self.kind = kind
        self.process = host.start([program, "--address", address, "--kind", kind, "--concurrency", concurrency, "--deadline", deadline],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _ask(self, what):
        try:
            self.process.stdin.write(f"{what}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failed(f"fleet-load ended early with exit code {self.process.wait()}") from None
        return self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"fleet-load ended early with exit code {self.process.wait()}")
        return json.loads(line)

    def counts(self):
        return self._ask("counts")

    def window(self):
        """The counts so far; latency and silence of later ones begin here."""
        return self._ask("window")

    def await_more(self, right, seconds=120):
        """Until `right` more calls have their right scores."""
        enough = self.counts()["right"] + right
        await_until(f"{right} more right scores", lambda: self.counts()["right"] >= enough, seconds)

    def rate(self, right):
        """Right scores a second over the next `right` of them."""
        began, before = time.monotonic(), self.counts()["right"]
        self.await_more(right)
        return (self.counts()["right"] - before) / (time.monotonic() - began)

    def end(self):
        """The last counts, when no call is under way any more."""
        self.process.stdin.close()
        counts = self._answer()
        self.process.wait()
        return counts
