"""to_jsonl.py keeps every value of the data sets' shapes, joins parts, and refuses what it cannot keep. Needs pyarrow."""
import gzip
import json
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import pyarrow
import pyarrow.parquet

TOOL = Path(__file__).resolve().parents[2] / "tools" / "to_jsonl.py"

TEXT, TEXTS, WHOLE = pyarrow.string(), pyarrow.list_(pyarrow.string()), pyarrow.int64()
REWARD_BENCH = pyarrow.schema([("prompt", TEXT), ("chosen", TEXT), ("chosen_model", TEXT), ("rejected", TEXT),
                               ("rejected_model", TEXT), ("subset", TEXT), ("id", WHOLE)])
REWARD_BENCH_2 = pyarrow.schema([
    ("id", TEXT), ("prompt", TEXT), ("chosen", TEXTS), ("rejected", TEXTS), ("num_correct", WHOLE), ("num_incorrect", WHOLE),
    ("total_completions", WHOLE), ("models", TEXTS), ("subset", TEXT),
    ("additional_metadata", pyarrow.struct([("category", TEXT), ("correct", TEXT), ("index", pyarrow.float64()),
                                            ("instruction_id_list", TEXTS)]))])
PRIOR_SETS = pyarrow.schema([("prompt", pyarrow.list_(pyarrow.struct([("content", TEXT), ("role", TEXT)]))), ("chosen", TEXT),
                             ("rejected", TEXT), ("subset", TEXT), ("id", WHOLE)])


def text_of(chance):
    """Any code point but surrogates, with what JSON, lines and HTML treat specially more often."""
    special = "\"\\\n\r\t\0\u2028\u2029\ufeff</script>é漢🙂"
    return "".join(chance.choice(special) if chance.random() < 0.5 else chr(chance.choice([65, 0x7f, 0x301, 0xfffd, 0x10ffff]))
                   for _ in range(chance.randrange(30)))


class ToJsonlTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.root = Path(self.scratch.name)
        self.chance = random.Random(7)

    def tearDown(self):
        self.scratch.cleanup()

    def parquet(self, name, rows, schema=None):
        path = self.root / name
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), path, row_group_size=3)
        return path

    def file(self, name, content):
        path = self.root / name
        path.write_bytes(content)
        return path

    def run_tool(self, *arguments):
        done = subprocess.run([sys.executable, TOOL, *map(str, arguments)], capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def convert(self, *arguments):
        code, out, err = self.run_tool(*arguments)
        self.assertEqual(code, 0, err)
        return out

    def rows(self, name):
        content = (self.root / name).read_bytes()
        if name.endswith(".gz"):
            content = gzip.decompress(content)
        self.assertTrue(content.endswith(b"\n"))
        return [json.loads(line) for line in content.decode().split("\n")[:-1]]

    def assert_refuses(self, *arguments, words):
        before = {path: path.read_bytes() for path in self.root.rglob("*") if path.is_file()}
        code, _, err = self.run_tool(*arguments)
        self.assertEqual(code, 1, err)
        self.assertEqual(len(err.splitlines()), 1, err)
        for word in words:
            self.assertIn(word, err)
        self.assertEqual({path: path.read_bytes() for path in self.root.rglob("*") if path.is_file()}, before)

    def test_rewardbenchs_columns_come_through_exactly(self):
        rows = [{**{name: text_of(self.chance) for name in REWARD_BENCH.names}, "id": number} for number in
                (0, -1, 2**53 + 1, 2**63 - 1, -2**63, 6, 7)]
        self.convert(self.parquet("filtered.parquet", rows, REWARD_BENCH))
        self.assertEqual(self.rows("filtered.jsonl"), rows)
        self.assertEqual(list(self.rows("filtered.jsonl")[0]), REWARD_BENCH.names)

    def test_rewardbench_2s_lists_and_struct_come_through_and_null_stays_null(self):
        rows = [{"id": f"ref:{n}", "prompt": text_of(self.chance), "chosen": [text_of(self.chance) for _ in range(n + 1)],
                 "rejected": [text_of(self.chance)] * 3, "num_correct": n + 1, "num_incorrect": 3, "total_completions": n + 4,
                 "models": [], "subset": "Ties",
                 "additional_metadata": None if n == 0 else {"category": None, "correct": "x", "index": 0.1, "instruction_id_list":
                                                             None if n == 1 else ["a"]}} for n in range(5)]
        self.convert(self.parquet("test-00000-of-00001.parquet", rows, REWARD_BENCH_2))
        self.assertEqual(self.rows("test-00000-of-00001.jsonl"), rows)

    def test_prior_sets_messages_come_through(self):
        rows = [{"prompt": [{"content": text_of(self.chance), "role": role} for role in ("user", "assistant", "user")],
                 "chosen": text_of(self.chance), "rejected": text_of(self.chance), "subset": "hh", "id": n} for n in range(4)]
        self.convert(self.parquet("shp-00000-of-00001.parquet", rows, PRIOR_SETS), "--gzip")
        self.assertEqual(self.rows("shp-00000-of-00001.jsonl.gz"), rows)

    def test_the_parts_of_a_split_join_in_their_order_whatever_the_arguments(self):
        parts = [self.parquet(f"train-{n:05}-of-00003.parquet", [{"id": 2 * n}, {"id": 2 * n + 1}]) for n in range(3)]
        other = self.parquet("test.parquet", [{"id": 9}])
        out = self.convert(parts[2], other, parts[0], parts[1], "--split", "--output", self.root / "deep" / "er")
        self.assertEqual([row["id"] for row in self.rows("deep/er/train.jsonl")], [0, 1, 2, 3, 4, 5])
        self.assertEqual(self.rows("deep/er/test.jsonl"), [{"id": 9}])
        self.assertIn("train.jsonl: 6 rows", out)

    def test_a_part_that_is_missing_or_there_twice_is_named(self):
        first, last = (self.parquet(f"train-{n:05}-of-00003.parquet", [{"id": n}]) for n in (0, 2))
        self.assert_refuses(first, last, "--split", words=["train", "3 parts"])
        self.assert_refuses(first, first, last, "--split", words=["train", "3 parts"])

    def test_one_file_takes_everything_in_the_order_given(self):
        files = [self.parquet("b.parquet", [{"id": 1}]), self.file("a.json", b'[{"id": 2}]')]
        self.convert(*files, "--output", self.root / "all.jsonl.gz")
        self.assertEqual(self.rows("all.jsonl.gz"), [{"id": 1}, {"id": 2}])

    def test_one_json_array_becomes_lines(self):
        rows = [{"id": n, "chosen": ["a\n", "b", "c"], "rejected": ["d", "e", "f"], "domain": "chat", "x": {"y": None}, "z": 0.1}
                for n in (1, 2**70)]
        self.file("total_dataset.json", b"\n  " + json.dumps(rows, indent=4).encode())
        self.convert(self.root / "total_dataset.json")
        self.assertEqual(self.rows("total_dataset.jsonl"), rows)

    def test_lines_and_gzip_are_taken_too(self):
        self.file("a.jsonl.gz", gzip.compress(b'\n{"id": 1}\n\n{"id": 2}'))
        self.convert(self.root / "a.jsonl.gz", "--output", self.root / "out")
        self.assertEqual(self.rows("out/a.jsonl"), [{"id": 1}, {"id": 2}])

    def test_equal_rows_give_equal_bytes(self):
        source = self.parquet("a.parquet", [{"id": n} for n in range(50)])
        for name in ("x.jsonl.gz", "y.jsonl.gz"):
            self.convert(source, "--output", self.root / name)
        self.assertEqual((self.root / "x.jsonl.gz").read_bytes(), (self.root / "y.jsonl.gz").read_bytes())

    def test_a_file_that_is_there_is_kept_without_force(self):
        source = self.parquet("a.parquet", [{"id": 1}])
        self.file("a.jsonl", b"precious")
        self.assert_refuses(source, words=["a.jsonl", "--force"])
        self.convert(source, "--force")
        self.assertEqual(self.rows("a.jsonl"), [{"id": 1}])

    def test_a_file_that_turns_out_bad_half_way_leaves_nothing_and_the_old_one_as_it_was(self):
        self.file("a.jsonl", b"precious")
        self.file("a.json", b'{"id": 1}\n{"id": \n')
        self.assert_refuses(self.root / "a.json", "--force", words=["a.json", "line 2"])

    def test_what_json_has_no_word_for_is_refused_with_its_column_and_can_be_left_out(self):
        rows = [{"id": 1, "image": {"bytes": None}}, {"id": 2, "image": {"bytes": b"\xff"}}]
        source = self.parquet("a.parquet", rows)
        self.assert_refuses(source, words=["row 2", "image.bytes", "--drop"])
        self.convert(source, "--drop", "image")
        self.assertEqual(self.rows("a.jsonl"), [{"id": 1}, {"id": 2}])
        self.assert_refuses(self.parquet("b.parquet", [{"x": [float("nan")]}]), words=["row 1", "x[]", "nan"])

    def test_bad_files_are_refused_in_one_sentence(self):
        good = self.parquet("good.parquet", [{"id": n, "text": text_of(self.chance)} for n in range(100)]).read_bytes()
        packed = gzip.compress(b'{"id": 1}\n' * 1000)
        for content, words in [(good[:-20], ["Parquet"]), (good[:4], ["Parquet"]), (b"", ["empty"]), (b" \n", ["empty"]),
                               (b"[1, 2]", ["row 1", "object"]), (b'[{"id": 1}', ["array"]), (b'{"a": NaN}', ["line 1", "NaN"]),
                               (b'{"a": 1, "a": 2}', ["two keys"]), (b'{"a": "\xff"}', ["line 1"]), (b'{"a": 1e999}', ["inf"]),
                               (b'{"a": "\\ud800"}', ["surrogate"]), (b"[" * 100_000, ["array"]), (packed[:-9], ["cannot be read"]),
                               (packed[:30] + b"\x00" * 30, ["cannot be read"])]:
            with self.subTest(content[:20]):
                self.assert_refuses(self.file("bad.json", content), words=words)

    def test_paths_that_are_not_right_are_refused_in_one_sentence(self):
        source = self.parquet("a.parquet", [{"id": 1}])
        self.assert_refuses(self.root / "none.parquet", words=["none.parquet", "No such file"])
        self.assert_refuses(source, "--output", source, words=["a.parquet/a.jsonl"])
        self.file("b.jsonl", b'{"id": 1}\n')
        self.assert_refuses(self.root / "b.jsonl", "--force", words=["over itself"])
        self.assert_refuses(source, self.file("a.json", b'[{"id": 1}]'), words=["two files", "a.jsonl"])

    def test_long_files_tell_how_far_they_are(self):
        self.file("long.jsonl.gz", gzip.compress(b'{"id": 1}\n' * 20_000))
        code, out, err = self.run_tool(self.root / "long.jsonl.gz", "--output", self.root / "out")
        self.assertEqual(code, 0, err)
        self.assertEqual(err.splitlines(), ["to_jsonl: long.jsonl: 10,000 rows", "to_jsonl: long.jsonl: 20,000 rows"])
        self.assertIn("long.jsonl: 20,000 rows", out)

    def test_without_pyarrow_parquet_is_refused_with_what_to_install_and_json_is_taken(self):
        parquet = self.parquet("a.parquet", [{"id": 1}])
        lines = self.file("b.json", b'[{"id": 1}]')
        hide = self.root / "hide" / "pyarrow"
        hide.mkdir(parents=True)
        (hide / "__init__.py").write_text("raise ImportError\n")
        for source, code in ((parquet, 1), (lines, 0)):
            done = subprocess.run([sys.executable, TOOL, source], env={"PYTHONPATH": str(hide.parent)}, capture_output=True, text=True)
            self.assertEqual(done.returncode, code, done.stderr)
            if code == 1:
                self.assertIn("pip install pyarrow", done.stderr)

    def test_bad_usage_is_exit_two_and_help_has_an_example(self):
        self.assertEqual(self.run_tool()[0], 2)
        code, out, _ = self.run_tool("--help")
        self.assertEqual(code, 0)
        self.assertIn("Example", out)


if __name__ == "__main__":
    unittest.main()
