"""The manifests as a cluster would get them: every overlay and its variants, rendered by kubectl, as lists of objects."""
import functools
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
# The oldest that was tried, kubectl 1.25's.
OLDEST_KUSTOMIZE = (4, 5, 7)

OVERLAYS = sorted(path.name for path in (KUBERNETES / "overlays").iterdir())
# What deploy/README.md offers beyond the overlays: the resource, the components, and the overlay whose server.yaml goes with `base`.
VARIANTS = {
    "one GPU, checkpoint copied": ("base", ["gpu", "tls", "tokens", "checkpoint-from-init-container"], "one-gpu"),
    "TLS on both sides, tokens": ("base", ["gpu", "tls", "mutual-tls", "tokens", "checkpoint-from-volume"], "many-gpus"),
    "CPU demo, scraped through its Service": ("overlays/cpu-demo", ["service-monitor"], None),
    "CPU demo, scraped by pod, autoscaled": ("overlays/cpu-demo", ["pod-monitor", "autoscaler-hpa"], None),
}


def kustomize_version(kubectl):
    """Of this kubectl, as numbers; (0,) where it does not say, as old ones do not in this form."""
    answer = subprocess.run([kubectl, "version", "--client", "--output", "json"], capture_output=True, text=True)
    try:
        text = json.loads(answer.stdout)["kustomizeVersion"]
    except (ValueError, KeyError):
        return (0,)
    return tuple(int(part) for part in text.removeprefix("v").split("."))


@functools.cache
def kubectl():
    """$KUBECTL, the one that fetch_kubectl.py put into .deps, or the one on the path."""
    for candidate in (os.environ.get("KUBECTL"), str(ROOT / ".deps" / "kubectl" / "kubectl"), shutil.which("kubectl")):
        if candidate and Path(candidate).exists() and kustomize_version(candidate) >= OLDEST_KUSTOMIZE:
            return candidate
    raise RuntimeError("no kubectl with kustomize 4.5.7 or later; run tests/deploy/fetch_kubectl.py .deps/kubectl")


def render(folder):
    """The text of the folder's objects. RuntimeError with kubectl's message."""
    done = subprocess.run([kubectl(), "kustomize", str(folder)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{folder}: {done.stderr}")
    return done.stdout


@functools.cache
def overlay_text(name):
    return render(KUBERNETES / "overlays" / name)


@functools.cache
def variant_text(name):
    """Rendered from a folder of its own; kustomize takes other folders by relative paths alone."""
    resource, components, config = VARIANTS[name]
    with tempfile.TemporaryDirectory() as scratch:
        def relative(path):
            return os.path.relpath(KUBERNETES / path, os.path.realpath(scratch))
        kustomization = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "namespace": "assay",
            "resources": [relative(resource)], "components": [relative(f"components/{path}") for path in components]}
        if config:
            shutil.copy(KUBERNETES / "overlays" / config / "server.yaml", scratch)
            kustomization["images"] = [{"name": "assay", "newTag": "0.1.0-cuda"}]
            kustomization["configMapGenerator"] = [{"name": "assay-config", "files": ["server.yaml"]}]
        (Path(scratch) / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        return render(scratch)


class OneOfEachKey(yaml.SafeLoader):
    """Refuses what YAML forbids and its parsers take: a key given twice, of which the first would be lost."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


def objects_of(text):
    return [document for document in yaml.load_all(text, OneOfEachKey) if document]


@functools.cache
def everything():
    """Objects by the name of their overlay or variant. Not to be changed: copy first."""
    texts = {name: overlay_text(name) for name in OVERLAYS} | {name: variant_text(name) for name in VARIANTS}
    return {name: objects_of(text) for name, text in texts.items()}


def of_kind(objects, *kinds):
    return [item for item in objects if item["kind"] in kinds]


def pod_spec(workload):
    return workload["spec"]["template"]["spec"]


def containers(spec):
    return spec.get("initContainers", []) + spec["containers"]


def supplied():
    """What users bring themselves: kind, name and keys."""
    return yaml.safe_load((KUBERNETES / "supplied.yaml").read_text())


class ManifestCase(unittest.TestCase):
    """Failures say which overlay or variant, and which object, they are about."""

    where = ""

    def _formatMessage(self, msg, standardMsg):
        return f"{self.where}: {super()._formatMessage(msg, standardMsg)}"

    def each(self):
        for self.where, objects in everything().items():
            yield objects

    def each_object(self):
        for name, objects in everything().items():
            for item in objects:
                self.where = f"{name}, {item['kind']} {item['metadata']['name']}"
                yield item

    def each_workload(self, *kinds):
        """With the objects beside it."""
        for objects in self.each():
            for workload in of_kind(objects, *kinds):
                yield objects, workload
