"""reduce (masks, weights, segments), combine and l2Penalty."""

import os

import torch

from oracle import *


def run(inputs, options):
    return Rows(inputs["losses"])


def as_sample_weight(options):
    """`weights` of reduce is `sampleWeight` of the losses."""
    o = dict(options)
    if "weights" in o:
        o["sampleWeight"] = o.pop("weights")
    return o


def reduce_all(losses, options):
    """-> (value, objective), segment by segment where there are segments; differentiable in weights."""
    o = as_sample_weight(options)
    l = losses.reshape(-1)
    ends = o.pop("segments").tolist() if "segments" in o else None
    if ends is None:
        return weigh(losses, o)
    parts = []
    for a, b in zip(ends, ends[1:]):
        own = {k: (x.reshape(-1)[a:b] if torch.is_tensor(x) and k in ("mask", "sampleWeight") else x) for k, x in o.items()}
        if o.get("reduction") == "sequenceMean":
            own["reduction"] = "tokenMean"
            own["emptyMean"] = "zero"
        own.pop("upstream", None)
        parts.append(weigh(l[a:b], own))
    up = option(options, "upstream", 1.0)
    value = torch.stack([v for v, _ in parts])
    objective = torch.stack([torch.as_tensor(x) for _, x in parts])
    if o.get("reduction") == "sequenceMean":
        return value.mean(), (up * objective).mean()
    return value, (up * objective).sum()


def weigh(l, o):
    s = o.get("sampleWeight")
    value, objective = reduce_rows(Rows(l), o)
    if s is None or not s.requires_grad:
        return value, objective
    assert option(o, "upstream", 1.0) == 1.0
    # the shared rule holds the denominator constant; here the weights are differentiated through it
    m = o["mask"].double() if "mask" in o else torch.ones(l.shape)
    if o["reduction"] == "weightedMean":
        v = (m * s * l).sum() / (m * s).sum()
        assert torch.allclose(v.detach(), value.detach())
        return value, v
    return value, objective


def build_reduce():
    cases, titles = [], set()

    def add(title, losses, options, weights_too=False, probe=True):
        assert title not in titles, title
        titles.add(title)
        x = losses.clone().requires_grad_(True)
        live, leaves = dict(options), {"losses": x}
        if weights_too:
            live["weights"] = leaves["weights"] = options["weights"].clone().requires_grad_(True)
        value, objective = reduce_all(x, live)
        if objective.requires_grad:
            found = torch.autograd.grad(objective, list(leaves.values()), allow_unused=True)
        else:
            found = [None] * len(leaves)
        gradients = {k: torch.zeros_like(leaves[k]) if f is None else f for k, f in zip(leaves, found)}
        cases.append({"loss": "reduce", "title": title, "inputs": {"losses": losses}, "options": options,
                      "expected": {"loss": value.detach(), "gradients": gradients}})

    g = seeded(501)
    reductions = [*NAMED_REDUCTIONS, {"denominator": 8}, {"denominator": f32(2.5)}]
    shapes = [(7,), (3, 4), (2, 3, 2)]
    for i, r in enumerate(reductions):
        shape = shapes[i % 3]
        own = {"reduction": r}
        l = lambda: normal(g, *shape, scale=2)
        add(f"plain, {say(r)}", l(), own)
        add(f"a 0/1 mask, {say(r)}", l(), {**own, "mask": bits(g, *shape)})
        add(f"a float mask, {say(r)}", l(), {**own, "mask": uniform(g, *shape, low=0.25, high=2) * bits(g, *shape)})
        add(f"weights, {say(r)}", l(), {**own, "weights": uniform(g, *shape, low=0.25, high=3)})
        add(f"a 0/1 mask and weights, {say(r)}", l(), {**own, "mask": bits(g, *shape), "weights": uniform(g, *shape, low=0.25, high=3)})
        add(f"upstream -2.5, {say(r)}", l(), {**own, "upstream": -2.5, "mask": bits(g, *shape)})
        add(f"upstream per number, {say(r)}", l(), {**own, "upstream": normal(g, *shape), "weights": uniform(g, *shape, low=0.25, high=3)})
        m = bits(g, *shape)
        spoiled = l()
        spoiled[m == 0] = NAN
        add(f"masked losses of NaN are never read, {say(r)}", spoiled, {**own, "mask": m})
    add("the default is the mean", normal(g, 5), {})
    for e in ("nan", "zero"):
        for r in ("mean", "tokenMean", "weightedMean"):
            add(f"everything masked out, {r}: value {e}, gradient exactly 0", normal(g, 4), {"reduction": r, "mask": torch.zeros(4, dtype=torch.uint8), "emptyMean": e})
        add(f"weights that are all 0: value {e}, gradient exactly 0", normal(g, 4), {"reduction": "weightedMean", "weights": torch.zeros(4), "emptyMean": e})
        add(f"nothing to average: value {e}", torch.zeros(0), {"emptyMean": e})
    add("a sequence masked out whole counts as 0", normal(g, 3, 4), {"reduction": "sequenceMean", "mask": torch.tensor([[1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]], dtype=torch.uint8)})
    add("infinity stays", f32([1, INF, 2]), {"reduction": "mean"})
    add("NaN stays", f32([1, NAN, 2]), {"reduction": "sum"})
    # gradients to the weights
    for r in ("none", "sum", "mean", "weightedMean", {"denominator": 4}):
        add(f"gradient to the weights too, {say(r)}", normal(g, 6), {"reduction": r, "weights": uniform(g, 6, low=0.25, high=3)}, weights_too=True)
    add("gradient to the weights too, masked weightedMean", normal(g, 2, 3), {"reduction": "weightedMean", "weights": uniform(g, 2, 3, low=0.25, high=3), "mask": bits(g, 2, 3)}, weights_too=True)
    # segments: offsets into the flattened losses, one value each
    offsets = torch.tensor([0, 3, 4, 9])

    def some():  # no segment is masked out whole
        m = bits(g, 9)
        m[[1, 3, 6]] = 1
        m[8] = 0
        return m

    for r in ("sum", "mean", "meanCount", "weightedMean", "tokenMean", "sequenceMean", {"denominator": 4}):
        add(f"segments of 3, 1 and 5, {say(r)}", normal(g, 9), {"segments": offsets, "reduction": r})
        add(f"segments with a mask, {say(r)}", normal(g, 9), {"segments": offsets, "reduction": r, "mask": some()})
        add(f"segments with a mask and weights, {say(r)}", normal(g, 9), {"segments": offsets, "reduction": r, "mask": some(), "weights": uniform(g, 9, low=0.25, high=3)})
    empty = torch.tensor([0, 3, 3, 6])
    for e in ("nan", "zero"):
        add(f"an empty segment: value {e}", normal(g, 6), {"segments": empty, "reduction": "mean", "emptyMean": e})
    for e in ("nan", "zero"):
        add(f"a segment masked out whole: value {e}, its gradient exactly 0", normal(g, 6),
            {"segments": torch.tensor([0, 3, 6]), "mask": torch.tensor([1, 0, 1, 0, 0, 0], dtype=torch.uint8), "reduction": "tokenMean", "emptyMean": e})
    add("an empty segment counts as 0 in the mean of sequences", normal(g, 6), {"segments": empty, "reduction": "sequenceMean"})
    add("segments, upstream 0.5", normal(g, 9), {"segments": offsets, "reduction": "mean", "upstream": 0.5})
    add("segments, upstream per segment", normal(g, 9), {"segments": offsets, "reduction": "tokenMean", "upstream": f32([1, -2, 0.5])})
    finish("reduce", cases)


