"""Fields of an object that its schema does not know. The API server drops these, or refuses them, depending on how it is asked: either
way a misspelt field does not do what it says."""
import functools
import json
from importlib import resources

import yaml

from manifests import ROOT

CRD_SCHEMAS = ROOT / "tests" / "deploy" / "crd_schemas.yaml"


@functools.cache
def definitions(version):
    """Kubernetes' published schemas of `version`, "1.33.0", by name."""
    folder = resources.files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}-local"
    return json.loads((folder / "_definitions.json").read_text())["$defs"]


@functools.cache
def schemas_by_kind(version):
    """Those that are whole objects, by group, version and kind."""
    found = {}
    for schema in definitions(version).values():
        for key in schema.get("x-kubernetes-group-version-kind", []):
            found[key["group"], key["version"], key["kind"]] = schema
    for name, schema in yaml.safe_load(CRD_SCHEMAS.read_text()).items():
        group, api_version, kind = name.split("/")
        found[group, api_version, kind] = schema
    return found


def schema_of(item, version):
    """KeyError where the kind is not known at `version`."""
    group, _, api_version = item["apiVersion"].rpartition("/")
    return schemas_by_kind(version)[group, api_version, item["kind"]]


def resolved(schema, version):
    while "$ref" in schema:
        schema = definitions(version)[schema["$ref"].rpartition("/")[2]]
    return schema


def unknown_fields(value, schema, version, path=""):
    """Paths such as spec.template.spec.containers[0].imge."""
    schema = resolved(schema, version)
    if isinstance(value, list):
        return [found for place, item in enumerate(value)
                for found in unknown_fields(item, schema.get("items", {}), version, f"{path}[{place}]")]
    if not isinstance(value, dict):
        return []
    known, others = schema.get("properties"), schema.get("additionalProperties")
    found = []
    for name, item in value.items():
        here = f"{path}.{name}" if path else name
        if known is not None and name in known:
            found += unknown_fields(item, known[name], version, here)
        elif isinstance(others, dict):
            found += unknown_fields(item, others, version, here)
        elif known is not None:
            found.append(here)
    return found
