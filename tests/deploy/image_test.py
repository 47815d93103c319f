#!/usr/bin/env python3
"""The container image, built for real from a Debian base made here, is what it should be; and the server in it scores, locked up.

    image_test.py [--form cpu|cuda] [--folder DIR] [--hadolint PROGRAM] [TEST...]

    example: sudo tests/deploy/image_test.py

Needs root, and of Debian: buildah, mmdebstrap, iproute2. Keeps base, layers and caches in DIR (default .cache/image: about 6 GB),
so that a second run takes a fraction of the first. Prints the image's size layer by layer. scripts/test-image installs and runs all.
The form for CUDA takes 30 GB and is served on the processor, as it is wherever there is no NVIDIA driver.
"""
import argparse
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from built_image import ROOT, BuiltImage, what_is_missing
from locked_container import LockedContainer

BASE = "localhost/assay-test-base"
GOLDEN = ROOT / "data/armorm-mini/golden.jsonl"
BUILD_TOOLS = re.compile(r"(.*-)?(gcc|g\+\+|cc|cc1|cc1plus|c\+\+|cpp|clang|clang\+\+|ld|as|nvcc|ptxas|cicc|make|ninja|cmake)(-[0-9.]+)?$|"
                         r"(python|pip)[0-9.]*$")
BUILT_WITH = re.compile(r".*\.(h|hpp|a|o|cc|cu|cuh)$")
LARGEST_MB = {"cpu": 1000, "cuda": 3500}
SHORT_WARM_UP = ["--max-batch-tokens", "1024", "--workers", "1"]
FLAGS = argparse.Namespace()
BUILT = None  # What setUpModule() makes: the builder, the image's config, its mounted root.
CONFIG, CONTAINER, FILES = {}, "", Path()


def setUpModule():
    global BUILT, CONFIG, CONTAINER, FILES
    BUILT = BuiltImage(FLAGS.folder)
    BUILT.make_base(BASE)
    image = f"localhost/assay-test:{FLAGS.form}"
    print(BUILT.build(FLAGS.form, image, BASE), flush=True)
    CONFIG = BUILT.config(image)
    CONTAINER, FILES = BUILT.mount(image)


def tearDownModule():
    if CONTAINER:
        BUILT.unmount(CONTAINER)


def files():
    """(path in the image, its lstat) of every file and folder."""
    for folder, folders, names in os.walk(FILES):
        for name in folders + names:
            path = Path(folder, name)
            yield Path("/", path.relative_to(FILES)), path.lstat()


