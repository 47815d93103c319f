"""The manifests keep to Kubernetes' restricted Pod Security Standard and to checkov's rules, and what is waived is justified in place.
Needs checkov and a kubectl, see fetch_kubectl.py."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import manifests
from manifests import containers, of_kind, pod_spec

WAIVERS = {"CKV_K8S_11", "CKV_K8S_15", "CKV_K8S_43"}
RESTRICTED_VOLUMES = {"configMap", "emptyDir", "persistentVolumeClaim", "secret"}


def checkov(folder):
    """Its report on every file of the folder; it asks nobody over the network."""
    done = subprocess.run([str(Path(sys.executable).with_name("checkov")), "--framework", "kubernetes", "--directory", str(folder),
                           "--skip-download", "--compact", "--output", "json"],
                          capture_output=True, text=True, env=os.environ | {"LOG_LEVEL": "ERROR"})
    return json.loads(done.stdout)


class ManifestPolicyTest(manifests.ManifestCase):
    def pods(self):
        for _, workload in self.each_workload("Deployment", "Job"):
            yield pod_spec(workload)

    def test_checkov_finds_nothing_but_what_is_waived_with_a_reason(self):
        texts = {name: manifests.overlay_text(name) for name in manifests.OVERLAYS}
        texts |= {re.sub(r"\W+", "-", name): manifests.variant_text(name) for name in manifests.VARIANTS}
        spoiled = re.sub("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", manifests.overlay_text("cpu-demo"))
        with tempfile.TemporaryDirectory() as folder:
            for name, text in texts.items():
                (Path(folder) / f"{name}.yaml").write_text(text)
            (Path(folder) / "spoiled.yaml").write_text(spoiled)
            report = checkov(folder)
        failed = {(check["check_id"], Path(check["file_path"]).stem) for check in report["results"]["failed_checks"]}
        self.assertEqual(failed, {("CKV_K8S_22", "spoiled")}, "a writable root is all that may be found, and must be")
        self.assertEqual(report["summary"]["parsing_errors"], 0)
        self.assertGreater(report["summary"]["passed"], 500)
        waived = {check["check_id"]: check["check_result"]["suppress_comment"] for check in report["results"]["skipped_checks"]}
        self.assertEqual(set(waived), WAIVERS)
        for reason in waived.values():
            self.assertGreater(len(reason.split()), 8)

    def test_the_namespace_takes_restricted_pods_alone(self):
        for overlay in ("cpu-demo", "one-gpu", "many-gpus", "many-gpus-keda"):
            [namespace] = of_kind(manifests.everything()[overlay], "Namespace")
            self.assertEqual(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted")

    def test_every_pod_is_restricted(self):
        for spec in self.pods():
            security = spec["securityContext"]
            self.assertEqual((security["runAsNonRoot"], security["runAsUser"], security["runAsGroup"]), (True, 65532, 65532))
            self.assertEqual(security["seccompProfile"], {"type": "RuntimeDefault"})
            self.assertFalse({"hostNetwork", "hostPID", "hostIPC"} & set(spec))
            for volume in spec["volumes"]:
                self.assertLessEqual(set(volume) - {"name"}, RESTRICTED_VOLUMES)
            for container in containers(spec):
                self.assertEqual(container["securityContext"], {
                    "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}})

    def test_no_pod_has_a_token_of_the_cluster_or_variables_named_after_services(self):
        for spec in self.pods():
            self.assertIs(spec["automountServiceAccountToken"], False)
            self.assertIs(spec["enableServiceLinks"], False)

    def test_every_container_asks_for_what_it_needs_and_has_a_limit_of_memory(self):
        for spec in self.pods():
            for container in containers(spec):
                self.assertLessEqual({"cpu", "memory"}, set(container["resources"]["requests"]))
                self.assertIn("memory", container["resources"]["limits"])
            for volume in spec["volumes"]:
                self.assertIn("sizeLimit", volume.get("emptyDir", {"sizeLimit": ""}))

    def test_images_have_a_version(self):
        for spec in self.pods():
            for container in containers(spec):
                self.assertRegex(container["image"], r"^assay:\d+\.\d+\.\d+-(cpu|cuda)$")

    def test_files_that_hold_secrets_are_readable_by_the_group_alone(self):
        for spec in self.pods():
            for volume in spec["volumes"]:
                if "secret" in volume:
                    self.assertEqual(volume["secret"]["defaultMode"], 0o440)
                    self.assertEqual(spec["securityContext"]["fsGroup"], 65532)

    def test_traffic_is_denied_but_what_is_named(self):
        for overlay, objects in manifests.everything().items():
            if not of_kind(objects, "Namespace"):
                continue
            policies = of_kind(objects, "NetworkPolicy")
            [deny] = [item["spec"] for item in policies if item["spec"]["podSelector"] == {}]
            self.assertEqual(deny, {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
            for policy in policies:
                self.assertIn("Egress", policy["spec"]["policyTypes"])
                for rule in policy["spec"].get("ingress", []):
                    self.assertTrue(rule["from"] and rule["ports"], overlay)
                for rule in policy["spec"].get("egress", []):
                    self.assertTrue(rule["to"] and rule["ports"], overlay)


if __name__ == "__main__":
    unittest.main()
