#!/usr/bin/env python3
"""Compare our chat templates with transformers: the text, and for checkpoint folders the ids.

    tests/parity/chat_template_parity.py PROGRAM FOLDER... [--count N]

    example: tests/parity/chat_template_parity.py build/dev/tests/assay_tokenize data/armorm-mini

PROGRAM is assay_tokenize; each FOLDER holds a tokenizer and its chat template. N (2,000 unless told) random conversations, the same
every time, are rendered with every template below and with each folder's own. A published template must be recognised; one of the
others may be, and then must render alike. Prints what was compared and the first differences. Exit codes: 0 no difference; 1 any.
Needs transformers.
"""
import argparse
import json
import random
import subprocess
import sys
import tempfile

from transformers import PreTrainedTokenizerFast
from transformers.utils.chat_template_utils import render_jinja_template

GENERATION3 = "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
LLAMA3 = ("{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + "
          "'<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content "
          "%}{% endif %}{{ content }}{% endfor %}" + GENERATION3)
GENERATION = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
TURN = "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
YI = ("{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% for message in messages %}" + TURN +
      "{% endfor %}" + GENERATION)
SMOLLM2 = ("{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful AI "
           "assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}" + TURN + "{% endfor %}" + GENERATION)
PUBLISHED = {
    "Llama 3": LLAMA3,
    "Llama 3, escapes": LLAMA3.replace("\n", "\\n"),
    "Llama 3, dots and double quotes": LLAMA3.replace("message['role']", "message.role").replace("'", '"'),
    "Llama 3, without loop_messages": LLAMA3.replace("{% set loop_messages = messages %}", "").replace("in loop_messages", "in messages"),
    "Llama 3, no generation prompt": LLAMA3.replace(GENERATION3, ""),
    "Yi": YI,
    "plain ChatML": "{% for message in messages %}" + TURN + "{% endfor %}" + GENERATION,
    "ChatML over several lines": "{%- for message in messages %}\n    " + TURN.replace("{{", "{{- ").replace("}}", " }}") + "\n{%- endfor %}\n"
                                 "{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\n' }}\n{%- endif %}\n",
    "SmolLM2": SMOLLM2,
    "Qwen2": SMOLLM2.replace("You are a helpful AI assistant named SmolLM, trained by Hugging Face", "You are a helpful assistant."),
}
EDITS = [("<|im_end|>", "<|end|>"), (" + '\n'}}", "}}"), ("| trim", ""), ("'\n' + message", "message"), ("!= 'system'", "== 'system'"),
         ("loop.first and ", ""), ("loop.index0 == 0", "loop.last"), ("bos_token + content", "content"), ("{% endfor %}", " {% endfor %}"),
         ("{% endfor %}", "\n{% endfor %}"), ("{{ content }}", "\n  {{ content }}"), ("message['content']", "message['content'] | trim"),
         ("message['content']", "message['content'].strip()"), ("{% if add_generation_prompt %}", "{% if not add_generation_prompt %}"),
         ("{% endif %}", "{% else %}x{% endif %}"), ("{%", "{%-"), ("%}", "-%}"), ("%}", "%}\n"), ("{%", "\n{%"), ("{{", " {{"), ("+", "~"),
         ("{{", "{# note #}{{"), ("{% for", "\n {% for"), ("messages[0]", "messages[-1]"), ("'<|im_start|>' +", "'<|im_start|>' ~ ''  ~"),
         ("message", "turn"), ("content", "text"), ("{% set content", "{% set text"), ("in messages", "in messages[1:]"), ("}}", "-}}"),
         ("}}", "}}\n"), ("'<|start_header_id|>' + message['role']", "('<|start_header_id|>' + message['role'])")]
EDGES = ["", " ", "\n", "\u00a0", "\u3000", "\u200b", "\ufeff", "\x1c", "\x1f", "\x85", "\t\n ", "\u2028", "\u180e"]
WORDS = ["hello", "wörld", "中文", "<|eot_id|>", "<|im_end|>", "<|im_start|>", "{{ messages }}", "{% raw %}", "\\n", "'", "\"", "\n\n", "  ", "1234",
         "\U0001F600", "[PAD]", "<|end_header_id|>", "a\x1cb", "<|begin_of_text|>"]


def random_text(rng):
    middle = rng.choice(["", " "]).join(rng.choice(WORDS) for _ in range(rng.randint(0, 8)))
    return "".join(rng.choice(EDGES) for _ in range(rng.randint(0, 3))) + middle + "".join(rng.choice(EDGES) for _ in range(rng.randint(0, 3)))


def conversations(count):
    rng = random.Random(7)
    for _ in range(count):
        roles = [rng.choice(["system", "user", "assistant"]) for _ in range(rng.randint(0, 5))]
        yield [{"role": role, "content": random_text(rng)} for role in roles] + [{"role": "assistant", "content": random_text(rng)}]


def run(arguments, lines):
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line) + "\n")
        file.seek(0)
        done = subprocess.run(arguments, stdin=file, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.split("\n")[:-1]]


def report(what, texts, ours, theirs):
    different = [i for i in range(len(texts)) if ours[i] != theirs[i]]
    print(f"{what}: {len(texts)} conversations, {len(different)} differences", flush=True)
    for i in different[:3]:
        print(f"  {ascii(texts[i])[:300]}\n    ours      {ascii(ours[i])[:300]}\n    reference {ascii(theirs[i])[:300]}")
    return len(different)


def reference_texts(template, messages, bos):
    try:
        return [render_jinja_template([m], chat_template=template, bos_token=bos)[0][0] for m in messages]
    except Exception:  # Not a template at all, or one that fails on these conversations.
        return None


def compare_template(program, name, template, messages, must_know):
    bos = "<|begin_of_text|>"
    ours = run([program, "render"], [{"template": template, "bos": bos, "messages": m} for m in messages])
    if None in ours:
        if must_know:
            print(f"{name}: not recognised")
        return (1 if must_know else 0), False
    theirs = reference_texts(template, messages, bos)
    return report(name, messages, ours, theirs or [None] * len(messages)), True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--count", type=int, default=2000)
    args = parser.parse_args()
    messages = list(conversations(args.count))
    failures = 0
    for name, template in PUBLISHED.items():
        failures += compare_template(args.program, name, template, messages, True)[0]
    edited = {t.replace(old, new, n) for t in PUBLISHED.values() for old, new in EDITS for n in (1, -1)} - set(PUBLISHED.values())
    edited |= {t.replace(old, new, 1).replace(*other) for t in edited.copy() for (old, new), other in zip(EDITS, EDITS[7:] + EDITS[:7])}
    edited = random.Random(1).sample(sorted(edited), min(len(edited), args.count // 2))
    known = 0
    for number, template in enumerate(edited):
        failed, recognised = compare_template(args.program, f"edited template {number}", template, messages[:100], False)
        failures += failed
        known += recognised
    print(f"{len(edited)} edited templates: {known} recognised")
    for folder in args.folders:
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
        theirs = [tokenizer.apply_chat_template(m, tokenize=False) for m in messages]
        lines = [{"template": tokenizer.chat_template, "bos": tokenizer.bos_token or "", "messages": m} for m in messages]
        failures += report(f"{folder} text", messages, run([args.program, "render"], lines), theirs)
        ids = [tokenizer.apply_chat_template(m, tokenize=True, return_dict=True)["input_ids"] for m in messages]
        ours = run([args.program, "conversations", folder], [{"messages": m} for m in messages])
        failures += report(f"{folder} ids", messages, ours, ids)
    print("no difference" if failures == 0 else f"{failures} differences")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
