"""Shared parts of the PyTorch float64 oracle: random inputs, reductions, autograd, JSON.

A loss script supplies a function `(inputs, options) -> Rows`; `Book.add` runs it in float64,
reduces it by the rules below, differentiates by autograd and keeps one case.
"""

import json
import math
import os
import random

import torch

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

HERE = os.path.dirname(os.path.abspath(__file__))
NAMED_REDUCTIONS = (
    "none", "sum", "mean", "meanCount", "weightedMean", "tokenMean", "sequenceMean", "batchMean",
)
INF = math.inf
NAN = math.nan


class Rows:
    """Unreduced losses and what the denominators need, all in the shape of the losses."""

    def __init__(self, losses, keep=None, classWeights=None, outputs=None):
        self.losses = losses            # l_i, 0 where the row is not read
        self.keep = keep                # False: ignored (its mask counts as 0)
        self.classWeights = classWeights
        self.outputs = outputs or {}


# ---- random numbers, all exactly representable in float32 --------------------------------------

def seeded(seed):
    return torch.Generator().manual_seed(seed)


def grid(x, steps=1024):
    """Rounds to a multiple of 1/steps: exact in float32 and short in JSON."""
    return (x * steps).round() / steps


def normal(g, *shape, scale=1.0, steps=1024):
    return grid(torch.randn(shape, generator=g) * scale, steps)


def uniform(g, *shape, low=0.0, high=1.0, steps=1024):
    return grid(torch.rand(shape, generator=g) * (high - low) + low, steps)


def single(x):
    """Full 24-bit float32 numbers, widened."""
    return x.float().double()


def integers(g, high, *shape, low=0):
    return torch.randint(low, high, shape, generator=g)


def bits(g, *shape, p=0.7):
    """A 0/1 mask that keeps at least one element and drops at least one where it can."""
    m = (torch.rand(shape, generator=g) < p).to(torch.uint8)
    flat = m.view(-1)
    if flat.numel() > 1:
        if flat.sum() == 0:
            flat[0] = 1
        if flat.sum() == flat.numel():
            flat[-1] = 0
    else:
        flat.fill_(1)
    return m


def f32(values):
    return torch.tensor(values, dtype=torch.float32).double()


def scalar(x):
    """A learned scalar option; its gradient is recorded."""
    return f32(x)


# ---- reductions ---------------------------------------------------------------------------------

def option(options, name, default):
    return options[name] if name in options else default


def read_mask(options, shape):
    """True where mask != 0: rows outside are never read."""
    m = options.get("mask")
    if m is None:
        return torch.ones(shape, dtype=torch.bool)
    assert tuple(m.shape) == tuple(shape), "mask has the shape of the losses"
    return m != 0


def reduce_rows(rows, options):
    """-> (value, objective): the objective's gradient is the gradient that the loss reports."""
    l = rows.losses
    shape = l.shape
    one = torch.ones(shape)
    m = one if options.get("mask") is None else options["mask"].double()
    if rows.keep is not None:
        m = torch.where(rows.keep, m, torch.zeros(()))
    s = one if options.get("sampleWeight") is None else options["sampleWeight"]
    c = one if rows.classWeights is None else rows.classWeights
    g = one * option(options, "upstream", 1.0)
    assert s.shape == shape and c.shape == shape and g.shape == shape and m.shape == shape
    zero = torch.zeros(())
    read = m != 0
    v = torch.where(read, m * s * torch.where(read, l, zero), zero)
    reduction = option(options, "reduction", "mean")
    empty = 0.0 if options.get("emptyMean") == "zero" else NAN
    if reduction == "none":
        return v, (g * v).sum()
    if reduction == "sum":
        return v.sum(), (g * v).sum()
    if reduction == "sequenceMean":
        tokens = shape[-1] if l.dim() else 1
        v2, m2, g2 = (x.reshape(-1, tokens) for x in (v, m, g))
        count = m2.sum(1, keepdim=True)
        safe = torch.where(count == 0, torch.ones(()), count)
        per = torch.where(count == 0, zero, v2 / safe)
        sequences = v2.shape[0]
        return per.sum() / sequences, (g2 * per).sum() / sequences
    if isinstance(reduction, dict):
        d = reduction["denominator"]
        d = d if torch.is_tensor(d) else torch.tensor(float(d))
    else:
        d = {
            "mean": lambda: torch.where(read, m * c, zero).sum(),
            "meanCount": lambda: torch.tensor(float(l.numel())),
            "weightedMean": lambda: torch.where(read, m * s * c, zero).sum(),
            "tokenMean": lambda: m.sum(),
            "batchMean": lambda: torch.tensor(float(shape[0] if l.dim() else 1)),
        }[reduction]()
    d = d.detach()
    if d == 0:
        return torch.tensor(empty), (v * 0).sum() if v.requires_grad else zero
    return v.sum() / d, (g * v).sum() / d


