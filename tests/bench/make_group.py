#!/usr/bin/env python3
"""Write prompt groups whose parts have exact numbers of tokens, made from the bundled texts.

    make_group.py CHECKPOINT [--groups N] [--prompt-tokens N] [--responses N] [--response-tokens N] > rows.jsonl

    example: .deps/oracle/bin/python tests/bench/make_group.py .deps/models/armorm-mini --prompt-tokens 500 --responses 16 > rows.jsonl

The prompt's tokens are those that all responses of a group share, chat template included; a response's are the rest of its
conversation. Every row, {"prompt", "responses"}, is checked before it is written. Needs transformers.

Exit codes: 0 done; 1 a text of that many tokens cannot be made.
"""
import argparse
import gzip
import itertools
import json
from pathlib import Path

import transformers

DATA = Path(__file__).resolve().parents[2] / "data"
# Words that are one token each in the vocabularies of Llama and SmolLM2; which of them is needed depends on what is before.
FILLERS = ["the", "of", "a", "and"]


def words():
    """Those of the bundled answers, one after the other, again and again."""
    rows = map(json.loads, gzip.open(DATA / "llmbar.jsonl.gz", "rt", encoding="utf-8"))
    return itertools.cycle([word for row in rows for word in row["chosen"].split()])


def text_of(wanted, count, source):
    """A text from `source` for which count(text) == wanted: words as long as they fit, then fillers.

    `count` may only grow with the text, by a few tokens a word.
    """
    taken = list(itertools.islice(source, wanted))
    fits, too_many = 0, len(taken)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        fits, too_many = (middle, too_many) if count(" ".join(taken[:middle])) <= wanted else (fits, middle)
    text = " ".join(taken[:fits])
    for filler in itertools.islice(itertools.cycle(FILLERS), wanted):
        if count(text) == wanted:
            return text
        if count(f"{text} {filler}") <= wanted:
            text = f"{text} {filler}"
    raise SystemExit(f"make_group: no text of {wanted} tokens found")


class Conversations:
    def __init__(self, checkpoint):
        self.tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(checkpoint)

    def ids(self, prompt, response):
        messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": response}]
        text = self.tokenizer.apply_chat_template(messages, tokenize=False)
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def shared(self, prompt):
        """Tokens that conversations with `prompt` have in common whatever the response."""
        pair = zip(self.ids(prompt, "Yes, it is."), self.ids(prompt, "No."))
        return sum(1 for _ in itertools.takewhile(lambda both: both[0] == both[1], pair))


def make_row(conversations, source, args):
    prompt = text_of(args.prompt_tokens, conversations.shared, source)
    whole = args.prompt_tokens + args.response_tokens
    responses = [text_of(whole, lambda text: len(conversations.ids(prompt, text)), source) for _ in range(args.responses)]
    assert conversations.shared(prompt) == args.prompt_tokens
    assert all(len(conversations.ids(prompt, response)) == whole for response in responses)
    return {"prompt": prompt, "responses": responses}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--groups", type=int, default=1)
    parser.add_argument("--prompt-tokens", type=int, default=500)
    parser.add_argument("--responses", type=int, default=16)
    parser.add_argument("--response-tokens", type=int, default=200)
    args = parser.parse_args()
    transformers.logging.set_verbosity_error()  # It doubts any tokenizer of more than 100,000 tokens.
    conversations, source = Conversations(args.checkpoint), words()
    for _ in range(args.groups):
        print(json.dumps(make_row(conversations, source, args)), flush=True)


if __name__ == "__main__":
    main()
