"""linearCrossEntropy: torch.nn.functional.linear, then cross_entropy.py's own options; where torch has the whole, its own."""

import itertools

import torch
import torch.nn.functional as F

from cross_entropy import cross_entropy, phrase_and_apply
from oracle import *


def kept_rows(i, o):
    """Rows that may be read: the others' hidden numbers are no part of the product."""
    t = i["targets"]
    ignore = option(o, "ignoreIndex", -100)
    keep = t != ignore
    if o.get("shift"):
        keep = torch.cat([t[:, 1:] != ignore, torch.zeros_like(keep[:, :1])], 1)
    return keep & read_mask(o, t.shape)


def linear_cross_entropy(i, o):
    h = torch.where(kept_rows(i, o)[..., None], i["hidden"], torch.zeros(()))
    logits = F.linear(h, i["linearWeight"], i.get("linearBias"))
    return cross_entropy({"logits": logits, "targets": i["targets"]}, o)


def make(g, lead, classes, depth, biased):
    inputs = {
        "hidden": normal(g, *lead, depth),
        "linearWeight": normal(g, classes, depth),
        "targets": integers(g, classes, *lead),
    }
    if biased:
        inputs["linearBias"] = normal(g, classes)
    return inputs


def agree(case):
    """What torch's own linear_cross_entropy can do must be what the book holds."""
    i, o = case["inputs"], case["options"]
    reduction = option(o, "reduction", "mean")
    known = {"weight", "ignoreIndex", "labelSmoothing", "reduction"}
    if not set(o) <= known or reduction not in ("none", "sum", "mean"):
        return 0
    if i["hidden"].dim() < 2 or not i["hidden"].numel():
        return 0
    if any(x.is_floating_point() and not x.isfinite().all() for x in i.values()):
        return 0
    names = [n for n in ("hidden", "linearWeight", "linearBias") if n in i]
    leaves = {n: i[n].clone().requires_grad_(True) for n in names}
    value = F.linear_cross_entropy(
        leaves["hidden"].flatten(0, -2), leaves["linearWeight"], i["targets"].flatten(), linear_bias=leaves.get("linearBias"),
        weight=o.get("weight"), reduction=reduction, ignore_index=option(o, "ignoreIndex", -100),
        label_smoothing=option(o, "labelSmoothing", 0.0))
    if value.isnan().any():
        return 0
    expected = case["expected"]
    assert torch.allclose(value.flatten(), expected["loss"].flatten(), rtol=1e-12, atol=1e-13), case["title"]
    for n, x in zip(names, torch.autograd.grad(value.sum(), [leaves[n] for n in names])):
        assert torch.allclose(x, expected["gradients"][n], rtol=1e-10, atol=1e-12), case["title"]
    return 1


def build():
    book = Book("linearCrossEntropy", linear_cross_entropy)
    seeds = itertools.count(9000)
    reductions = [*NAMED_REDUCTIONS, {"denominator": 8}, {"denominator": f32(5.5)}]
    shapes = [((5,), 7, 3), ((2, 3), 5, 4), ((6,), 9, 6), ((3,), 33, 5)]

    def combined(features, shape, reduction, biased):
        lead, classes, depth = shape
        g = seeded(next(seeds))
        inputs, options, words = make(g, lead, classes, depth, biased), {}, []
        for feature in features:
            if feature == "temperature":
                options["temperature"] = 0.5 if depth % 2 else 2
                words.append(f"temperature {options['temperature']}")
                continue
            shaped = {"logits": torch.zeros(*lead, classes), "targets": inputs["targets"]}
            words.append(phrase_and_apply(feature, g, shaped, options, -1))
            inputs["targets"] = shaped["targets"]
        options["reduction"] = reduction
        if reduce_rows(linear_cross_entropy(inputs, options), options)[0].isnan().any():  # nothing left by chance
            return combined(features, shape, reduction, biased)
        tail = f" with {', '.join(words)}" if words else ""
        bias = "a bias" if biased else "no bias"
        title = f"hidden {[*lead, depth]}, {classes} classes, {bias}{tail}, reduced by {say(reduction)}"
        book.add(title, inputs, options)

    for at, reduction in enumerate(reductions):
        combined([], shapes[at % len(shapes)], reduction, at % 2 == 0)
    features = ["weight", "ignore", "smoothing", "temperature", "softcap", "zLoss", "mask", "sampleWeight",
                "upstream", "rowUpstream", "shift"]
    for at, feature in enumerate(features):
        shape = ((2, 4), 5, 3) if feature == "shift" else shapes[at % len(shapes)]
        combined([feature], shape, reductions[at % len(reductions)], at % 2 == 1)
    for at, reduction in enumerate(("none", "sum", "mean")):
        combined(["weight", "ignore", "smoothing"], shapes[at], reduction, at != 1)
    choose = chooser(11)
    for at in range(16):
        some = choose.sample(features, 3 + at % 4)
        if "upstream" in some and "rowUpstream" in some:
            some.remove("upstream")
        shape = ((2, 4), 6, 5) if "shift" in some else shapes[at % len(shapes)]
        combined([f for f in features if f in some], shape, reductions[at % len(reductions)], at % 2 == 0)
    special(book)
    assert sum(map(agree, book.cases)) >= 12
    book.save()


def special(book):
    g = seeded(91)
    some = lambda *shape: make(g, *shape)
    row = {"hidden": normal(g, 4), "linearWeight": normal(g, 5, 4), "targets": torch.tensor(3)}
    book.add("one row without a batch", row)
    book.add("V = 1: no gradient but that of the z-loss", some((3,), 1, 2, True), {"zLoss": 0.01})
    book.add("D = 1", some((4,), 6, 1, True))
    book.add("V = 1 and D = 1", some((2,), 1, 1, False))
    book.add("an empty batch: the sum is 0, and so are all gradients", some((0,), 5, 3, True), {"reduction": "sum"})
    outputs = {"outputs": ["logSumExp", "logProbs", "entropy", "correct", "perplexity"]}
    book.add("every output", some((2, 3), 7, 4, True), outputs)
    ignored = some((3,), 5, 4, True)
    ignored["targets"] = torch.full((3,), -100)
    for empty in ("nan", "zero"):
        book.add(f"all rows ignored: value {empty}, gradients exactly 0", ignored, {"emptyMean": empty})
    poison = some((4,), 6, 5, True)
    poison["hidden"][1] = NAN
    poison["hidden"][3] = INF
    poison["targets"] = torch.tensor([2, -100, 0, -100])
    for reduction in ("none", "sum", "mean"):
        book.add(f"ignored rows of NaN and infinity are never read, reduced by {reduction}", poison, {"reduction": reduction})
    masked = {**poison, "targets": torch.tensor([2, 1, 0, 5])}
    book.add("masked rows of NaN and infinity are never read", masked, {"mask": torch.tensor([1, 0, 1, 0], dtype=torch.uint8)})
    closed = some((4,), 6, 5, True)
    closed["linearBias"][4] = -INF
    closed["targets"] = torch.tensor([0, 2, 3, 5])
    book.add("a bias of -infinity is a class that cannot happen", closed)
    large = some((4,), 6, 3, True)
    large["hidden"] = large["hidden"] * 4096
    book.add("logits of 1e4", large, {"reduction": "none"})
