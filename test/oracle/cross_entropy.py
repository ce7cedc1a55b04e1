"""crossEntropy: torch.nn.functional.cross_entropy plus temperature, softcap and z-loss."""

import itertools
import math

import torch
import torch.nn.functional as F

from oracle import *


def transform(z, options):
    """temperature, then softcap."""
    u = z / option(options, "temperature", 1.0)
    cap = option(options, "softcap", 0)
    return cap * torch.tanh(u / cap) if cap else u


def cross_entropy(inputs, o):
    z, t = inputs["logits"], inputs["targets"]
    soft = t.is_floating_point()
    axis = option(o, "classAxis", -1)
    z = z.movedim(axis, -1)
    shape, classes = z.shape[:-1], z.shape[-1]
    z = z.reshape(math.prod(shape), classes)
    weight, eps, lam = o.get("weight"), option(o, "labelSmoothing", 0.0), option(o, "zLoss", 0.0)
    ignore = option(o, "ignoreIndex", -100)
    if soft:
        t = t.movedim(axis, -1).reshape(math.prod(shape), classes)
        keep = torch.ones(shape, dtype=torch.bool)
    else:
        keep = t != ignore
        if o.get("shift"):
            t = torch.cat([t[:, 1:], torch.zeros_like(t[:, :1])], 1)
            keep = t != ignore
            keep[:, -1] = False
        assert t.shape == shape
        t = t.reshape(-1)
    at = kept(shape, o, keep)
    y, z = t[at], z[at]
    u = transform(z, o)
    lse = torch.logsumexp(u, 1)
    logp = torch.log_softmax(u, 1)
    if soft:
        smooth = (1 - eps) * y + eps / classes
        w = torch.ones(classes) if weight is None else weight
        unseen = (smooth == 0) & (logp == -INF)   # 0 * log 0 = 0
        l = -(smooth * w * torch.where(unseen, torch.zeros(()), logp)).sum(1)
        if not unseen.any() and len(at):
            want = F.cross_entropy(u, y, weight, reduction="none", label_smoothing=eps)
            assert torch.allclose(l.detach(), want.detach(), rtol=1e-12, atol=1e-13, equal_nan=True)
        c = None
    else:
        l = F.cross_entropy(u, y, weight, reduction="none", label_smoothing=eps)
        c = None if weight is None else scatter(shape, at, weight[y])
    if lam:
        l = l + lam * lse**2
    p = logp.exp()
    outputs = {
        "logSumExp": scatter(shape, at, lse),
        "entropy": scatter(shape, at, lse - torch.where(p == 0, torch.zeros(()), p * u).sum(1)),
    }
    if not soft:
        outputs["logProbs"] = scatter(shape, at, logp.gather(1, y[:, None]).squeeze(1))
        # the first maximum wins
        first = torch.tensor([row.index(max(row)) for row in z.detach().tolist()], dtype=torch.int64)
        outputs["correct"] = scatter(shape, at, (first == y).double())
    return Rows(scatter(shape, at, l), keep, c, outputs)


SHAPES = [  # title, logits shape, class axis
    ("(C)", (7,), -1),
    ("(N, C)", (5, 4), -1),
    ("(B, T, V)", (2, 3, 5), -1),
    ("(N, C, d1, d2)", (2, 3, 2, 3), 1),
    ("(N, odd C)", (4, 9), -1),
]
DENOMINATORS = [{"denominator": 8}, {"denominator": 0.75}, {"denominator": f32(5.5)}]


def loss_shape(shape, axis):
    s = list(shape)
    s.pop(axis)
    return tuple(s)


def make(g, kind, shape, axis, scale=2.0):
    classes, rows = shape[axis], loss_shape(shape, axis)
    logits = normal(g, *shape, scale=scale)
    if kind == "index":
        return {"logits": logits, "targets": integers(g, classes, *rows)}
    # rows that do not sum to 1
    return {"logits": logits, "targets": uniform(g, *shape, low=0, high=0.9)}


