"""A running server is watched: its metrics pass promtool, a real Prometheus scrapes them, a browser shows its status page.

    metrics_test.py BIN_DIR PICTURES_DIR

Needs grpcio with grpcio-reflection, and Debian's prometheus (with promtool) and chromium. The pictures stay in PICTURES_DIR, for
a person to look at.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICE = "assay.v1.RewardService"
BIN_DIR, PICTURES_DIR = sys.argv.pop(1), Path(sys.argv.pop(1))
GOOD, BAD = 7, 3  # Requests of each kind that are sent.
PATIENCE = 60  # Tries, a second apart at most, until a Prometheus or browser is given up.


def get(url):
    with urllib.request.urlopen(url, timeout=30) as reply:
        return reply.read().decode()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pause():
    """Between two looks at another program, which tells nobody when it is done."""
    threading.Event().wait(0.5)


class MetricsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.log_file = tempfile.TemporaryFile("w+")
        cls.server = subprocess.Popen(
            [f"{BIN_DIR}/assay-fake-server", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--log-requests", "all",
             "--model-name", "<b>needle-free</b> model"],
            stdout=subprocess.PIPE, stderr=cls.log_file, text=True)
        address = re.fullmatch(r"listening on (\S+)\n", cls.server.stdout.readline())[1]
        cls.watch = re.search(r"metrics and status page on (http://\S+)/statusz", cls.log())[1]
        cls.channel = grpc.insecure_channel(address)
        database = ProtoReflectionDescriptorDatabase(cls.channel)
        cls.service = descriptor_pool.DescriptorPool(database).FindServiceByName(SERVICE)
        for i in range(GOOD):
            cls.score(["needle one", f"needle {i} " * (1 + 40 * i % 97)])
        for _ in range(BAD):
            try:
                cls.score([])
            except grpc.RpcError:
                pass

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.server.send_signal(signal.SIGTERM)
        assert cls.server.wait(timeout=60) == 0, cls.log()
        cls.server.stdout.close()
        cls.log_file.close()

    @classmethod
    def log(cls):
        cls.log_file.seek(0)
        return cls.log_file.read()

    @classmethod
    def message(cls, name, **fields):
        return message_factory.GetMessageClass(cls.service.file.pool.FindMessageTypeByName(f"assay.v1.{name}"))(**fields)

    @classmethod
    def score(cls, responses):
        request = cls.message("ScoreRequest", prompt=[cls.message("Message", role="user", content="a needle")], responses=responses)
        call = cls.channel.unary_unary(f"/{SERVICE}/Score", lambda r: r.SerializeToString(), lambda b: b)
        return call(request, timeout=60)

    def test_promtool_has_nothing_to_say_about_the_metrics(self):
        check = subprocess.run(["promtool", "check", "metrics"], input=get(f"{self.watch}/metrics"), capture_output=True, text=True)
        self.assertEqual((check.returncode, check.stdout, check.stderr), (0, "", ""))

    def test_a_real_prometheus_counts_what_was_sent(self):
        port = free_port()
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder, "prometheus.yml")
            config.write_text(json.dumps({"scrape_configs": [{
                "job_name": "assay", "scrape_interval": "1s",
                "static_configs": [{"targets": [urllib.parse.urlparse(self.watch).netloc]}]}]}))
            with open(Path(folder, "log"), "w+") as log, subprocess.Popen(
                    ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
                     f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log) as prometheus:
                try:
                    # As JSON is YAML, and as these are the labels that a dashboard would ask for.
                    self.await_value(port, 'assay_requests_total{method="Score",code="OK"}', GOOD)
                    self.await_value(port, 'assay_requests_total{method="Score",code="INVALID_ARGUMENT"}', BAD)
                    self.await_value(port, 'assay_refusals_total{reason="invalid"}', BAD)
                    self.await_value(port, 'assay_stage_seconds_count{stage="forward"}', GOOD)
                    self.await_value(port, 'assay_tenant_requests_total{tenant="default"}', GOOD + BAD)
                    self.await_value(port, 'assay_health{state="serving"}', 1)
                    self.await_value(port, 'up{job="assay"}', 1)
                finally:
                    prometheus.terminate()

    def await_value(self, port, query, wanted):
        url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        seen = None
        for _ in range(PATIENCE):
            try:
                result = json.loads(get(url))["data"]["result"]
                seen = [float(sample["value"][1]) for sample in result]
            except (urllib.error.URLError, ConnectionError):
                pass
            if seen == [wanted]:
                return
            pause()
        self.fail(f"{query} is {seen}, not {wanted}")

    def test_no_text_of_a_request_is_in_metrics_page_or_log(self):
        self.assertIn(" code=OK responses=2 ", self.log())
        self.assertEqual(len(re.findall(r"request request_id=.* code=INVALID_ARGUMENT ", self.log())), BAD)
        for place in (get(f"{self.watch}/metrics"), get(f"{self.watch}/statusz"), self.log()):
            self.assertNotIn("needle", place.replace("needle-free", ""))

    def test_a_browser_shows_the_page_in_every_size_and_light(self):
        PICTURES_DIR.mkdir(parents=True, exist_ok=True)
        for width in (1200, 400):
            for scheme, value in (("dark", 0), ("light", 1)):
                picture = PICTURES_DIR / f"statusz-{width}-{scheme}.png"
                picture.unlink(missing_ok=True)
                self.browse(f"--screenshot={picture}", f"--window-size={width},{1900 if width > 600 else 3000}",
                            f"--blink-settings=preferredColorScheme={value}")
                self.assertGreater(picture.stat().st_size, 20_000, picture)
        self.assertNotEqual((PICTURES_DIR / "statusz-1200-dark.png").read_bytes(),
                            (PICTURES_DIR / "statusz-1200-light.png").read_bytes())

    def test_the_browsers_own_view_of_the_page_has_the_key_facts(self):
        dom = self.browse("--dump-dom", "--window-size=400,900")
        for fact in ("<title>serving: &lt;b&gt;needle-free", ">serving</span>", "FakeForRewardModelWithGating", "a" * 64, "b" * 64,
                     "of 1,048,576", "Refused: invalid"):
            self.assertIn(fact, dom)
        self.assertNotIn("<b>needle", dom)

    def browse(self, *flags):
        chromium = shutil.which("chromium")
        self.assertIsNotNone(chromium, "no chromium: install it (scripts/test does)")
        with tempfile.TemporaryDirectory() as home:
            run = subprocess.run(
                [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
                 f"--user-data-dir={home}", *flags, f"{self.watch}/statusz"],
                capture_output=True, text=True, timeout=120, env={**os.environ, "HOME": home})
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout


if __name__ == "__main__":
    unittest.main()