# ---- cases --------------------------------------------------------------------------------------

def number(x):
    x = float(x)
    if math.isnan(x):
        return '"NaN"'
    if math.isinf(x):
        return '"Infinity"' if x > 0 else '"-Infinity"'
    if x == int(x) and abs(x) < 1e15:
        return str(int(x))
    return repr(x)  # shortest text that reads back as the same float64 (at most 17 digits)


DTYPES = {torch.float64: None, torch.int64: "i32", torch.int32: "i32", torch.uint8: "u8", torch.bool: "u8"}


def encode(x):
    if torch.is_tensor(x):
        data = ",".join(number(v) for v in x.detach().reshape(-1).tolist())
        dtype = DTYPES[x.dtype]
        tail = "" if dtype is None else f',"dtype":"{dtype}"'
        return f'{{"shape":{json.dumps(list(x.shape), separators=(",", ":"))},"data":[{data}]{tail}}}'
    if isinstance(x, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{encode(v)}" for k, v in x.items()) + "}"
    if isinstance(x, (list, tuple)):
        return "[" + ",".join(encode(v) for v in x) + "]"
    if isinstance(x, bool) or x is None or isinstance(x, str):
        return json.dumps(x, ensure_ascii=False)
    if isinstance(x, int):
        return str(x)
    return number(x)


def is_float32(x):
    finite = x[torch.isfinite(x)]
    return bool((finite.float().double() == finite).all())


class Book:
    """All cases of one loss; written as test/oracle/<loss>.json, one case a line."""

    def __init__(self, loss, fn, wrt=None):
        self.loss, self.fn, self.wrt = loss, fn, wrt
        self.cases, self.titles = [], set()

    def add(self, title, inputs, options=None, wrt=None, override=None, outputs=None, exact32=True, fn=None,
            gradients=True, extra=None):
        """`wrt`: inputs to differentiate (default: every float input) and scalar-tensor options.
        `override(expected)` may replace numbers where the library's answer differs from torch's."""
        options = dict(options or {})
        assert title not in self.titles, f"{self.loss}: duplicate title: {title}"
        self.titles.add(title)
        wrt = wrt if wrt is not None else self.wrt
        if wrt is None:
            wrt = [k for k, x in inputs.items() if x.is_floating_point()]
        leaves, live, live_options = {}, {}, {}
        for name, x in inputs.items():
            if exact32 and x.is_floating_point():
                assert is_float32(x), f"{title}: {name} is not float32"
            live[name] = x.clone()
            if gradients and x.is_floating_point() and name in wrt:
                leaves[name] = live[name].requires_grad_(True)
        for name, x in options.items():
            live_options[name] = x
            learned = torch.is_tensor(x) and x.dim() == 0 and x.is_floating_point()
            if gradients and learned and name not in ("mask", "sampleWeight", "upstream", "weight"):
                live_options[name] = leaves[name] = x.clone().requires_grad_(True)
        rows = (fn or self.fn)(live, live_options)
        value, objective = reduce_rows(rows, live_options)
        expected = {"loss": value.detach()}
        if leaves:
            names = list(leaves)
            if objective.requires_grad:
                found = torch.autograd.grad(objective, [leaves[n] for n in names], allow_unused=True)
            else:
                found = [None] * len(names)
            expected["gradients"] = {
                n: torch.zeros_like(leaves[n]) if x is None else x.detach() for n, x in zip(names, found)
            }
        wanted = list(options.get("outputs", [])) + list(outputs or [])
        if wanted:
            every = dict(rows.outputs)
            if "perplexity" in wanted:
                every["perplexity"] = value.detach().exp()
            expected["outputs"] = {n: every[n].detach() for n in wanted}
        if override:
            override(expected)
        case = {"loss": self.loss, "title": title, "inputs": inputs, "options": options, "expected": expected}
        case.update(extra or {})
        self.cases.append(case)
        return expected

    def save(self):
        path = os.path.join(HERE, f"{self.loss}.json")
        write(path, self.cases)
        print(f"{self.loss}: {len(self.cases)} cases, {os.path.getsize(path) / 1024:.0f} KiB")


def write(path, cases):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("[\n" + ",\n".join(encode(c) for c in cases) + "\n]\n")


def chooser(seed):
    return random.Random(seed)


def kept(shape, options, keep=None):
    """Flat positions of the elements or rows that may be read."""
    k = read_mask(options, shape)
    if keep is not None:
        k = k & keep
    return k.reshape(-1).nonzero().squeeze(1)


def scatter(shape, positions, values):
    """Full-size tensor with `values` at the flat `positions`, 0 elsewhere."""
    out = torch.zeros(math.prod(shape), dtype=values.dtype)
    return out.index_put((positions,), values).reshape(shape)
