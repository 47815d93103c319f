"""checkpoint.sh, which the pods run before the server, lets a checkpoint through that is what its sums say, and no other."""
import hashlib
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPT = (Path(__file__).resolve().parents[2] / "deploy" / "kubernetes" / "components" / "checkpoint-script" / "checkpoint.sh")
FILES = {"config.json": b"{}", "model-00001-of-00002.safetensors": b"\0" * 100000, "model-00002-of-00002.safetensors": b"\1" * 9,
         "tokenizer.json": b"[]"}


class CheckpointScriptTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        root = Path(scratch.name)
        self.source, self.target, self.sums = root / "source", root / "target", root / "SHA256SUMS"
        self.source.mkdir()
        self.target.mkdir()
        for name, content in FILES.items():
            (self.source / name).write_bytes(content)
        # As the script's head says to make it.
        self.sums.write_bytes(subprocess.run("sha256sum *", shell=True, cwd=self.source, capture_output=True, check=True).stdout)

    def run_script(self, *arguments):
        return subprocess.run(["/bin/sh", str(SCRIPT), *map(str, arguments)], capture_output=True, text=True)

    def verify(self, folder=None):
        return self.run_script("verify", folder or self.source, self.sums)

    def copy(self):
        return self.run_script("copy", self.source, self.target, self.sums)

    def assert_refused(self, done, *texts, code=1):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for text in texts:
            self.assertIn(text, done.stderr)

    def test_a_right_checkpoint_passes(self):
        done = self.verify()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("is right: 4 files", done.stdout)

    def test_one_changed_byte_is_found(self):
        for name in FILES:
            content = bytearray((self.source / name).read_bytes())
            content[-1] ^= 1
            (self.source / name).write_bytes(content)
            done = self.verify()
            self.assert_refused(done, "is not the checkpoint")
            self.assertIn(f"{name}: FAILED", done.stdout)
            (self.source / name).write_bytes(FILES[name])

    def test_a_missing_file_is_found(self):
        (self.source / "tokenizer.json").unlink()
        self.assert_refused(self.verify(), "tokenizer.json: No such file")

    def test_a_file_beside_those_listed_is_found_and_a_folder_is_let_be(self):
        (self.source / "lost+found").mkdir()
        self.assertEqual(self.verify().returncode, 0)
        for name in ("model.safetensors", ".hidden"):
            (self.source / name).write_bytes(b"")
            self.assert_refused(self.verify(), f"{name} is not in")
            (self.source / name).unlink()

    def test_a_list_that_is_no_list_is_refused(self):
        right = self.sums.read_text()
        for text in ("", "nonsense\n", right + "nonsense\n", right[1:]):
            self.sums.write_text(text)
            self.assert_refused(self.verify())
        self.sums.unlink()
        self.assert_refused(self.verify(), "is empty or not there")

    def test_names_with_the_marks_that_sha256sum_and_find_put_are_the_same_names(self):
        lines = [f"{hashlib.sha256(content).hexdigest()} *./{name}\n" for name, content in FILES.items()]
        self.sums.write_text("".join(lines))
        self.assertEqual(self.verify().returncode, 0)
        self.assertEqual(self.copy().returncode, 0)

    def test_a_checkpoint_is_copied_and_verified(self):
        done = self.copy()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual({path.name: path.read_bytes() for path in self.target.iterdir()}, FILES)

    def test_only_what_is_listed_is_copied(self):
        (self.source / "README.md").write_text("not listed")
        self.assertEqual(self.copy().returncode, 0)
        self.assertEqual({path.name for path in self.target.iterdir()}, set(FILES))

    def test_a_copy_that_was_broken_off_is_finished_and_what_is_right_is_not_copied_again(self):
        self.copy()
        (self.target / "config.json").write_bytes(b"{")
        kept = (self.target / "tokenizer.json").stat()
        self.assertEqual(self.copy().returncode, 0)
        self.assertEqual((self.target / "config.json").read_bytes(), b"{}")
        after = (self.target / "tokenizer.json").stat()
        self.assertEqual((after.st_ino, after.st_mtime_ns), (kept.st_ino, kept.st_mtime_ns))

    def test_a_wrong_source_never_passes(self):
        (self.source / "config.json").write_bytes(b"[]")
        self.assert_refused(self.copy(), "is not the checkpoint")
        (self.source / "config.json").unlink()
        (self.target / "config.json").unlink()
        self.assert_refused(self.copy(), "config.json is not there, but in")

    def test_a_volume_that_is_not_mounted_is_said_to_be_missing(self):
        shutil.rmtree(self.source)
        self.assert_refused(self.verify(), "is the volume mounted?")

    def test_wrong_usage_is_told_apart(self):
        for arguments in ([], ["verify"], ["copy", "a", "b"], ["remove", "a", "b"], ["verify", self.source, "relative"]):
            self.assert_refused(self.run_script(*arguments), "checkpoint: ", code=2)


if __name__ == "__main__":
    unittest.main()