def golden_rows():
    """The shorter half: tests/model/golden_test.cc scores them all."""
    rows = sorted(map(json.loads, GOLDEN.read_text().splitlines()), key=lambda row: len(row["input_ids"]))
    return rows[:len(rows) // 2]


def as_input(row):
    return json.dumps({"prompt": row["messages"][:-1], "responses": [row["messages"][-1]["content"]]}) + "\n"


class Dockerfile(unittest.TestCase):
    def test_hadolint_finds_nothing(self):
        done = subprocess.run([FLAGS.hadolint, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_every_waiver_has_its_reason_in_the_line_above(self):
        lines = (ROOT / "Dockerfile").read_text().splitlines()
        waivers = [i for i, line in enumerate(lines) if line.startswith("# hadolint ignore=")]
        self.assertGreater(len(waivers), 0)
        for i in waivers:
            self.assertRegex(lines[i - 1], r"^# \w.*\.$")


class Snapshot(unittest.TestCase):
    """scripts/lib/debian_snapshot.sh, with a folder of this test's own in the place of /etc/apt."""

    def changed(self, sources, moment):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "apt.conf.d").mkdir()
            Path(folder, "sources.list").write_text(sources)
            done = subprocess.run(["unshare", "--mount", "sh", "-c", 'mount --bind "$1" /etc/apt && exec "$2" "$3"', "sh", folder,
                                   ROOT / "scripts/lib/debian_snapshot.sh", moment], capture_output=True, text=True)
            return done.returncode, Path(folder, "sources.list").read_text()

    def test_a_moment_puts_every_source_of_debian_at_that_moment(self):
        code, sources = self.changed("deb http://deb.debian.org/debian bookworm main\n"
                                     "URIs: https://deb.debian.org/debian-security\n", "20261101T000000Z")
        self.assertEqual((code, sources), (0, "deb http://snapshot.debian.org/archive/debian/20261101T000000Z bookworm main\n"
                                              "URIs: http://snapshot.debian.org/archive/debian-security/20261101T000000Z\n"))

    def test_without_a_moment_nothing_changes(self):
        self.assertEqual(self.changed("deb http://deb.debian.org/debian bookworm main\n", ""),
                         (0, "deb http://deb.debian.org/debian bookworm main\n"))

    def test_what_is_no_moment_or_no_source_of_debian_is_refused(self):
        self.assertEqual(self.changed("deb http://deb.debian.org/debian bookworm main\n", "yesterday")[0], 2)
        self.assertEqual(self.changed("deb http://example.com/debian bookworm main\n", "20261101T000000Z")[0], 1)


class Contents(unittest.TestCase):
    def test_holds_no_tool_that_builds_and_nothing_to_build_with(self):
        found = [(path, about.st_mode) for path, about in files() if not stat.S_ISDIR(about.st_mode)]
        self.assertGreater(len(found), 1000)
        self.assertEqual([path for path, mode in found if mode & 0o111 and BUILD_TOOLS.match(path.name)], [])
        self.assertEqual([path for path, _ in found if BUILT_WITH.match(path.name)], [])

    def test_nobody_becomes_another_user_by_a_program(self):
        self.assertEqual([path for path, about in files()
                          if stat.S_ISREG(about.st_mode) and about.st_mode & (stat.S_ISUID | stat.S_ISGID)], [])

    def test_only_tmp_is_writable_for_all(self):
        self.assertEqual([path for path, about in files() if about.st_mode & stat.S_IWOTH and
                          (stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode))], [Path("/tmp")])

    def test_nothing_of_it_belongs_to_the_user_it_runs_as(self):
        user, group = map(int, CONFIG["User"].split(":"))
        self.assertEqual((user, group), (65532, 65532))
        self.assertEqual([path for path, about in files() if user == about.st_uid or group == about.st_gid], [])

    def test_holds_the_licences_of_what_it_holds(self):
        texts = FILES / "opt/assay/share/doc/assay"
        self.assertEqual((texts / "LICENSE").read_bytes(), (ROOT / "LICENSE").read_bytes())
        for name in ("torch/LICENSE", "torch/NOTICE", "nvidia_cuda_cupti/License.txt", "nvidia_cuda_runtime/License.txt",
                     "nlohmann-json3-dev/copyright", "libcli11-dev/copyright", "armorm-mini.md", "data/hh-rlhf.txt"):
            self.assertGreater((texts / name).stat().st_size, 500, name)
        installed = subprocess.run(["chroot", FILES, "dpkg-query", "-W", "-f", "${Package}\n"], capture_output=True, text=True, check=True)
        for package in installed.stdout.split():
            self.assertTrue((FILES / "usr/share/doc" / package / "copyright").exists(), package)

    def test_says_how_it_is_run(self):
        self.assertEqual(CONFIG["Entrypoint"], ["assay-server"])
        self.assertEqual(CONFIG["StopSignal"], "SIGTERM")
        self.assertEqual(CONFIG["Healthcheck"]["Test"], ["CMD", "assay", "health", "--address", "127.0.0.1:50052"])
        self.assertEqual(set(CONFIG["ExposedPorts"]), {"50051/tcp", "50052/tcp", "9464/tcp"})
        self.assertEqual(CONFIG["Labels"]["org.opencontainers.image.licenses"], "Apache-2.0")

    def test_is_no_larger_than_its_bound(self):
        sizes = {(about.st_dev, about.st_ino): about.st_blocks * 512 for _, about in files()}
        self.assertLess(sum(sizes.values()) / 1e6, LARGEST_MB[FLAGS.form])

    def test_finds_every_library_inside_itself(self):
        programs = [str(Path("/", path.relative_to(FILES))) for folder in ("bin", "lib") for path in (FILES / "opt/assay" / folder).iterdir()]
        done = subprocess.run(["chroot", FILES, "ldd", *programs], capture_output=True, text=True, check=True)
        self.assertIn("/opt/assay/bin/../lib/libtorch_cpu.so", done.stdout)
        missing = {line.split()[0] for line in done.stdout.splitlines() if "not found" in line}
        self.assertEqual(missing - {"libcuda.so.1"}, set())  # The driver's, which is the machine's.

    def test_holds_cuda_where_it_is_for_cuda_and_its_libraries_fit_together(self):
        libraries = {path.name for path in (FILES / "opt/assay/lib").iterdir()}
        for_cuda = {"libtorch_cuda.so", "libcaffe2_nvrtc.so", "libassay_cuda_kernels.so"}
        self.assertEqual(libraries & for_cuda, for_cuda if FLAGS.form == "cuda" else set())
        if FLAGS.form == "cuda":
            done = subprocess.run(["chroot", FILES, "env", "LD_BIND_NOW=1", "LD_LIBRARY_PATH=/opt/assay/lib",
                                   "LD_PRELOAD=libtorch_cuda.so", "/opt/assay/bin/assay-server", "--version"],
                                  capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


class LockedServer(unittest.TestCase):
    """One server for all of these, as the image starts it: read-only root, no capability, process 1."""

    @classmethod
    def setUpClass(cls):
        cls.container = LockedContainer(FILES, CONFIG, ["--insecure", *SHORT_WARM_UP])
        cls.container.await_line("listening on ")

    @classmethod
    def tearDownClass(cls):
        cls.container.close()

    def test_scores_the_golden_conversations_as_the_reference_does(self):
        rows = golden_rows()
        done = self.container.run("assay", "score", "--address", "127.0.0.1:50051", "--input", "-", "--output", "-",
                                  text="".join(map(as_input, rows)))
        self.assertEqual(done.returncode, 0, done.stderr)
        scores = [json.loads(line)["results"][0]["score"] for line in done.stdout.splitlines()]
        self.assertEqual(len(scores), len(rows))
        farthest = max(abs(score - row["float32"]["score"]) for score, row in zip(scores, rows))
        self.assertLessEqual(farthest, 0.033)  # The reference's own bfloat16 is so far from its float32.
        self.assertEqual(self.container.run("find", "/tmp", "-mindepth", "1", "-not", "-name", "forward.jsonl").stdout, "")

    def test_the_engine_alone_equals_the_reference_in_float32(self):
        done = self.container.run("assay-forward", "--model", "/opt/assay/share/assay/models/armorm-mini", "--dtype", "float32",
                                  "--data", "-", "--output", "/tmp/forward.jsonl", text="".join(map(as_input, golden_rows())))
        self.assertEqual(done.returncode, 0, done.stderr)
        scores = [json.loads(line)["score"] for line in self.container.run("cat", "/tmp/forward.jsonl").stdout.splitlines()]
        self.container.run("rm", "/tmp/forward.jsonl")
        self.assertEqual(len(scores), len(golden_rows()))
        self.assertLessEqual(max(abs(score - row["float32"]["score"]) for score, row in zip(scores, golden_rows())), 1e-3)

    def test_the_health_check_of_the_image_says_it_is_well(self):
        done = self.container.run(*CONFIG["Healthcheck"]["Test"][1:])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_runs_as_the_images_user_without_any_capability(self):
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{self.container.pid()}/status").read_text().splitlines() if ":\t" in line)
        self.assertEqual(status["Uid"].split(), ["65532"] * 4)
        self.assertEqual(status["Gid"].split(), ["65532"] * 4)
        self.assertEqual([int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")], [0] * 5)
        self.assertEqual(status["NoNewPrivs"], "1")

    def test_not_even_root_can_write_outside_tmp(self):
        for path in ("/new", "/opt/assay/bin/assay-forward", "/opt/assay/share/assay/models/new", "/var/new", "/dev/new"):
            done = self.container.run("sh", "-c", f"echo changed >> {path}", as_root=True)
            self.assertNotEqual(done.returncode, 0, path)
            self.assertIn("Read-only file system", done.stderr, path)


class Stopping(unittest.TestCase):
    def test_sigterm_ends_process_1_with_exit_code_0(self):
        container = LockedContainer(FILES, CONFIG, ["--insecure", "--lame-duck", "0", *SHORT_WARM_UP])
        self.addCleanup(container.close)
        container.await_line("listening on ")
        self.assertEqual(container.stop(), 0, "".join(container.log))


class Programs(unittest.TestCase):
    def test_without_a_certificate_the_server_wants_to_be_told_so(self):
        container = LockedContainer(FILES, CONFIG, [])
        self.addCleanup(container.close)
        self.assertEqual(container.wait(), 2)
        self.assertIn("--insecure", "".join(container.log))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--form", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--folder", type=Path, default=ROOT / ".cache/image", help="where base, layers and caches are kept")
    parser.add_argument("--hadolint", default=str(ROOT / ".deps/hadolint/bin/hadolint"))
    _, rest = parser.parse_known_args(namespace=FLAGS)
    if missing := what_is_missing():
        sys.exit(f"image_test: {missing}")
    FLAGS.folder = FLAGS.folder.resolve()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()
