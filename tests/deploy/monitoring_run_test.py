"""A real Prometheus watches four servers under load: rules record, the dashboard's queries get data, and an alert fires when a server dies.

    monitoring_run_test.py BIN_DIR

The servers are assay-fake-server: the product's with a device that computes nothing at a known speed. They ask for TLS and tokens, so that the
metrics of those are there too. Needs PyYAML, openssl and Debian's prometheus.
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))
from prometheus_process import PrometheusProcess, free_port  # noqa: E402

BIN_DIR = Path(sys.argv.pop(1)).resolve()
MONITORING = ROOT / "deploy" / "monitoring"
CHECK_DASHBOARD = ROOT / "tools" / "check_dashboard.py"
RULES = yaml.safe_load((MONITORING / "prometheus_rule.yaml").read_text(encoding="utf-8"))["spec"]
REPLICAS = 4
# Fake devices on this machine have no published peak, and no Kubernetes is here.
RECORDED_ON_GPUS_ONLY = {"instance:assay_utilisation:ratio5m", "job:assay_utilisation:ratio5m"}
EMPTY_HERE = {"FLOP utilisation": "a GPU", "Free device memory": "a GPU", "Replicas and the autoscaler": "kube-state-metrics", "CPU held back": "cAdvisor"}


class Replica:
    """A server and a client that keeps it busy."""

    def __init__(self, folder, number):
        self.log_path = Path(folder, f"server-{number}.log")
        with open(self.log_path, "w") as log:
            self.server = subprocess.Popen(
                [BIN_DIR / "assay-fake-server", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0",
                 "--tls-certificate", f"{folder}/server.pem", "--tls-key", f"{folder}/server.key", "--tokens", f"{folder}/tokens"],
                stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ, "ASSAY_FAKE_TOKENS_PER_SECOND": "20000"})
        address = re.fullmatch(r"listening on (\S+)\n", self.server.stdout.readline())[1]
        self.watched = re.search(r"metrics and status page on http://(\S+)/statusz", self.log_path.read_text())[1]
        self.load = subprocess.Popen(
            [BIN_DIR / "assay", "bench", "--address", address, "--tls-ca", f"{folder}/server.pem", "--token-file", f"{folder}/token",
             "--rate", "10", "--duration", "3600", "--response-bytes", "200"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.load.kill()
        self.load.wait(timeout=60)
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(timeout=60)
        self.server.stdout.close()


def prepare(folder):
    """Certificate, token and rules in `folder`; the rules with every `for` cut down to a second."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-subj", "/CN=assay", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/server.key", "-out", f"{folder}/server.pem"],
                   check=True, capture_output=True)
    token, line = subprocess.run([sys.executable, ROOT / "tools" / "make_token.py", "team-a"], check=True, capture_output=True,
                                 text=True).stdout.splitlines()
    Path(folder, "token").write_text(token + "\n")
    Path(folder, "tokens").write_text(line + "\n")
    hasty = [{**group, "rules": [{**rule, "for": "1s"} if "for" in rule else rule for rule in group["rules"]]} for group in RULES["groups"]]
    Path(folder, "rules.yaml").write_text(json.dumps({"groups": hasty}))


class MonitoringRunTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        prepare(folder.name)
        cls.replicas = []
        for number in range(REPLICAS):
            cls.replicas.append(Replica(folder.name, number))
            cls.addClassCleanup(cls.replicas[-1].stop)
        targets = [{"targets": [replica.watched], "labels": {"namespace": "assay", "pod": f"assay-{i}"}} for i, replica in enumerate(cls.replicas)]
        cls.prometheus = PrometheusProcess(targets, Path(folder.name, "rules.yaml"))
        cls.prometheus.__enter__()
        cls.addClassCleanup(cls.prometheus.__exit__, None, None, None)
        cls.prometheus.await_value('count(up{job="assay"} == 1)', REPLICAS)

    def check_dashboard(self, *arguments):
        run = subprocess.run([sys.executable, CHECK_DASHBOARD, "--prometheus", self.prometheus.url, *arguments], capture_output=True, text=True)
        return run.returncode, run.stdout + run.stderr

    def test_every_query_of_the_dashboard_gets_data_but_those_that_need_what_is_not_here(self):
        def look():
            code, out = self.check_dashboard("--interval", "30s", "--variable", "namespace=assay")
            return code == 0, out
        out = self.prometheus.await_that(look, "the dashboard's queries should get data")
        self.assertEqual(dict(re.findall(r"^need (.+): no data, needs (.+)$", out, flags=re.M)), EMPTY_HERE)

    def test_every_recording_rule_records(self):
        names = {rule["record"] for group in RULES["groups"] for rule in group["rules"] if "record" in rule}

        def look():
            without = {name for name in names if not self.prometheus.values(name)}
            return without == RECORDED_ON_GPUS_ONLY, without
        self.prometheus.await_that(look, "only what GPUs have should be missing")

    def test_recorded_figures_agree_with_each_other_and_with_the_fleet(self):
        for query, wanted in (("count((job:assay_goodput:rate5m > 0) <= job:assay_requests:rate5m)", 1),
                              ("job:assay_errors:ratio_rate5m", 0),
                              ("job:assay_models:count", 1),
                              ("job:assay_replicas:ready", REPLICAS),
                              ('count(assay_reload_failed{file="tls"} == 0)', REPLICAS),
                              ('count(assay_reload_failed{file="tokens"} == 0)', REPLICAS),
                              ('count(assay_certificate_expiry_timestamp_seconds - time() > 29 * 86400)', REPLICAS),
                              ('count(count by (tenant) (assay_tenant_requests_total{tenant="team-a"}))', 1)):
            self.prometheus.await_value(query, wanted)

    def test_an_alert_fires_when_a_replica_dies_and_names_it(self):
        folder = self.folder
        victim = Replica(folder, REPLICAS)
        targets = [{"targets": [replica.watched], "labels": {"namespace": "assay"}} for replica in (self.replicas[0], victim)]
        try:
            with PrometheusProcess(targets, Path(folder, "rules.yaml")) as prometheus:
                prometheus.await_value("job:assay_replicas:ready", 2)
                self.assertEqual(self.firing("AssayReplicaDown", prometheus), [])
                victim.server.kill()
                fired = prometheus.await_that(lambda: (bool(self.firing("AssayReplicaDown", prometheus)), self.firing("AssayReplicaDown", prometheus)),
                                              "an alert should fire")
                self.assertEqual(len(fired), 1)
                alert = fired[0]
                self.assertEqual(alert["labels"], {"alertname": "AssayReplicaDown", "severity": "warning", "job": "assay", "namespace": "assay",
                                                   "instance": victim.watched})
                self.assertEqual(alert["annotations"]["description"], f"{victim.watched} in namespace assay cannot be scraped.")
                self.assertEqual(alert["annotations"]["runbook_url"], "deploy/RUNBOOK.md#assayreplicadown")
        finally:
            victim.stop()

    @staticmethod
    def firing(name, prometheus):
        return [alert for alert in prometheus.ask("alerts")["alerts"] if alert["state"] == "firing" and alert["labels"]["alertname"] == name]

    def test_the_dashboards_check_names_a_panel_without_data_and_one_that_prometheus_does_not_take(self):
        dashboard = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
        panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"][:2]
        dashboard["panels"] = panels
        panels[0]["targets"][0]["expr"] = "assay_no_such_metric"
        panels[1]["targets"][0]["expr"] = "sum by (("
        broken = Path(self.folder, "broken.json")
        broken.write_text(json.dumps(dashboard))
        code, out = self.check_dashboard("--dashboard", str(broken))
        self.assertEqual(code, 1, out)
        self.assertIn(f"BAD  {panels[0]['title']}: no data: assay_no_such_metric", out)
        self.assertRegex(out, rf"BAD  {panels[1]['title']}: .*parse error")
        self.assertIn("2 of the dashboard's", out)

    def test_the_dashboards_check_says_what_to_do_when_it_cannot_ask(self):
        nowhere = f"http://127.0.0.1:{free_port()}"
        for arguments, code, word in ((["--prometheus", nowhere], 1, "is a Prometheus there?"),
                                      (["--dashboard", "/nowhere.json"], 1, "/nowhere.json"),
                                      (["--variable", "namespace"], 2, "NAME=REGEX"),
                                      (["--variable", "tenant=a"], 2, "no such variable"),
                                      (["--help"], 0, "Example")):
            with self.subTest(arguments):
                seen, out = self.check_dashboard(*arguments)
                self.assertEqual(seen, code, out)
                self.assertIn(word, out)


if __name__ == "__main__":
    unittest.main()
