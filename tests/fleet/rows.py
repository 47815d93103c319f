"""Rows of a bulk run, made up."""
import gzip
import json
import random

WORDS = ["prime", "number", "seven", "eleven", "perhaps", "because", "proof", "ä", "数"]


def write_rows(path, count):
    """JSON lines, packed."""
    dice = random.Random(1)

    def text():
        return " ".join(dice.choices(WORDS, k=dice.randint(1, 20)))

    with gzip.open(path, "wt", encoding="utf-8") as file:
        for i in range(count):
            row = {"id": i, "prompt": f"{i} {text()}", "responses": [text() for _ in range(dice.randint(1, 3))]}
            file.write(json.dumps(row) + "\n")
