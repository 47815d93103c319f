"""A running server is watched: its metrics pass promtool, a real Prometheus scrapes them, a browser shows its status page.

    metrics_test.py BIN_DIR PICTURES_DIR

Needs grpcio with grpcio-reflection, and Debian's prometheus (with promtool) and chromium. The pictures stay in PICTURES_DIR, for
a person to look at.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
from pathlib import Path

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from prometheus_process import PrometheusProcess, get

SERVICE = "assay.v1.RewardService"
BIN_DIR, PICTURES_DIR = sys.argv.pop(1), Path(sys.argv.pop(1))
GOOD, BAD = 7, 3  # Requests of each kind that are sent.


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
        # These are the labels that a dashboard would ask for.
        wanted = {'assay_requests_total{method="Score",code="OK"}': GOOD,
                  'assay_requests_total{method="Score",code="INVALID_ARGUMENT"}': BAD,
                  'assay_refusals_total{reason="invalid"}': BAD,
                  'assay_stage_seconds_count{stage="forward"}': GOOD,
                  'assay_tenant_requests_total{tenant="default"}': GOOD + BAD,
                  'assay_health{state="serving"}': 1,
                  'up{job="assay"}': 1}
        with PrometheusProcess([{"targets": [urllib.parse.urlparse(self.watch).netloc]}]) as prometheus:
            for query, value in wanted.items():
                prometheus.await_value(query, value)

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
