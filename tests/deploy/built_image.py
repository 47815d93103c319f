"""The image as scripts/image builds it with buildah, from a Debian base that mmdebstrap makes; and what is in it.

The base, buildah's storage, the compiler's cache and Debian's packages are kept in one folder, so that a second build takes a
fraction of the first. torch and the model are this machine's own where scripts/build has been run. Needs root.
"""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NEEDED = {"buildah": "buildah", "mmdebstrap": "mmdebstrap", "ip": "iproute2", "unshare": "util-linux"}
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
SUITES = [("{mirror}/debian", "bookworm"), ("{mirror}/debian", "bookworm-updates"), ("{mirror}/debian-security", "bookworm-security")]

# What Debian's own slim image lacks as well: usrmerge with the Perl it brings, and of the documentation all but copyright.
SLIM = r"""
apt-get update -qq
apt-get install -y -qq --no-install-recommends usr-is-merged usrmerge-
dpkg --purge usrmerge $(dpkg-query -W -f '${Package}\n' | grep -E '^(perl|perl-modules.*|libperl.*|lib.*-perl)$')
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/cache/apt/*.bin /usr/share/info /usr/share/locale /usr/share/man
find /usr/share/doc -type f -not -name copyright -delete
"""


def what_is_missing():
    """Why nothing can be built here; empty where it can."""
    if os.geteuid() != 0:
        return "building without a daemon, and mounting what was built, needs root"
    packages = [package for program, package in NEEDED.items() if shutil.which(program) is None]
    return f"apt-get install {' '.join(packages)}" if packages else ""


class BuiltImage:
    def __init__(self, folder, mirror="http://deb.debian.org"):
        self.folder = Path(folder)
        self.mirror = mirror
        self.keep_objects = True  # False: compile everything, whatever the compiler's cache holds.
        for name in ("packages", "ccache"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        # Every file of a layer has the time that scripts/image gives it, the compiler too: ccache goes by what is in it.
        (self.folder / "ccache/ccache.conf").write_text("compiler_check = content\nmax_size = 2G\n")
        storage = self.folder / "storage.conf"
        storage.write_text(f'[storage]\ndriver = "{os.environ.get("STORAGE_DRIVER", "overlay")}"\n'
                           f'graphroot = "{self.folder}/storage"\nrunroot = "{self.folder}/run"\n')
        self.environment = {**os.environ, "CONTAINERS_STORAGE_CONF": str(storage), "BUILDAH_ISOLATION": "chroot"}

    def _buildah(self, *arguments):
        done = subprocess.run(["buildah", *arguments], env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"buildah {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def has(self, image):
        return subprocess.run(["buildah", "inspect", "--type", "image", image], env=self.environment,
                              capture_output=True).returncode == 0

    def make_base(self, image):
        """Debian 12 and nothing more, as an image; once."""
        if self.has(image):
            return
        archive = self.folder / "base.tar"
        sources = [f"deb {uri.format(mirror=self.mirror)} {suite} main" for uri, suite in SUITES]
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", "bookworm", str(archive), *sources], check=True)
        container = self._buildah("from", "scratch")
        self._buildah("add", container, str(archive), "/")
        self._buildah("run", "--network", "host", container, "--", "sh", "-euc", SLIM)
        self._buildah("commit", "--squash", "--rm", container, image)
        archive.unlink()

    def build(self, form, image, base, *arguments):
        """scripts/image with what may be kept between builds mounted into the builder. Returns what it printed: sizes."""
        kept = [(self.folder / "packages", "/var/cache/apt/archives", "")]
        if self.keep_objects:
            kept.append((self.folder / "ccache", "/root/.cache/ccache", ""))
        # Pip trusts whom this machine trusts: it may reach PyPI through a proxy with an authority of its own.
        (self.folder / "pip.conf").write_text("[global]\ncert = /run/authorities.pem\n")
        kept += [(self.folder / "pip.conf", "/etc/pip.conf", ":ro"), (AUTHORITIES, "/run/authorities.pem", ":ro")]
        for path in [*(ROOT / ".deps").glob(f"torch-*-{form}"), *(ROOT / ".deps").glob("models")]:
            kept.append((path.resolve(), f"/src/.deps/{path.name}", ":ro"))
        volumes = [word for source, target, mode in kept for word in ("--volume", f"{source}:{target}{mode}")]
        with open(self.folder / f"build-{form}.log", "w") as log:
            done = subprocess.run([ROOT / "scripts/image", form, "--builder", "buildah", "--base", base, "--tag", image, "--",
                                   "--network", "host", *volumes, *arguments],
                                  env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True)
            log.write(done.stdout)
        if done.returncode != 0:
            raise RuntimeError(f"scripts/image failed: {log.name}\n" + "\n".join(Path(log.name).read_text().splitlines()[-40:]))
        return "\n".join(re.findall(r"^ *[0-9.]+ MB .*$", done.stdout, re.M))

    def config(self, image):
        """The image's own settings: Env, User, Entrypoint, Healthcheck, ..."""
        return json.loads(self._buildah("inspect", "--type", "image", image))["Docker"]["config"]

    def mount(self, image):
        """(container, folder): the image's root file system; unmount() gives it back."""
        container = self._buildah("from", "--pull-never", image)
        return container, Path(self._buildah("mount", container))

    def unmount(self, container):
        self._buildah("rm", container)
