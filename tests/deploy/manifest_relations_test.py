"""What the objects of an overlay say about each other holds: selectors, references, ports, budgets, scaling."""
import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

import manifests
from manifests import containers, of_kind, pod_spec

sys.path.append(str(manifests.ROOT / "tools"))
import sizing_tables

METRIC_TABLE = manifests.ROOT / "server" / "metric_table.h"
ADAPTER = manifests.KUBERNETES / "components" / "autoscaler-hpa" / "prometheus_adapter_values.yaml"
# Of the slowest volume that startup is planned for.
CHECKPOINT_BYTES, BYTES_PER_SECOND = 16e9, 20e6


def selects(selector, labels):
    """Whether a label selector, matchLabels and matchExpressions of `In`, takes an object of these labels."""
    return (all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and
            all(labels.get(rule["key"]) in rule["values"] for rule in selector.get("matchExpressions", [])))


def pod_labels(workload):
    return workload["spec"]["template"]["metadata"]["labels"]


def workloads(objects):
    return of_kind(objects, "Deployment", "Job")


def port_names(workload):
    return {port["name"] for container in pod_spec(workload)["containers"] for port in container.get("ports", [])}


def references(workload):
    """Kind and name of everything that the pods mount, read or run as."""
    spec = pod_spec(workload)
    yield "ServiceAccount", spec["serviceAccountName"]
    for volume in spec.get("volumes", []):
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
        if "secret" in volume:
            yield "Secret", volume["secret"]["secretName"]
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]