def phrase_and_apply(name, g, inputs, options, axis):
    """Adds one feature to a case; returns its words."""
    z, t = inputs["logits"], inputs["targets"]
    classes, rows = z.shape[axis], loss_shape(z.shape, axis)
    pick = lambda *xs: xs[int(integers(g, len(xs), 1))]
    if name == "weight":
        options["weight"] = uniform(g, classes, low=0.25, high=3)
        return "class weights"
    if name == "ignore":
        index = pick(-100, 0, classes - 1, -1)
        hit = bits(g, *rows, p=0.6) == 0
        inputs["targets"] = torch.where(hit, torch.full((), index), t)
        if index != -100:
            options["ignoreIndex"] = index
        return f"ignored index {index}"
    if name == "smoothing":
        options["labelSmoothing"] = pick(0.1, 0.3, 1)
        return f"label smoothing {options['labelSmoothing']}"
    if name == "temperature":
        value = pick(0.5, 2)
        options["temperature"] = scalar(value)
        return f"a learned temperature {value}"
    if name == "softcap":
        options["softcap"] = pick(30, 5)
        return f"softcap {options['softcap']}"
    if name == "zLoss":
        options["zLoss"] = pick(1e-4, 1e-2)
        return f"z-loss {options['zLoss']}"
    if name == "mask":
        if int(integers(g, 2, 1)):
            options["mask"] = bits(g, *rows)
            return "a 0/1 mask"
        options["mask"] = uniform(g, *rows, low=0.25, high=2) * (bits(g, *rows) if rows else 1)
        return "a float mask"
    if name == "sampleWeight":
        options["sampleWeight"] = uniform(g, *rows, low=0.25, high=3)
        return "sample weights"
    if name == "upstream":
        options["upstream"] = pick(0.5, -2.5, 3)
        return f"upstream {options['upstream']}"
    if name == "rowUpstream":
        options["upstream"] = normal(g, *rows, scale=1)
        return "an upstream factor per row"
    if name == "shift":
        options["shift"] = True
        return "targets shifted by one"
    raise KeyError(name)


def agree(case):
    """What F.cross_entropy can reduce by itself must be what the book holds."""
    i, o, value = case["inputs"], case["options"], case["expected"]["loss"]
    reduction = option(o, "reduction", "mean")
    if reduction not in ("none", "sum", "mean") or value.isnan().any() or "NaN" in case["title"]:
        return 0
    if any(k in o for k in ("mask", "sampleWeight", "zLoss", "shift")) or "torch: NaN" in case["title"] or "confident" in case["title"]:
        return 0
    z, t = i["logits"], i["targets"]
    axis = option(o, "classAxis", -1)
    if z.dim() > 1:
        z, t = z.movedim(axis, 1), t.movedim(axis, 1) if t.is_floating_point() else t
    if not z.numel() or (t.is_floating_point() and z.isinf().any()):
        return 0
    want = F.cross_entropy(transform(z, o), t, o.get("weight"), ignore_index=option(o, "ignoreIndex", -100),
                           reduction=reduction, label_smoothing=option(o, "labelSmoothing", 0.0))
    if want.isnan().any():
        return 0
    assert torch.allclose(want, value, rtol=1e-12, atol=1e-13), case["title"]
    return 1


