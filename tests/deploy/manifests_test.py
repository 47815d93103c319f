"""Every overlay and variant renders, and is valid and free of unknown fields in three versions of Kubernetes. Needs kubernetes-validate
and a kubectl, see fetch_kubectl.py."""
import copy
import unittest

import jsonschema
import kubernetes_validate
import yaml

import manifests
from unknown_fields import CRD_SCHEMAS, definitions, schema_of, unknown_fields

# The oldest in which all that is used is on without a feature gate, one in between, the newest that has a schema.
VERSIONS = ["1.29.0", "1.33.0", "1.37.0"]
CRD_GROUPS = ("monitoring.coreos.com", "keda.sh")
# Maps whose keys are the user's: what stands there is not misspelt but another name.
FREE_MAPS = {"labels", "annotations", "matchLabels", "selector", "nodeSelector", "data", "requests", "limits"}


def is_crd(item):
    return item["apiVersion"].partition("/")[0] in CRD_GROUPS


def validate(item, version):
    """Against Kubernetes' schema of the version, or ours."""
    if not is_crd(item):
        kubernetes_validate.validate(item, version, strict=True)
        return
    jsonschema.Draft202012Validator(inlined(schema_of(item, version), version)).validate(item)


def inlined(schema, version):
    """With Kubernetes' own definitions in the places that refer to them."""
    if isinstance(schema, list):
        return [inlined(part, version) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return inlined(definitions(version)[schema["$ref"].rpartition("/")[2]], version)
    return {name: inlined(part, version) for name, part in schema.items()}


def maps_in(value, name=""):
    """Every map in an object, with the name it goes by."""
    if isinstance(value, dict):
        yield name, value
        for key, part in value.items():
            yield from maps_in(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from maps_in(part, name)


class ManifestsTest(manifests.ManifestCase):
    def test_every_overlay_makes_what_it_is_for(self):
        workloads = {name: [(item["kind"], item["metadata"]["name"]) for item in manifests.of_kind(objects, "Deployment", "Job")]
                     for name, objects in manifests.everything().items() if name in manifests.OVERLAYS}
        server = [("Deployment", "assay")]
        self.assertEqual(workloads, {"bulk": [("Job", "assay-bulk")], "canary": [("Deployment", "assay-canary")], "cpu-demo": server,
                                     "many-gpus": server, "many-gpus-keda": server, "one-gpu": server})

    def test_every_object_is_valid_in_three_versions_of_kubernetes(self):
        seen = []
        for item in self.each_object():
            if item in seen:
                continue
            seen.append(item)
            for version in VERSIONS:
                validate(item, version)
        self.assertGreater(len(seen), 25)

    def test_no_object_has_a_field_unknown_to_a_version(self):
        for item in self.each_object():
            for version in VERSIONS:
                self.assertEqual(unknown_fields(item, schema_of(item, version), version), [], version)

    def test_a_misspelt_field_is_found_wherever_it_stands(self):
        tried = 0
        for version in VERSIONS:
            for item in manifests.everything()["many-gpus-keda"] + manifests.everything()["bulk"]:
                item = copy.deepcopy(item)
                for name, spoiled in maps_in(item):
                    if name in FREE_MAPS and not (name == "selector" and "matchLabels" in spoiled):
                        continue
                    field = sorted(spoiled)[-1] if spoiled else "field"
                    misspelt = field + "s"
                    spoiled[misspelt] = spoiled.get(field)
                    found = unknown_fields(item, schema_of(item, version), version)
                    self.assertEqual([path.rpartition(".")[2] for path in found], [misspelt], (item["kind"], name, version))
                    tried += 1
                    del spoiled[misspelt]
        self.assertGreater(tried, 500)

    def test_a_value_of_the_wrong_kind_is_refused(self):
        [deployment] = manifests.of_kind(copy.deepcopy(manifests.everything()["cpu-demo"]), "Deployment")
        manifests.pod_spec(deployment)["containers"][0]["startupProbe"]["grpc"]["port"] = "health"
        for version in VERSIONS:
            with self.assertRaisesRegex(kubernetes_validate.ValidationError, "health"):
                validate(deployment, version)
        [scaled] = manifests.of_kind(copy.deepcopy(manifests.everything()["many-gpus-keda"]), "ScaledObject")
        scaled["spec"]["triggers"][0]["metadata"]["threshold"] = 40000
        with self.assertRaisesRegex(jsonschema.ValidationError, "40000"):
            validate(scaled, VERSIONS[0])

    def test_every_kind_that_kubernetes_does_not_define_has_a_schema_here_and_is_used(self):
        used = {f"{item['apiVersion']}/{item['kind']}" for objects in manifests.everything().values() for item in objects if is_crd(item)}
        self.assertEqual(used, set(yaml.safe_load(CRD_SCHEMAS.read_text())))

    def test_a_key_given_twice_is_refused(self):
        with self.assertRaisesRegex(yaml.YAMLError, "memory is given twice"):
            manifests.objects_of("limits:\n  memory: 1Gi\n  memory: 2Gi\n")
        for path in manifests.KUBERNETES.rglob("*.yaml"):
            manifests.objects_of(path.read_text())


if __name__ == "__main__":
    unittest.main()
