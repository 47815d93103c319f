#!/usr/bin/env python3
"""Build the container image a second time from nothing, and compare it with the first file by file.

    image_twice.py [--folder DIR] [--form cpu|cuda] [--compiled]

    example: sudo tests/deploy/image_twice.py

By hand: everything is installed and compiled again, which takes tens of minutes. Needs root, and of Debian: buildah, mmdebstrap,
iproute2. The first build is that of scripts/test-image where DIR (default .cache/image) holds it.

Exit codes: 0 /opt/assay is the same to the bit; 1 it is not, and how; 2 bad usage.
"""
import argparse
import hashlib
import sys
from pathlib import Path

from built_image import ROOT, BuiltImage, what_is_missing

BASE = "localhost/assay-test-base"


def hashes(folder):
    """SHA-256 by path of every file under `folder`; a link by what it says."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            with open(path, "rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def differences(first, second):
    return sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / ".cache/image", help="where base, layers and caches are kept")
    parser.add_argument("--form", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--compiled", action="store_true", help="take objects from the compiler's cache in the second build too")
    args = parser.parse_args()
    if missing := what_is_missing():
        sys.exit(f"image_twice: {missing}")
    built = BuiltImage(args.folder.resolve())
    built.make_base(BASE)
    images = [f"localhost/assay-test:{args.form}", f"localhost/assay-test:{args.form}-again"]
    built.build(args.form, images[0], BASE)
    built.keep_objects = args.compiled
    print(built.build(args.form, images[1], BASE, "--no-cache"))
    mounted = [built.mount(image) for image in images]
    try:
        ours, all_files = ([hashes(root / part) for _, root in mounted] for part in ("opt/assay", ""))
    finally:
        for container, _ in mounted:
            built.unmount(container)
    for name, (first, second) in {"/opt/assay": ours, "the whole image": all_files}.items():
        different = differences(first, second)
        print(f"{name}: {len(first)} files, {len(different)} differ")
        for path in different[:40]:
            print(f"  {path}")
    sys.exit(1 if differences(*ours) else 0)


if __name__ == "__main__":
    main()
