#!/usr/bin/env python3
"""Make a tokenizer folder in the form of Yi-34B-Chat's: BPE converted from SentencePiece, trained here on the bundled data.

    tests/parity/make_yi_tokenizer.py OUT [--vocab 16000]

The form: a normalizer that writes spaces as U+2581, no pre-tokenizer, byte fallback, unknown characters fused, ChatML tokens, pad id
0. Merges do not cross words or scripts, as SentencePiece trains them. Needs tokenizers.
"""
import argparse
import gzip
import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

DATA = Path(__file__).resolve().parent.parent.parent / "data"
SPECIALS = ["<unk>", "<|startoftext|>", "<|endoftext|>", "<|Human|>", "<|Assistant|>", "<|System|>", "<|im_start|>", "<|im_end|>",
            "<|im_sep|>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
# Digits one by one, letters apart from other characters, each word with the spaces before it.
WORDS = "\u2581*(?:\\p{N}|\\p{L}+|[^\\s\\p{L}\\p{N}\u2581]+)|\u2581+|\\s"
OTHER_SCRIPTS = ["\u4f60\u597d\u4e16\u754c\uff0c\u6211\u4eec\u4eca\u5929\u5b66\u4e60\u4e2d\u6587\u3002", "\u043f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440",
                 "\u3053\u3093\u306b\u3061\u306f\u4e16\u754c", "na\u00efve \u00fcber stra\u00dfe caf\u00e9", "    return x", "        pass", "                end"]
TEMPLATE = ("{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% for message in messages %}"
            "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")


def training_texts():
    for path in sorted(DATA.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                for value in (row["prompt"], row["chosen"], row["rejected"]):
                    if isinstance(value, str):
                        yield value
    for text in OTHER_SCRIPTS:
        for _ in range(50):
            yield text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--vocab", type=int, default=16000)
    args = parser.parse_args()
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace(" ", "\u2581")])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(WORDS), behavior="isolated")
    tokenizer.train_from_iterator(training_texts(), trainers.BpeTrainer(
        vocab_size=args.vocab, special_tokens=SPECIALS + BYTES, limit_alphabet=600, show_progress=False))
    file = json.loads(tokenizer.to_str())
    file["pre_tokenizer"] = None
    file["added_tokens"] = [{**token, "normalized": token["content"] in SPECIALS[:3]}
                            for token in file["added_tokens"] if token["content"] in SPECIALS]
    file["post_processor"] = {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}],
                              "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
                              "special_tokens": {}}
    file["decoder"] = {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]}
    # A line feed is a byte to SentencePiece.
    vocab = file["model"]["vocab"]
    spaces = {text for text in vocab if text.isspace()}
    file["model"]["merges"] = [merge for merge in file["model"]["merges"] if not spaces & {*merge, "".join(merge)}]
    file["model"]["vocab"] = {text: number for number, text in enumerate(text for text in vocab if text not in spaces)}
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "tokenizer.json").write_text(json.dumps(file, ensure_ascii=False))
    (args.out / "tokenizer_config.json").write_text(json.dumps(dict(
        tokenizer_class="PreTrainedTokenizerFast", bos_token="<|startoftext|>", eos_token="<|endoftext|>", pad_token="<unk>",
        unk_token="<unk>", clean_up_tokenization_spaces=False, model_max_length=4096, chat_template=TEMPLATE), indent=1))


if __name__ == "__main__":
    main()