def build_combine():
    cases = []
    g = seeded(502)

    def add(title, losses, weights, upstream=1.0):
        total = (losses * weights).sum()
        options = {"weights": weights}
        if upstream != 1.0:
            options["upstream"] = upstream
        cases.append({"loss": "combine", "title": title, "inputs": {"losses": losses}, "options": options,
                      "expected": {"loss": total, "gradients": {"losses": upstream * weights}, "outputs": {"shares": losses * weights / total}}})

    for k in (1, 2, 3, 5):
        add(f"{k} terms", uniform(g, k, low=0.1, high=3), uniform(g, k, low=0.1, high=5))
    add("equal weights", f32([0.5, 0.25, 1]), f32([1, 1, 1]))
    add("a weight of 0 has share 0", f32([0.5, 0.25, 1]), f32([1, 0, 1]))
    add("a negative term", f32([0.5, -0.25, 1]), f32([1, 2, 1]))
    add("upstream -2", f32([0.5, 0.25, 1]), f32([1, 10, 0.5]), -2.0)
    finish("combine", cases)


def build_penalty():
    cases = []
    g = seeded(503)

    def add(title, theta, options):
        x = theta.clone().requires_grad_(True)
        value = option(options, "lambda", 1.0) * (x**2).sum()
        up = option(options, "upstream", 1.0)
        gradient = torch.autograd.grad(up * value, x)[0]
        cases.append({"loss": "l2Penalty", "title": title, "inputs": {"parameters": theta}, "options": options,
                      "expected": {"loss": value.detach(), "gradients": {"parameters": gradient}}})

    for shape in [(5,), (3, 4), (2, 2, 3), (1,)]:
        for lam in (None, 0.001, 2.5):
            add(f"parameters {list(shape)}, {'default lambda' if lam is None else f'lambda {lam}'}", normal(g, *shape), {} if lam is None else {"lambda": lam})
    add("upstream 0.5", normal(g, 4), {"lambda": 0.01, "upstream": 0.5})
    add("lambda 0", normal(g, 4), {"lambda": 0})
    add("no parameters: 0", torch.zeros(0), {"lambda": 3})
    finish("l2Penalty", cases)


def finish(name, cases):
    write(os.path.join(HERE, f"{name}.json"), cases)
    print(f"{name}: {len(cases)} cases")


def build():
    build_reduce()
    build_combine()
    build_penalty()


if __name__ == "__main__":
    build()
