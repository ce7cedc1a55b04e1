"""Re-reads every JSON file beside it and checks structure, shapes and number formats."""

import glob
import json
import math
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
SPECIAL = {"NaN", "Infinity", "-Infinity"}
REDUCTIONS = {"none", "sum", "mean", "meanCount", "weightedMean", "tokenMean", "sequenceMean", "batchMean"}
SCALES = ("temperature", "logitScale", "scale", "bias")


def tensor(x, where, float32):
    assert set(x) <= {"shape", "data", "dtype"} and {"shape", "data"} <= set(x), where
    assert all(isinstance(d, int) and d >= 0 for d in x["shape"]), where
    assert len(x["data"]) == math.prod(x["shape"]), f"{where}: {x['shape']} has {len(x['data'])} numbers"
    dtype = x.get("dtype", "f32")
    assert dtype in {"f32", "i32", "u8"}, where
    for v in x["data"]:
        if isinstance(v, str):
            assert v in SPECIAL and dtype == "f32", f"{where}: {v}"
            continue
        assert isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v), where
        if dtype != "f32":
            assert isinstance(v, int) and (dtype != "u8" or v in (0, 1)), where
        elif float32:
            assert struct.unpack("f", struct.pack("f", v))[0] == v, f"{where}: {v} is not a float32"


def is_tensor(x):
    return isinstance(x, dict) and "shape" in x


def check(case, where, worked):
    keys = {"loss", "title", "inputs", "options", "expected"} | ({"document", "section", "digits"} if worked else set())
    assert set(case) <= keys and keys - {"digits"} <= set(case), f"{where}: fields {sorted(case)}"
    inputs, options, expected = case["inputs"], case["options"], case["expected"]
    assert inputs and expected and set(expected) <= {"loss", "gradients", "outputs"}, where
    for name, x in inputs.items():
        tensor(x, f"{where} {name}", not worked)
    for name, x in options.items():
        if is_tensor(x):
            tensor(x, f"{where} {name}", not worked)
    reduction = options.get("reduction", "mean")
    if isinstance(reduction, dict):
        assert set(reduction) == {"denominator"}, where
    else:
        assert reduction in REDUCTIONS, f"{where}: {reduction}"
    if "loss" in expected:
        tensor(expected["loss"], f"{where} loss", False)
        if reduction != "none":
            assert expected["loss"]["shape"] == [] or case["loss"] == "reduce", where
        for name in ("mask", "sampleWeight", "upstream"):
            if is_tensor(options.get(name)) and reduction == "none":
                assert options[name]["shape"] == expected["loss"]["shape"], f"{where}: {name}"
    for name, x in expected.get("gradients", {}).items():
        tensor(x, f"{where} gradient {name}", False)
        source = inputs.get(name, options.get(name))
        if is_tensor(source):
            assert source["shape"] == x["shape"], f"{where}: gradient {name}"
        else:
            assert x["shape"] == [] or worked, f"{where}: gradient {name}"
    for name, x in expected.get("outputs", {}).items():
        tensor(x, f"{where} output {name}", False)


def build():
    total, size, counts = 0, 0, {}
    for path in sorted(glob.glob(os.path.join(HERE, "*.json"))):
        name = os.path.basename(path)[:-5]
        size += os.path.getsize(path)
        with open(path, encoding="utf-8") as file:
            cases = json.load(file)
        worked = name == "worked"
        titles = [(c["loss"], c["title"]) for c in cases]
        assert len(set(titles)) == len(titles), f"{name}: equal titles"
        for case in cases:
            assert worked or case["loss"] == name, f"{name}: a case of {case['loss']}"
            check(case, f"{name}: {case['title']}", worked)
        total += len(cases)
        counts[name] = len(cases)
    print(", ".join(f"{k} {v}" for k, v in counts.items()))
    print(f"{total} cases in {len(counts)} files, {size / 2**20:.2f} MiB: structure is sound")


if __name__ == "__main__":
    build()
