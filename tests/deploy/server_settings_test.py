"""Server and client take the options that the manifests give them, and the time that a pod has to stop is enough for its settings.

  server_settings_test.py SERVER ASSAY        assay-server, or assay-fake-server, which has its options; and assay
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

import manifests
from manifests import of_kind, pod_spec

SERVER, ASSAY = Path(), Path()
# After lame duck and drain: passes that have begun end, replies go out, threads are joined. A pass of the largest batch is well below.
MARGIN_SECONDS = 30


def environment(container):
    """The container's variables alone, and what programs need to start here."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LD_LIBRARY_PATH")}
    return kept | {entry["name"]: entry["value"] for entry in container.get("env", [])}


def print_config(container, config_text):
    """What the server says its settings come to, given the container's arguments, variables and file."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "server.yaml"
        file.write_text(config_text)
        arguments = [f"--config={file}" if argument.startswith("--config=") else argument for argument in container["args"]]
        return subprocess.run([SERVER, *arguments, "--print-config"],
                              env=environment(container), capture_output=True, text=True)


class ServerSettingsTest(manifests.ManifestCase):
    def servers(self):
        """Name, deployment, its container and the text of its configuration file."""
        for objects, deployment in self.each_workload("Deployment"):
            [container] = pod_spec(deployment)["containers"]
            [volume] = [volume for volume in pod_spec(deployment)["volumes"] if volume["name"] == "config"]
            [config] = [item for item in of_kind(objects, "ConfigMap") if item["metadata"]["name"] == volume["configMap"]["name"]]
            yield self.where, deployment, container, config["data"]["server.yaml"]

    def settings(self, container, config_text):
        done = print_config(container, config_text)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return yaml.safe_load(done.stdout)

    def test_the_server_takes_every_overlays_settings(self):
        for name, _, container, text in self.servers():
            settings = self.settings(container, text)
            ports = {port["name"]: port["containerPort"] for port in container["ports"]}
            for option, port in (("listen", "grpc"), ("health_listen", "health"), ("metrics_listen", "metrics")):
                self.assertEqual(settings[option], f"0.0.0.0:{ports[port]}")
            for key, value in yaml.safe_load(text).items():
                self.assertEqual(str(settings[key]), str(value), key)
            self.assertEqual(settings["insecure"], name.startswith("CPU demo") or name == "cpu-demo",
                             "only the demonstration is without TLS")

    def test_the_pod_has_the_time_to_stop_that_its_settings_want(self):
        for _, deployment, container, text in self.servers():
            settings = self.settings(container, text)
            grace = pod_spec(deployment)["terminationGracePeriodSeconds"]
            self.assertGreaterEqual(grace, settings["lame_duck"] + settings["drain_timeout"] + MARGIN_SECONDS)
            readiness = container["readinessProbe"]
            self.assertGreaterEqual(settings["lame_duck"], readiness["periodSeconds"] * readiness["failureThreshold"],
                                    "balancers learn that a replica goes while it still takes requests")

    def test_an_option_that_is_not_there_is_refused(self):
        for _, _, container, text in self.servers():
            done = print_config(container, text + "max_batch_tokenz: 1\n")
            self.assertEqual(done.returncode, 2)
            self.assertIn("max_batch_tokenz", done.stderr)
            done = print_config(container | {"args": container["args"] + ["--lame-dock=1"]}, text)
            self.assertEqual(done.returncode, 2)

    def test_every_variable_of_the_server_is_one_of_its_options(self):
        for _, _, container, text in self.servers():
            known = {f"ASSAY_{option.upper()}" for option in self.settings(container, text)}
            given = {entry["name"] for entry in container.get("env", []) if entry["name"].startswith("ASSAY_")}
            self.assertLessEqual(given, known)

    def test_the_cpu_demo_computes_with_as_many_threads_as_the_pod_has_cores(self):
        for name, _, container, text in self.servers():
            if name == "cpu-demo":
                self.assertEqual(str(self.settings(container, text)["cpu_threads"]), container["resources"]["limits"]["cpu"])

    def test_the_client_takes_the_jobs_arguments(self):
        [job] = of_kind(manifests.everything()["bulk"], "Job")
        [container] = pod_spec(job)["containers"]
        usage = subprocess.run([ASSAY, "score", "--help"], capture_output=True, text=True).stdout
        for argument in container["args"][1:]:
            self.assertRegex(usage, re.escape(argument.partition("=")[0]) + r"\b")
        for entry in container["env"]:
            self.assertIn(entry["name"], usage)
        run = [ASSAY, *container["args"]]
        # Past its usage it misses the rows or the certificate, which are not on this machine.
        index = {"JOB_COMPLETION_INDEX": "0"}
        self.assertEqual(subprocess.run(run, env=environment(container) | index, capture_output=True).returncode, 1)
        self.assertEqual(subprocess.run([*run, "--shart=1"], env=environment(container) | index, capture_output=True).returncode, 2)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        print(__doc__)
        sys.exit(0 if sys.argv[1:] in (["--help"], ["-h"]) else 2)
    ASSAY, SERVER = Path(sys.argv.pop()).resolve(), Path(sys.argv.pop()).resolve()
    unittest.main()
