"""The `assay` command as a person meets it: help that reads well, mistakes told in one sentence, and data sets as they are shipped.

    command_line_test.py BIN_DIR

BIN_DIR holds assay and assay-fake-server. Needs pyarrow.
"""
import json
import random
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import pyarrow
import pyarrow.parquet

BIN = Path(sys.argv.pop(1))
TO_JSONL = Path(__file__).resolve().parents[2] / "tools" / "to_jsonl.py"
COMMANDS = (["score"], ["eval"], ["eval", "compare"], ["info"], ["health"], ["bench"])
WIDEST = 110


def assay(*arguments, **options):
    done = subprocess.run([BIN / "assay", *map(str, arguments)], capture_output=True, text=True, timeout=60, **options)
    return done.returncode, done.stdout, done.stderr


class HelpTest(unittest.TestCase):
    def test_every_command_explains_itself_with_an_example_and_its_exit_codes(self):
        for command in COMMANDS:
            code, out, err = assay(*command, "--help")
            self.assertEqual((code, err), (0, ""), command)
            self.assertRegex(out, r"(?s)\nExamples?\b.*assay " + " ".join(command), command)
            self.assertIn("Exit code: 0", out, command)
            self.assertEqual([line for line in out.splitlines() if len(line) > WIDEST], [], command)

    def test_every_flag_says_what_it_takes(self):
        for command in COMMANDS:
            for flag, value in re.findall(r"^  (--[a-z-]+)( \S+)?$|^  (?:--[a-z-]+)(?: \S+)? {2,}\S", assay(*command, "--help")[1], re.M):
                self.assertNotRegex(value or "", r"TEXT|INT|FLOAT", f"{command} {flag}: a type is no explanation")

    def test_the_command_alone_and_an_unknown_one_are_bad_usage(self):
        self.assertEqual(assay()[0], 2)
        self.assertEqual(assay("evaluate")[0], 2)
        self.assertEqual(assay("score", "--no-such-flag")[0], 2)


