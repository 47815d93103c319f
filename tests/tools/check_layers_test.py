"""check_layers.py finds each kind of breach in a small tree that is otherwise clean."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools" / "check_layers.py"


class CheckLayersTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.root = Path(self.scratch.name)
        self.write("CMakeLists.txt", "")
        self.write("base/mutex.h", "#include <mutex>\n")
        self.write("model/ops.h", "#include <torch/torch.h>\n")
        self.write("model/types.h", '#include "base/mutex.h"\n')
        self.write("server/door.cc", '#include "model/types.h"\n')
        self.write("tests/server/door_test.cc", "")

    def tearDown(self):
        self.scratch.cleanup()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def check(self):
        done = subprocess.run([sys.executable, TOOL, self.root], capture_output=True, text=True)
        return done.returncode, done.stdout

    def assert_finds(self, *words):
        code, out = self.check()
        self.assertEqual(code, 1, out)
        self.assertEqual(len(out.splitlines()), 1, out)
        for word in words:
            self.assertIn(word, out)

    def test_a_clean_tree_passes(self):
        self.assertEqual(self.check()[0], 0, self.check()[1])

    def test_an_include_that_points_upwards_is_found(self):
        self.write("base/mutex.h", '#include "model/types.h"\n')
        self.assert_finds("base/mutex.h", "must not know model/")

    def test_torch_reached_through_a_header_is_found(self):
        self.write("model/types.h", '#include "model/ops.h"\n')
        self.assert_finds("server/door.cc", "reaches torch")

    def test_grpc_in_the_model_is_found(self):
        self.write("model/types.h", "#include <grpcpp/grpcpp.h>\n")
        self.assert_finds("model/types.h", "gRPC")

    def test_a_room_without_a_test_is_found(self):
        self.write("server/cellar.cc", "")
        self.assert_finds("server/cellar.cc", "no test")

    def test_a_room_over_the_limit_is_found(self):
        self.write("server/door.cc", "\n" * 401)
        self.assert_finds("server/door.cc", "401 lines")

    def test_a_sleeping_test_is_found(self):
        self.write("tests/server/door_test.cc", "std::this_thread::sleep_for(1s);\n")
        self.assert_finds("door_test.cc", "sleeps")


if __name__ == "__main__":
    unittest.main()