class ManifestRelationsTest(manifests.ManifestCase):
    def servers(self):
        return self.each_workload("Deployment")

    def test_what_selects_the_server_selects_its_pods(self):
        for objects, deployment in self.servers():
            labels, spec = pod_labels(deployment), pod_spec(deployment)
            selectors = [deployment["spec"]["selector"]]
            selectors += [{"matchLabels": service["spec"]["selector"]} for service in of_kind(objects, "Service")]
            selectors += [item["spec"]["selector"] for item in of_kind(objects, "PodDisruptionBudget", "PodMonitor")]
            selectors += [item["spec"]["podSelector"] for item in of_kind(objects, "NetworkPolicy") if "Ingress" in item["spec"]["policyTypes"]]
            selectors += [spread["labelSelector"] for spread in spec["topologySpreadConstraints"]]
            selectors += [term["podAffinityTerm"]["labelSelector"] for term in
                          spec["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]]
            self.assertGreaterEqual(len(selectors), 8)
            for selector in selectors:
                self.assertTrue(selects(selector, labels), selector)

    def test_main_and_canary_select_nothing_of_each_other(self):
        sides = [manifests.everything()["many-gpus"], manifests.everything()["canary"]]
        for own, other in (sides, reversed(sides)):
            [deployment] = of_kind(other, "Deployment")
            for item in of_kind(own, "Service"):
                self.assertFalse(selects({"matchLabels": item["spec"]["selector"]}, pod_labels(deployment)))
            for item in of_kind(own, "Deployment", "PodDisruptionBudget"):
                self.assertFalse(selects(item["spec"]["selector"], pod_labels(deployment)))

    def test_overlays_that_run_side_by_side_share_no_object(self):
        names = [(item["kind"], item["metadata"]["name"]) for overlay in ("many-gpus", "canary", "bulk")
                 for item in manifests.everything()[overlay]]
        self.assertEqual(len(names), len(set(names)))

    def test_every_object_is_in_the_namespace(self):
        for objects in self.each():
            for item in objects:
                self.assertEqual(item["metadata"].get("namespace"), None if item["kind"] == "Namespace" else "assay")

    def test_what_pods_refer_to_is_made_or_said_to_be_supplied_and_nothing_else_is(self):
        supplied = {(item["kind"], item["name"]) for item in manifests.supplied()}
        needed = set()
        for objects in self.each():
            made = {(item["kind"], item["metadata"]["name"]) for item in objects}
            for workload in workloads(objects):
                missing = set(references(workload)) - made
                self.assertEqual(missing - supplied, set())
                needed |= missing
        self.assertEqual(needed, supplied)

    def test_the_keys_that_are_read_are_the_keys_said_to_be_supplied(self):
        for item in manifests.supplied():
            if "keys" not in item:
                continue
            read = set()
            for objects in manifests.everything().values():
                for workload in workloads(objects):
                    read |= self.keys_read(pod_spec(workload), item["name"])
            self.assertEqual(read, set(item["keys"]), item["name"])

    def keys_read(self, spec, source):
        """Names of files under the folder where `source` is mounted, as variables and arguments have them."""
        volumes = {volume["name"] for volume in spec["volumes"]
                   if source in (volume.get("configMap", {}).get("name"), volume.get("secret", {}).get("secretName"))}
        keys = set()
        for container in containers(spec):
            for mount in container.get("volumeMounts", []):
                if mount["name"] in volumes:
                    texts = [entry["value"] for entry in container.get("env", [])] + container["args"]
                    keys |= {text.removeprefix(mount["mountPath"] + "/") for text in texts if text.startswith(mount["mountPath"] + "/")}
        return keys

    def test_every_volume_is_mounted_as_a_folder_and_every_mount_has_its_volume(self):
        for objects in self.each():
            for workload in workloads(objects):
                spec = pod_spec(workload)
                mounts = [mount for container in containers(spec) for mount in container.get("volumeMounts", [])]
                self.assertEqual({mount["name"] for mount in mounts}, {volume["name"] for volume in spec["volumes"]})
                self.assertFalse([mount for mount in mounts if "subPath" in mount or "subPathExpr" in mount])

    def test_ports_that_are_named_are_there(self):
        for objects, deployment in self.servers():
            names = port_names(deployment)
            self.assertEqual(names, {"grpc", "health", "metrics"})
            for service in of_kind(objects, "Service"):
                self.assertLessEqual({port["targetPort"] for port in service["spec"]["ports"]}, names)
            for policy in of_kind(objects, "NetworkPolicy"):
                for rule in policy["spec"].get("ingress", []):
                    self.assertLessEqual({port["port"] for port in rule["ports"]}, names)
            for monitor in of_kind(objects, "PodMonitor"):
                self.assertLessEqual({endpoint["port"] for endpoint in monitor["spec"]["podMetricsEndpoints"]}, names)
            for monitor in of_kind(objects, "ServiceMonitor"):
                ports = [port["name"] for service in of_kind(objects, "Service")
                         if selects(monitor["spec"]["selector"], service["metadata"]["labels"]) for port in service["spec"]["ports"]]
                for endpoint in monitor["spec"]["endpoints"]:
                    self.assertEqual(ports.count(endpoint["port"]), 1, "a pod would be scraped twice, or never")

    def test_a_headless_service_names_only_replicas_that_are_ready(self):
        for objects, _ in self.servers():
            headless = [item["spec"] for item in of_kind(objects, "Service") if item["spec"].get("clusterIP") == "None"]
            self.assertEqual([spec.get("publishNotReadyAddresses", False) for spec in headless], [False])

    def test_probes_ask_the_health_port_and_let_a_checkpoint_load(self):
        for _, deployment in self.servers():
            [server] = pod_spec(deployment)["containers"]
            ports = {port["name"]: port["containerPort"] for port in server["ports"]}
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                self.assertEqual(server[probe]["grpc"]["port"], ports["health"])
            self.assertEqual(server["livenessProbe"]["grpc"].get("service"), "live")
            self.assertNotIn("service", server["readinessProbe"]["grpc"])
            startup = server["startupProbe"]["periodSeconds"] * server["startupProbe"]["failureThreshold"]
            reading = CHECKPOINT_BYTES / BYTES_PER_SECOND
            self.assertGreaterEqual(startup, reading)
            # An init container may have read the checkpoint before.
            self.assertGreater(deployment["spec"]["progressDeadlineSeconds"], reading + startup + deployment["spec"]["minReadySeconds"])
            liveness = server["livenessProbe"]["periodSeconds"] * server["livenessProbe"]["failureThreshold"]
            readiness = server["readinessProbe"]["periodSeconds"] * server["readinessProbe"]["failureThreshold"]
            self.assertGreater(liveness, 2 * readiness, "a slow replica is to lose its clients before its process")

    def test_a_rollout_can_go_on_and_a_node_can_be_drained(self):
        for objects, deployment in self.servers():
            rolling = deployment["spec"]["strategy"]["rollingUpdate"]
            self.assertEqual(rolling["maxUnavailable"] + rolling["maxSurge"], 1)
            if deployment["spec"].get("replicas") != 1:
                self.assertEqual(rolling["maxUnavailable"], 0, "a fleet never serves with fewer")
            [budget] = of_kind(objects, "PodDisruptionBudget")
            self.assertEqual(budget["spec"].get("maxUnavailable"), 1)
            self.assertNotIn("minAvailable", budget["spec"])

    def test_a_rollout_on_one_gpu_does_not_wait_for_a_second(self):
        [deployment] = of_kind(manifests.everything()["one-gpu"], "Deployment")
        self.assertEqual(deployment["spec"]["strategy"]["rollingUpdate"], {"maxSurge": 0, "maxUnavailable": 1})

    def test_a_fleet_has_one_autoscaler_which_alone_sets_its_size(self):
        scaled = 0
        for objects, deployment in self.servers():
            scalers = of_kind(objects, "HorizontalPodAutoscaler", "ScaledObject")
            self.assertLessEqual(len(scalers), 1)
            self.assertLessEqual(len(of_kind(objects, "PodMonitor", "ServiceMonitor")), 1)
            for scaler in scalers:
                target = scaler["spec"]["scaleTargetRef"]
                self.assertEqual((target["kind"], target["name"]), (deployment["kind"], deployment["metadata"]["name"]))
                scaled += 1
        self.assertEqual(scaled, 3)
        for overlay in ("many-gpus", "many-gpus-keda"):
            [deployment] = of_kind(manifests.everything()[overlay], "Deployment")
            self.assertNotIn("replicas", deployment["spec"])

    def test_both_autoscalers_aim_at_the_same_metrics_in_the_same_way(self):
        [horizontal] = of_kind(manifests.everything()["many-gpus"], "HorizontalPodAutoscaler")
        [keda] = of_kind(manifests.everything()["many-gpus-keda"], "ScaledObject")
        rules = {rule["name"]["as"]: rule for rule in yaml.safe_load(ADAPTER.read_text())["rules"]["custom"]}
        metrics = horizontal["spec"]["metrics"]
        self.assertEqual({metric["pods"]["metric"]["name"] for metric in metrics}, set(rules))
        for metric, trigger in zip(metrics, keda["spec"]["triggers"], strict=True):
            rule = rules[metric["pods"]["metric"]["name"]]
            series = rule["seriesQuery"].split("{")[0]
            self.assertIn(f'"{series}"', METRIC_TABLE.read_text())
            self.assertIn(f"({series}{{", trigger["metadata"]["query"])
            self.assertEqual(metric["pods"]["target"]["averageValue"], trigger["metadata"]["threshold"])
            self.assertRegex(series, rule["name"]["matches"])
            self.assertEqual(set(rule["resources"]["overrides"]), {"namespace", "pod"})
        self.assertEqual(horizontal["spec"]["behavior"], keda["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"])
        self.assertEqual((horizontal["spec"]["minReplicas"], horizontal["spec"]["maxReplicas"]),
                         (keda["spec"]["minReplicaCount"], keda["spec"]["maxReplicaCount"]))

    def test_the_sizing_guide_simulates_the_autoscaler_that_is_shipped(self):
        [scaler] = of_kind(manifests.everything()["many-gpus"], "HorizontalPodAutoscaler")
        targets = {metric["pods"]["metric"]["name"]: int(metric["pods"]["target"]["averageValue"]) for metric in scaler["spec"]["metrics"]}
        self.assertEqual(targets, {"assay_computed_tokens_per_second": sizing_tables.SHIPPED_TARGETS["--hpa-computed"],
                                   "assay_queued_tokens": sizing_tables.SHIPPED_TARGETS["--hpa-queued"]})
        up, down = scaler["spec"]["behavior"]["scaleUp"], scaler["spec"]["behavior"]["scaleDown"]
        # Doubling, or four more: the simulator's own.
        self.assertEqual([(policy["type"], policy["value"]) for policy in up["policies"]], [("Percent", 100), ("Pods", 4)])
        self.assertEqual({policy["type"] for policy in down["policies"]}, {"Pods"})
        [fewer] = down["policies"]
        self.assertEqual({"--hpa-up-period": up["policies"][0]["periodSeconds"], "--hpa-down-window": down["stabilizationWindowSeconds"],
                          "--hpa-down-pods": fewer["value"], "--hpa-down-period": fewer["periodSeconds"]}, sizing_tables.SHIPPED_BEHAVIOUR)

    def test_growing_is_faster_than_shrinking(self):
        [scaler] = of_kind(manifests.everything()["many-gpus"], "HorizontalPodAutoscaler")
        up, down = scaler["spec"]["behavior"]["scaleUp"], scaler["spec"]["behavior"]["scaleDown"]
        self.assertEqual(up["stabilizationWindowSeconds"], 0)
        self.assertGreaterEqual(down["stabilizationWindowSeconds"], 300)

    def copied(self):
        """A folder that holds a copy of deploy/."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        shutil.copytree(manifests.KUBERNETES.parent, Path(scratch.name) / "deploy")
        return Path(scratch.name)

    def rendered_server(self, folder):
        [deployment] = of_kind(manifests.objects_of(manifests.render(folder)), "Deployment")
        return deployment

    def test_a_changed_setting_makes_new_pods(self):
        overlay = self.copied() / "deploy" / "kubernetes" / "overlays" / "cpu-demo"
        before = dict(references(self.rendered_server(overlay)))
        with open(overlay / "server.yaml", "a") as config:
            config.write("max_batch_tokens: 2048\n")
        self.assertNotEqual(dict(references(self.rendered_server(overlay)))["ConfigMap"], before["ConfigMap"])

    def test_the_guides_own_overlay_renders_with_the_users_image(self):
        [block] = re.findall(r"```yaml\n(.*?)```", (manifests.KUBERNETES.parent / "README.md").read_text(), re.S)
        own = self.copied() / "my-assay"
        own.mkdir()
        (own / "kustomization.yaml").write_text(block)
        [container] = pod_spec(self.rendered_server(own))["containers"]
        self.assertEqual(container["image"], "registry.example.com/assay:0.1.0-cpu")

    def test_each_part_of_the_job_is_a_shard_and_its_exit_codes_are_told_apart(self):
        [job] = of_kind(manifests.everything()["bulk"], "Job")
        spec, [container] = job["spec"], pod_spec(job)["containers"]
        self.assertEqual(spec["completionMode"], "Indexed")
        self.assertIn(f"--shard=auto/{spec['completions']}", container["args"])
        self.assertTrue([arg for arg in container["args"] if re.fullmatch(r"--output=/out/.*\{shard\}.*", arg)])
        self.assertEqual(pod_spec(job)["restartPolicy"], "Never")
        self.assertNotIn("backoffLimit", spec)
        actions = {code: rule["action"] for rule in spec["podFailurePolicy"]["rules"] if "onExitCodes" in rule
                   for code in rule["onExitCodes"]["values"]}
        self.assertEqual(actions, {2: "FailJob", 3: "FailIndex"})
        for rule in spec["podFailurePolicy"]["rules"]:
            self.assertEqual(rule.get("onExitCodes", {}).get("containerName", container["name"]), container["name"])

    def test_the_job_asks_a_service_that_the_server_overlays_make_and_may_reach_it(self):
        [job] = of_kind(manifests.everything()["bulk"], "Job")
        [address] = [arg for arg in pod_spec(job)["containers"][0]["args"] if arg.startswith("--address=")]
        name, port = re.fullmatch(r"--address=dns:///([a-z-]+):(\d+)", address).groups()
        for overlay in ("cpu-demo", "one-gpu", "many-gpus", "many-gpus-keda"):
            objects = manifests.everything()[overlay]
            [service] = [item for item in of_kind(objects, "Service") if item["metadata"]["name"] == name]
            self.assertIn(int(port), [entry["port"] for entry in service["spec"]["ports"]])
            policies = {item["metadata"]["name"]: item["spec"] for item in of_kind(objects, "NetworkPolicy")}
            self.assertTrue(selects(policies["assay-server"]["ingress"][0]["from"][0]["podSelector"], pod_labels(job)))
            self.assertTrue(selects(policies["assay-client"]["podSelector"], pod_labels(job)))
            [deployment] = of_kind(objects, "Deployment")
            out = policies["assay-client"]["egress"][0]
            self.assertTrue(selects(out["to"][0]["podSelector"], pod_labels(deployment)))
            ports = {entry["containerPort"]: entry["name"] for entry in pod_spec(deployment)["containers"][0]["ports"]}
            self.assertEqual({ports[entry["port"]] for entry in out["ports"]}, {"grpc", "health"})

    def test_the_guide_names_every_overlay_every_component_and_all_that_is_supplied(self):
        guide = (manifests.KUBERNETES.parent / "README.md").read_text() + (manifests.KUBERNETES.parent / "UPGRADE.md").read_text()
        components = [path.name for path in (manifests.KUBERNETES / "components").iterdir()]
        self.assertGreater(len(components), 10)
        for name in manifests.OVERLAYS + components + [item["name"] for item in manifests.supplied()]:
            self.assertRegex(guide, rf"\b{name}\b")
        for path in set(re.findall(r"(?:deploy/kubernetes|tests/deploy|tools)/[\w./-]+\w", guide)):
            self.assertTrue((manifests.ROOT / path).exists(), path)


if __name__ == "__main__":
    unittest.main()