class MistakesTest(unittest.TestCase):
    """Against a server that is there, so that the mistake alone is the cause."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.root = Path(cls.scratch.name)
        cls.server = subprocess.Popen([BIN / "assay-fake-server", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL, text=True)
        cls.address = re.fullmatch(r"listening on (\S+)\n", cls.server.stdout.readline())[1]

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.wait(timeout=60)
        cls.server.stdout.close()
        cls.scratch.cleanup()

    def file(self, name, text):
        path = self.root / name
        path.write_text(text, encoding="utf-8")
        return path

    def expect(self, arguments, sentence, code=1):
        found, out, err = assay(*arguments)
        self.assertEqual(found, code, err)
        self.assertEqual(out, "")
        self.assertEqual(len(err.strip().splitlines()), 1, err)
        self.assertTrue(err.startswith("assay: "), err)
        self.assertRegex(err, sentence)

    def test_each_mistake_in_scoring_is_one_sentence(self):
        good = self.file("good.jsonl", '{"prompt": "p", "responses": ["r"]}\n')
        to = ["--output", self.root / "out.jsonl"]
        at = ["--address", self.address]
        self.expect(["score", *at, "--input", "/no/such.jsonl", *to], "/no/such.jsonl")
        self.expect(["score", *at, "--input", self.file("empty.jsonl", ""), *to], "empty.jsonl")
        self.expect(["score", *at, "--input", good, "--output", "/no/such/folder/out.jsonl"], "/no/such/folder/out.jsonl")
        self.expect(["score", *at, "--input", good, *to, "--shard", "3/2"], 'shard "3/2" is not I/N', code=2)
        self.expect(["score", "--address", "127.0.0.1:1", "--input", good, *to], r"no server answers at 127.0.0.1:1\. Start one")

    def test_a_bad_line_is_an_error_row_and_exit_code_3(self):
        rows = ['{"prompt": "p", "responses": ["r%d"]}' % i for i in range(100)]
        rows[56] = '{"prompt": '
        rows[70] = '{"responses": ["r"]}'
        out = self.root / "rows.jsonl"
        code, _, err = assay("score", "--address", self.address, "--input", self.file("bad.jsonl", "\n".join(rows)), "--output", out)
        self.assertEqual(code, 3, err)
        written = [json.loads(line) for line in out.read_text().splitlines()]
        self.assertEqual(len(written), 100)
        self.assertEqual([i for i, row in enumerate(written) if "error" in row], [56, 70])
        self.assertEqual(written[56]["line"], 57)
        self.assertIn('"messages" or "prompt" is missing', written[70]["error"]["message"])

    def test_each_mistake_in_evaluating_is_one_sentence(self):
        pair = '{"prompt": "p", "chosen": "c", "rejected": "r"}\n'
        at = ["--address", self.address]
        self.expect(["eval", *at, "--data", "/no/such.jsonl"], "/no/such.jsonl")
        self.expect(["eval", *at, "--data", self.file("void.jsonl", "")], "holds no row")
        self.expect(["eval", *at, "--data", self.file("57.jsonl", pair * 56 + "{\n")], "57.jsonl, line 57: not JSON")
        self.expect(["eval", *at, "--data", self.file("field.jsonl", '{"prompt": "p", "chosen": "c"}')], 'line 1: field "rejected" is missing')
        self.expect(["eval"], "--data FILE", code=2)
        self.expect(["eval", "--from", "/no/such/run"], "/no/such/run")
        self.expect(["eval", "compare", "/no/such/run", "/no/such/run"], "/no/such/run")
        self.expect(["eval", "--address", "127.0.0.1:1", "--data", self.file("pair.jsonl", pair)], "no server answers")
        self.expect(["info", "--address", "127.0.0.1:1"], "no server answers")

    def test_health_is_an_exit_code_and_each_mistake_one_sentence(self):
        self.assertEqual(assay("health", "--address", self.address), (0, "SERVING\n", ""))
        self.expect(["health", "--address", "127.0.0.1:1", "--timeout", "0.3"], "no server answers")
        self.expect(["health", "--address", self.address, "--service", "lively"], 'no health service "lively"')
        self.expect(["health", "--address", f"{self.address},127.0.0.1:1"], "one HOST:PORT", code=2)

    def test_data_sets_as_the_hub_ships_them_are_evaluated(self):
        dice = random.Random(3)

        def text():
            return " ".join(dice.choices(["seven", "prime", "数", "\u2028", "</p>", "\\n"], k=9))

        first = [{"prompt": text(), "chosen": text(), "chosen_model": "a", "rejected": text(), "rejected_model": "b", "subset": subset,
                  "id": i} for i, subset in enumerate(["hep-go", "donotanswer"] * 20)]
        prior = [{"prompt": [{"content": text(), "role": "user"}, {"content": text(), "role": "assistant"}, {"content": text(), "role": "user"}],
                  "chosen": text(), "rejected": text(), "subset": "any", "id": i} for i in range(30)]
        second = [{"id": f"{kind}:{i}", "prompt": text(), "chosen": [text() for _ in range(right)], "rejected": [text() for _ in range(4)],
                   "num_correct": right, "subset": "Ties", "additional_metadata": {"category": None}}
                  for i in range(10) for kind, right in (("ref", 1), ("tied", 3))]
        second += [{"id": str(i), "prompt": text(), "chosen": [text()], "rejected": [text() for _ in range(3)], "num_correct": 1,
                    "subset": "Math", "additional_metadata": {"category": "x"}} for i in range(20)]
        styles = [{"id": i, "prompt": text(), "chosen": [text() for _ in range(3)], "rejected": [text() for _ in range(3)], "domain": "chat"}
                  for i in range(10)]
        for name, rows in (("filtered-00000-of-00001", first), ("shp-00000-of-00001", prior), ("test-00000-of-00001", second)):
            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), self.root / f"{name}.parquet")
        (self.root / "styles.json").write_text(json.dumps(styles), encoding="utf-8")
        made = subprocess.run([sys.executable, TO_JSONL, "--output", self.root / "lines", *self.root.glob("*.parquet"), self.root / "styles.json"],
                              capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stderr)
        lines = self.root / "lines"

        def evaluate(*arguments):
            code, out, err = assay("eval", "--address", self.address, "--format", "json", *arguments)
            self.assertEqual(code, 0, err)
            return json.loads(out)

        both = evaluate("--data", lines / "filtered-00000-of-00001.jsonl", "--pref-sets", lines / "shp-00000-of-00001.jsonl")
        self.assertEqual([s["subset"] for s in both["subsets"]], ["hep-go", "donotanswer", "shp"])
        self.assertEqual((both["benchmark"]["benchmark"], both["benchmark"]["prior_sets"]), ("RewardBench", True))
        ties, maths = evaluate("--data", lines / "test-00000-of-00001.jsonl")["subsets"]
        self.assertEqual((ties["subset"], maths["metric"]), ("Ties", "best-of-n"))
        self.assertIn("tied_accuracy", ties["ties_score"])
        matrix = evaluate("--data", lines / "styles.jsonl", "--subset-field", "domain")["subsets"][0]
        self.assertEqual((matrix["subset"], matrix["metric"], matrix["rows"]), ("chat", "matrix", 10))
        self.assertEqual(set(matrix["styles"]), {"hard", "normal", "easy"})


if __name__ == "__main__":
    unittest.main()
