"""A real Prometheus (Debian's) as a child process: scrapes every second, evaluates rules every second, answers queries."""
import json
import shutil
import socket
import subprocess
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

PATIENCE = 60  # Tries, half a second apart, until it is given up.


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pause():
    """Between two looks at another program, which tells nobody when it is done."""
    threading.Event().wait(0.5)


def get(url):
    with urllib.request.urlopen(url, timeout=30) as reply:
        return reply.read().decode()


class PrometheusProcess:
    """A context: runs from entering to leaving it. `static_configs` are those of one job "assay"; `rule_file` is copied as it is then."""

    def __init__(self, static_configs, rule_file=None):
        self.static_configs, self.rule_file = static_configs, rule_file
        self.url = f"http://127.0.0.1:{free_port()}"

    def __enter__(self):
        if shutil.which("prometheus") is None:
            raise FileNotFoundError("no prometheus: install it (scripts/test does)")
        self.folder = tempfile.TemporaryDirectory()
        # JSON is YAML.
        config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                  "scrape_configs": [{"job_name": "assay", "static_configs": self.static_configs}]}
        if self.rule_file is not None:
            shutil.copy(self.rule_file, Path(self.folder.name, "rules.yaml"))
            config["rule_files"] = ["rules.yaml"]
        path = Path(self.folder.name, "prometheus.yml")
        path.write_text(json.dumps(config))
        with open(Path(self.folder.name, "log"), "w") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={path}", f"--storage.tsdb.path={self.folder.name}/data",
                 f"--web.listen-address={urllib.parse.urlparse(self.url).netloc}"], stdout=log, stderr=log)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)
        self.folder.cleanup()

    def ask(self, path, **parameters):
        """The answer's data, or None while Prometheus does not answer yet."""
        try:
            return json.loads(get(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"))["data"]
        except (urllib.error.URLError, ConnectionError):
            return None

    def values(self, query):
        data = self.ask("query", query=query)
        return None if data is None else [float(sample["value"][1]) for sample in data["result"]]

    def await_value(self, query, wanted):
        """Until `query` has one series, of the value `wanted`."""
        self.await_that(lambda: (self.values(query) == [wanted], self.values(query)), f"{query} should be {wanted}")

    def await_that(self, look, what, patience=PATIENCE):
        """Until the first of what `look` returns is true; returns the second. Fails with `what` and the last second where it never is."""
        seen = None
        for _ in range(patience):
            right, seen = look()
            if right:
                return seen
            if self.process.poll() is not None:
                break
            pause()
        raise AssertionError(f"{what}; is {seen}\n{Path(self.folder.name, 'log').read_text()[-3000:]}")