def build():
    book = Book("crossEntropy", cross_entropy)
    seeds = itertools.count(1000)
    reductions = list(NAMED_REDUCTIONS) + DENOMINATORS

    def combined(kind, features, shape, axis, where, reduction):
        g = seeded(next(seeds))
        inputs, options = make(g, kind, shape, axis), {}
        words = [phrase_and_apply(f, g, inputs, options, axis) for f in features]
        if axis != -1:
            options["classAxis"] = axis
        options["reduction"] = reduction
        if reduce_rows(cross_entropy(inputs, options), options)[0].isnan().any():  # nothing left by chance
            return combined(kind, features, shape, axis, where, reduction)
        head = "index targets" if kind == "index" else "probability targets"
        tail = f" with {', '.join(words)}" if words else ""
        title = f"{head} {where}{tail}, reduced by {say(reduction)}"
        if title in book.titles:
            title += ", other numbers"
        book.add(title, inputs, options)

    # every reduction, plain
    for kind in ("index", "prob"):
        for i, r in enumerate(reductions):
            where, shape, axis = SHAPES[1 + i % 3]
            combined(kind, [], shape, axis, where, r)
        for where, shape, axis in SHAPES:
            combined(kind, [], shape, axis, where, "mean")
    # every pair of options
    index = ["weight", "ignore", "smoothing", "temperature", "softcap", "zLoss", "mask", "sampleWeight",
             "upstream", "rowUpstream", "shift"]
    prob = ["weight", "smoothing", "temperature", "softcap", "zLoss", "mask", "sampleWeight", "upstream",
            "rowUpstream"]
    choose = chooser(7)
    turn = 0
    for kind, features in (("index", index), ("prob", prob)):
        for pair in itertools.combinations(features, 2):
            if pair == ("upstream", "rowUpstream"):
                continue
            where, shape, axis = ("(B, T, V)", (2, 4, 5), -1) if "shift" in pair else SHAPES[1 + turn % 4]
            combined(kind, pair, shape, axis, where, reductions[turn % len(reductions)])
            turn += 1
    # many of three and more
    for kind, features in (("index", index), ("prob", prob)):
        for i in range(30 if kind == "index" else 18):
            k = choose.choice([3, 3, 4, 5, 6])
            some = choose.sample(features, k)
            if "upstream" in some and "rowUpstream" in some:
                some.remove("upstream")
            some = [f for f in features if f in some]
            where, shape, axis = ("(B, T, V)", (2, 4, 5), -1) if "shift" in some else SHAPES[choose.randrange(5)]
            combined(kind, some, shape, axis, where, reductions[turn % len(reductions)])
            turn += 1
    # everything at once, every reduction
    for i, r in enumerate(reductions):
        combined("index", [f for f in index if f not in ("upstream", "shift" if i % 2 else "")],
                 (2, 4, 6), -1, "(B, T, V)", r)
        combined("prob", [f for f in prob if f != "upstream"], (2, 4, 2, 2), 1, "(N, C, d1, d2)", r)

    special(book)
    outputs(book)
    assert sum(map(agree, book.cases)) > 60
    book.save()


