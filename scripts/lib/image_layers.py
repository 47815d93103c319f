#!/usr/bin/env python3
"""Print the size of an image, layer by layer, as it lies unpacked on a disk.

    image_layers.py [--builder docker|buildah] IMAGE

    example: scripts/lib/image_layers.py --builder docker assay:0.1.0-cpu

Exit codes: 0 printed; 1 the image is not there; 2 bad usage.
"""
import argparse
import json
import re
import subprocess
import sys
from pathlib import Path


def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"image_layers: {' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def docker_layers(image):
    """(bytes, what made it) of each layer, first one first."""
    lines = output_of("docker", "history", "--no-trunc", "--human=false", "--format", "{{.Size}}\t{{.CreatedBy}}", image)
    layers = [line.split("\t", 1) for line in reversed(lines.splitlines())]
    return [(int(size), made_by) for size, made_by in layers]


def buildah_layers(image):
    """As docker_layers(); buildah's own commands do not tell a layer's size, its storage does."""
    about = json.loads(output_of("buildah", "inspect", "--type", "image", image))["Docker"]
    store = json.loads(output_of("buildah", "info"))["store"]
    stored = json.loads((Path(store["GraphRoot"]) / f"{store['GraphDriverName']}-layers" / "layers.json").read_text())
    sizes = {layer["diff-digest"]: layer["diff-size"] for layer in stored if "diff-digest" in layer}
    history = [step for step in about.get("history", []) if not step.get("empty_layer")]
    digests = about["rootfs"]["diff_ids"]
    made_by = [step.get("created_by", "") for step in history] if len(history) == len(digests) else [""] * len(digests)
    return [(sizes[digest], what) for digest, what in zip(digests, made_by)]


def in_short(made_by):
    """The instruction without what every line has."""
    text = re.sub(r"^(/bin/sh -c )?(#\(nop\) ?)?|\|\d+ \S*=\S* ", "", made_by)
    text = re.sub(r"\s+", " ", text.replace("/bin/bash -euo pipefail -c", "RUN")).strip()
    text = re.sub(r" in (sha256:)?[0-9a-f]{64}", "", text)
    text = re.sub(r"(dir|file|multi):[0-9a-f]{64} ?", "", text)
    return text if len(text) <= 90 else text[:87] + "..."


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--builder", choices=["docker", "buildah"], default="docker")
    parser.add_argument("image")
    args = parser.parse_args()
    layers = docker_layers(args.image) if args.builder == "docker" else buildah_layers(args.image)
    for size, made_by in layers:
        if size > 0:
            print(f"{size / 1e6:10.1f} MB  {in_short(made_by)}")
    print(f"{sum(size for size, _ in layers) / 1e6:10.1f} MB  in all: {args.image}")


if __name__ == "__main__":
    main()
