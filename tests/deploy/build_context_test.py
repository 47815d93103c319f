"""What .dockerignore lets into the image's build is all that a release build reads.

    build_context_test.py

Copies that to a folder of its own and configures there; CMake then asks for every file that a target names. Needs what scripts/build
installs.
"""
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def let_in():
    """The paths behind `!`, in a .dockerignore that leaves out everything else."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*", "the first rule leaves everything out"
    return [rule.removeprefix("!") for rule in rules if rule.startswith("!")]


def copy_context(folder):
    for name in let_in():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target)
        else:
            shutil.copy(ROOT / name, target)
    (folder / ".deps").symlink_to(ROOT / ".deps")


class BuildContextTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name) / "src"
        self.folder.mkdir()
        copy_context(self.folder)

    def configure(self):
        return subprocess.run(["cmake", "--preset", "release"], cwd=self.folder, capture_output=True, text=True)

    def test_a_release_build_finds_all_that_it_reads(self):
        done = self.configure()
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])

    def test_a_file_that_is_left_out_is_missed(self):
        (self.folder / "server" / "serve.cc").unlink()
        self.assertIn("serve.cc", self.configure().stderr)


if __name__ == "__main__":
    unittest.main()