def special(book):
    g = seeded(42)
    add = book.add
    rows = lambda *r: f32([list(x) for x in r])
    at = lambda *y: torch.tensor(y)

    # the weight grid of the reference
    add("default options: mean over rows", {"logits": normal(g, 6, 10, scale=3), "targets": integers(g, 10, 6)})
    add("full 24-bit float32 logits", {"logits": single(torch.randn(7, 13, generator=g) * 4), "targets": integers(g, 13, 7)},
        {"labelSmoothing": 0.1, "weight": single(torch.rand(13, generator=g) + 0.5)})
    add("the mean of weighted rows divides by the sum of their weights",
        {"logits": normal(g, 4, 3), "targets": at(0, 1, 2, 2)}, {"weight": f32([1, 3, 8])})
    add("with smoothing the weighted mean keeps the denominator of the index targets",
        {"logits": normal(g, 4, 3), "targets": at(0, 1, -100, 2)},
        {"weight": f32([0.5, 2, 1.5]), "labelSmoothing": 0.1})
    one = {"logits": normal(g, 4, 3, scale=2), "targets": at(0, 2, 1, 1)}
    add("a weight of NaN for a class that no row uses changes nothing", {**one, "targets": at(0, 2, 0, 0)},
        {"weight": f32([1, NAN, 2])})
    add("negative class weights are taken as given", one, {"weight": f32([1, -0.25, 2])})
    add("a class weight of 0 removes its rows from sum and denominator", one, {"weight": f32([1, 0, 2])})
    for empty in ("nan", "zero"):
        add(f"denominator 0 because all weights are 0: value {empty}, gradient exactly 0 (torch: NaN gradient)",
            one, {"weight": f32([0, 0, 0]), "emptyMean": empty})
        add(f"denominator 0 given by the caller: value {empty}, gradient exactly 0", one,
            {"reduction": {"denominator": 0}, "emptyMean": empty})
    ignored = {"logits": normal(g, 3, 5), "targets": at(-100, -100, -100)}
    for empty in ("nan", "zero"):
        for r in ("mean", "weightedMean", "tokenMean"):
            add(f"all rows ignored, reduced by {r}: value {empty}, gradient exactly 0", ignored,
                {"emptyMean": empty, "reduction": r})
    for r in ("none", "sum", "meanCount", "sequenceMean", "batchMean"):
        add(f"all rows ignored, reduced by {r}: 0", ignored, {"reduction": r})
    add("all rows ignored with weights and smoothing: value nan, gradient exactly 0", ignored,
        {"weight": f32([1, 2, 3, 4, 5]), "labelSmoothing": 0.1})
    add("all rows masked out: value nan, gradient exactly 0", {**ignored, "targets": at(0, 1, 2)},
        {"mask": torch.zeros(3, dtype=torch.uint8)})
    add("all rows masked out, probability targets: value zero", {"logits": normal(g, 2, 3), "targets": uniform(g, 2, 3)},
        {"mask": torch.zeros(2), "emptyMean": "zero"})
    for empty in ("nan", "zero"):
        add(f"an empty batch (0, C), mean: value {empty}",
            {"logits": torch.zeros(0, 3), "targets": torch.zeros(0, dtype=torch.int64)}, {"emptyMean": empty})
    for r in ("none", "sum"):
        add(f"an empty batch (0, C), {r}",
            {"logits": torch.zeros(0, 3), "targets": torch.zeros(0, dtype=torch.int64)}, {"reduction": r})
    pad = {"logits": normal(g, 2, 4, 5, scale=2), "targets": torch.tensor([[3, 1, 0, 0], [2, 4, 1, 0]])}
    add("ignoreIndex 0 is a pad id inside the classes; class 0 stays in the softmax", pad, {"ignoreIndex": 0})
    add("pad id 0 ignored, token mean", pad, {"ignoreIndex": 0, "reduction": "tokenMean"})
    add("pad id 0 ignored, mean of per-sequence means", pad, {"ignoreIndex": 0, "reduction": "sequenceMean"})
    add("pad id 0 ignored, mean over all rows", pad, {"ignoreIndex": 0, "reduction": "meanCount"})
    add("one sequence ignored whole counts as 0 in the mean of sequences",
        {**pad, "targets": torch.tensor([[0, 0, 0, 0], [2, 4, 1, 0]])}, {"ignoreIndex": 0, "reduction": "sequenceMean"})
    add("the default ignoreIndex -100 beside labels of 0", {**pad, "targets": torch.tensor([[3, -100, 0, 0], [2, 4, 1, 0]])})
    add("a row mask of numbers with ignored rows and sequence means", pad,
        {"ignoreIndex": 0, "mask": f32([[0.5, 0.25, 1, 2], [2, 0, 1, 1]]), "reduction": "sequenceMean"})
    add("shift with one token per sequence ignores everything", {"logits": normal(g, 2, 1, 3), "targets": at(1, 2)[:, None]},
        {"shift": True, "emptyMean": "zero"})
    add("shift ignores the first label, even when it is out of use", {**pad, "targets": torch.tensor([[-100, 1, 0, 2], [-100, 4, -100, 0]])},
        {"shift": True})
    add("shift, reduced by none: the last row of each sequence is 0", pad, {"shift": True, "reduction": "none"})
    add("shift, mean over all rows counts the ignored last rows", pad, {"shift": True, "reduction": "meanCount"})
    for classes in (1, 2, 3, 31, 33, 65, 127):
        add(f"C = {classes}, index targets", {"logits": normal(g, 3, classes, scale=3), "targets": integers(g, classes, 3)},
            {"reduction": "none" if classes % 3 else "mean"})
    add("C = 1 with every option: only the z-loss has a gradient", {"logits": normal(g, 3, 1, scale=3), "targets": at(0, 0, 0)},
        {"labelSmoothing": 0.1, "weight": f32([2]), "zLoss": 0.01, "temperature": scalar(0.5)})
    add("C = 1, probability targets", {"logits": normal(g, 3, 1, scale=3), "targets": f32([[1], [0.5], [0]])}, {"reduction": "none"})
    add("labelSmoothing 1 is cross-entropy against the uniform distribution", {"logits": normal(g, 4, 6), "targets": integers(g, 6, 4)},
        {"labelSmoothing": 1})
    add("labelSmoothing 1 forgets probability targets", {"logits": normal(g, 4, 6), "targets": uniform(g, 4, 6)}, {"labelSmoothing": 1})

    # large logits
    big = rows([1000, 999, 998], [-1000, 0, 1000], [3, 1, -2])
    for r in ("none", "mean"):
        add(f"logits of 1e3 need the maximum subtracted, {r}", {"logits": big, "targets": at(2, 0, 1)}, {"reduction": r})
    big = rows([10000, 9999, -10000, 0], [-10000, -10000, -10001, -9999], [1e4, 1e4, 1e4, 1e4])
    for r in ("none", "mean"):
        add(f"logits of 1e4 need the maximum subtracted, {r}", {"logits": big, "targets": at(2, 0, 1)}, {"reduction": r})
    add("logits of 1e4 with smoothing and class weights", {"logits": big, "targets": at(2, 0, 1)},
        {"labelSmoothing": 0.1, "weight": f32([1, 2, 3, 4])})
    add("logits of 1e4 under softcap 30 saturate: loss near 60 and no gradient", {"logits": big, "targets": at(2, 0, 1)},
        {"softcap": 30, "reduction": "none"})
    add("logits of 1e3 at temperature 0.5 with learned temperature", {"logits": rows([1000, 999, 998], [-1000, 0, 1000]), "targets": at(2, 1)},
        {"temperature": scalar(0.5)})
    add("logits of 1e4 against probability targets", {"logits": big, "targets": uniform(g, 3, 4)}, {"reduction": "none"})
    sure = rows([20, 0, -1], [30, 1, 0], [15, 2, 1])

    def precise(e):  # log_softmax keeps only the absolute accuracy of log(1 + x)
        e["loss"] = torch.log1p((sure[:, 1:] - sure[:, :1]).exp().sum(1))

    add("a confident row: the loss is far below the last bit of the log-sum-exp", {"logits": sure, "targets": at(0, 0, 0)},
        {"reduction": "none"}, override=precise)
    add("the largest finite logits: 1e38 against -1e38", {"logits": rows([1e38, -1e38, 0], [1e38, -1e38, 0]), "targets": at(0, 1)}, {"reduction": "none"})
    add("equal logits: loss ln C and the first maximum wins", {"logits": torch.zeros(3, 4), "targets": at(0, 1, 3)},
        {"outputs": ["correct", "entropy"], "reduction": "none"})
    add("subnormal-free tiny logits around 1e-30 behave as zeros", {"logits": rows([1e-30, -1e-30, 0], [2e-30, 0, 0]), "targets": at(0, 1)})

    # infinities and NaN
    for r in ("none", "mean"):
        add(f"-inf on another class is a class that cannot happen, {r}", {"logits": rows([-INF, 0, 1], [2, -INF, -INF]), "targets": at(1, 0)}, {"reduction": r})
    add("-inf on the target class: loss Infinity, gradient p - onehot", {"logits": rows([-INF, 0, 1], [0.5, 0, 1]), "targets": at(0, 2)}, {"reduction": "none"})
    add("-inf on the target class makes the mean Infinity and leaves gradients finite", {"logits": rows([-INF, 0, 1], [0.5, 0, 1]), "targets": at(0, 2)})
    for y in (0, 1):
        add(f"+inf logit, target {y}: loss and gradient NaN, other rows unharmed", {"logits": rows([INF, 0, 1], [0.5, 0, 1]), "targets": at(y, 2)}, {"reduction": "none"})
    add("all logits -inf: loss and gradient NaN, other rows unharmed", {"logits": rows([-INF, -INF, -INF], [0.5, 0, 1]), "targets": at(1, 2)}, {"reduction": "none"})
    for place in range(3):
        v = [0.0, 1.0, 0.5]
        v[place] = NAN
        add(f"NaN at class {place}: loss and gradient NaN, other rows unharmed", {"logits": rows(v, [0.5, 0, 1]), "targets": at(1, 2)}, {"reduction": "none"})
    add("-inf with smoothing: loss Infinity, gradient finite", {"logits": rows([-INF, 0, 1]), "targets": at(1)}, {"labelSmoothing": 0.1})
    add("a whole half of -inf logits must not break the running maximum",
        {"logits": torch.cat([torch.full((2, 64), -INF), normal(g, 2, 64)], 1), "targets": at(70, 127)}, {"reduction": "none"})
    add("-inf with temperature 2", {"logits": rows([-INF, 0, 1], [2, -INF, 0]), "targets": at(1, 0)}, {"temperature": 2})
    add("-inf with z-loss", {"logits": rows([-INF, 0, 1], [2, -INF, 0]), "targets": at(1, 0)}, {"zLoss": 0.01})
    poison = rows([NAN, 0, 1], [0.5, 0, 1], [INF, -INF, NAN], [1, 2, 3])
    for r in ("none", "sum", "mean"):
        add(f"ignored rows of NaN and infinity are never read: gradient exactly 0 (torch: NaN), {r}",
            {"logits": poison, "targets": at(-100, 2, -100, 0)}, {"reduction": r})
        add(f"masked rows of NaN and infinity are never read: gradient exactly 0, {r}",
            {"logits": poison, "targets": at(0, 2, 1, 0)}, {"reduction": r, "mask": torch.tensor([0, 1, 0, 1], dtype=torch.uint8)})
    add("masked rows of NaN with smoothing, z-loss and learned temperature", {"logits": poison, "targets": at(0, 2, 1, 0)},
        {"mask": f32([0, 1, 0, 0.5]), "labelSmoothing": 0.1, "zLoss": 0.01, "temperature": scalar(2),
         "outputs": ["logSumExp", "logProbs", "entropy", "correct"]})
    add("masked rows of NaN with probability targets", {"logits": poison, "targets": f32([[1, 0, 0], [0.5, 0.5, 0], [NAN, 0, 0], [0, 1, 0]])},
        {"mask": torch.tensor([0, 1, 0, 1], dtype=torch.uint8)})

    # probability targets
    t = f32([[0.25, 0.5, 0.25], [0, 0, 0], [2, 1, 0.5], [0, 1, 0]])
    z = normal(g, 4, 3, scale=2)
    for r in ("none", "mean", "sum"):
        add(f"probability rows that sum to 1, 0 and 3.5: gradient p * sum(t) - t, {r}", {"logits": z, "targets": t}, {"reduction": r})
    add("a zero row of probabilities with smoothing is the uniform part alone", {"logits": z, "targets": t}, {"labelSmoothing": 0.3, "reduction": "none"})
    add("negative probability entries are taken as given", {"logits": z, "targets": t - 0.25}, {"reduction": "none"})
    add("one-hot probability targets with class weights divide by N, not by the weights", {"logits": z, "targets": torch.eye(3)[[0, 1, 2, 1]]},
        {"weight": f32([1, 3, 8])})
    add("probability targets, weights change what smoothing spreads", {"logits": z, "targets": torch.eye(3)[[0, 1, 2, 1]]},
        {"weight": f32([1, 3, 8]), "labelSmoothing": 0.3})
    add("zero row of probabilities with z-loss: only the z-loss has a gradient", {"logits": z, "targets": torch.zeros(4, 3)}, {"zLoss": 0.01})
    inf = {"logits": rows([-INF, 0, 1]), "targets": f32([[0, 1, 0]])}
    add("-inf logit where the probability is exactly 0: 0 * log 0 = 0 (torch: NaN)", inf, {"reduction": "none"}, wrt=["logits"])

    def infinite(e):
        e["gradients"]["targets"][0, 0] = INF

    add("-inf logit where the probability is exactly 0: the target's gradient -log p is Infinity there", inf, {}, override=infinite)
    add("-inf logit where the probability is positive: loss Infinity, logit gradient finite",
        {"logits": rows([-INF, 0, 1]), "targets": f32([[0.5, 0.25, 0.25]])}, {"reduction": "none"}, wrt=["logits"])
    add("+inf logit with probability targets: NaN", {"logits": rows([INF, 0, 1]), "targets": f32([[0.5, 0.25, 0.25]])}, {"reduction": "none"}, wrt=["logits"])
    add("probability targets (C)", {"logits": normal(g, 5), "targets": uniform(g, 5)}, {"reduction": "none"})
    add("index target (C) is a scalar", {"logits": normal(g, 5), "targets": torch.tensor(3)}, {"reduction": "none"})
    add("index target (C), ignored", {"logits": normal(g, 5), "targets": torch.tensor(-100)}, {"emptyMean": "zero"})
    add("a plain-number temperature has no gradient of its own", {"logits": normal(g, 3, 5), "targets": integers(g, 5, 3)}, {"temperature": 0.5})
    add("classAxis 0 puts the classes first", {"logits": normal(g, 5, 3), "targets": integers(g, 5, 3)}, {"classAxis": 0})
    add("classAxis 1 of (N, C, d) with probability targets", {"logits": normal(g, 2, 4, 3), "targets": uniform(g, 2, 4, 3)}, {"classAxis": 1, "reduction": "none"})
    add("classAxis -2 counts from the end", {"logits": normal(g, 2, 4, 3), "targets": integers(g, 4, 2, 3)}, {"classAxis": -2, "reduction": "sequenceMean"})


def outputs(book):
    g = seeded(77)
    every = ["logSumExp", "logProbs", "entropy", "correct", "perplexity"]
    inputs = {"logits": normal(g, 6, 5, scale=2), "targets": torch.tensor([0, 3, -100, 2, 4, 1])}
    # make two rows hits for sure
    inputs["logits"][0, 0] = 4
    inputs["logits"][4, 4] = 3.5
    for name in every:
        book.add(f"output {name} alone", inputs, {"outputs": [name]})
    book.add("all outputs; the ignored row gives 0 in each", inputs, {"outputs": every})
    book.add("outputs are those of the transformed logits: temperature and softcap", inputs,
             {"outputs": every, "temperature": scalar(0.5), "softcap": 5})
    book.add("outputs do not know weights, smoothing and z-loss, perplexity does", inputs,
             {"outputs": every, "weight": f32([1, 2, 3, 4, 0.5]), "labelSmoothing": 0.1, "zLoss": 0.01})
    book.add("outputs of masked rows are 0", inputs,
             {"outputs": every, "mask": torch.tensor([1, 0, 1, 1, 1, 0], dtype=torch.uint8), "reduction": "sum"})
    book.add("outputs do not know sample weights", inputs,
             {"outputs": every, "sampleWeight": f32([1, 2, 0.5, 3, 1, 1]), "reduction": "weightedMean"})
    book.add("outputs of (N, C, d1, d2)", {"logits": normal(g, 2, 3, 2, 2), "targets": integers(g, 3, 2, 2, 2)},
             {"outputs": every, "classAxis": 1})
    book.add("outputs under shift: the last row of each sequence gives 0", {"logits": normal(g, 2, 3, 4), "targets": integers(g, 4, 2, 3)},
             {"outputs": every, "shift": True})
    book.add("outputs with reduction none", inputs, {"outputs": every[:4], "reduction": "none"})
    book.add("outputs with probability targets", {"logits": normal(g, 3, 4), "targets": uniform(g, 3, 4)},
             {"outputs": ["logSumExp", "entropy", "perplexity"]})
    book.add("outputs of large logits", {"logits": f32([[1000, 999, 998], [10000, -10000, 0]]), "targets": torch.tensor([1, 0])},
             {"outputs": every[:4], "reduction": "none"})
    book.add("outputs with -inf logits: their part of the entropy is 0", {"logits": f32([[-INF, 0, 1], [2, -INF, 0.5]]), "targets": torch.tensor([1, 1])},
             {"outputs": every[:4], "reduction": "none"})


if __name__ == "__main__":
    build()
