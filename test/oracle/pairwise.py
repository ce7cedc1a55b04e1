"""Similarities and contrastive losses: InfoNCE, CLIP, NT-Xent, SigLIP, SupCon, DCL, triplets, pairs."""

import math

import torch
import torch.nn.functional as F

from oracle import *


def table(*r):
    return f32([list(x) for x in r])


def lengths(x):
    """Row norms with gradient 0 (not NaN) at a zero row; rows are scaled before squaring."""
    top = x.detach().abs().amax(-1, keepdim=True)
    top = torch.where(top == 0, torch.ones(()), top)
    y = x / top
    square = (y * y).sum(-1, keepdim=True)
    zero = square == 0
    return torch.where(zero, torch.zeros(()), torch.sqrt(torch.where(zero, torch.ones(()), square)) * top)


def unit(x):
    n = lengths(x)
    return torch.where(n == 0, torch.zeros(()), x / torch.where(n == 0, torch.ones(()), n))


def cosine(a, b):
    return (unit(a) * unit(b)).sum(-1)


def distance(x, y, p=2.0, eps=0.0):
    """norm_p(x - y + eps); gradient 0 where it is 0."""
    d = x - y + eps
    if p == 2:
        return lengths(d).squeeze(-1)
    if p == INF:
        return d.abs().amax(-1)
    same = (d == 0).all(-1, keepdim=True)
    safe = torch.where(same, torch.ones(()), d)
    return torch.where(same.squeeze(-1), torch.zeros(()), (safe.abs() ** p).sum(-1) ** (1 / p))


def vectors(*names):
    """Two or more sets of vectors; the second and later resemble the first."""

    def make(g, shape, options):
        first = normal(g, *shape)
        out = {names[0]: first}
        for n in names[1:]:
            out[n] = grid(first + 0.5 * torch.randn(shape, generator=g))
        return out

    return make


# ---- similarity matrix -------------------------------------------------------------------------------

def similarity(i, o):
    a, b, metric = i["a"], i["b"], option(o, "metric", "cosine")
    if metric == "cosine":
        s = unit(a) @ unit(b).transpose(-1, -2)
    elif metric == "dot":
        s = a @ b.transpose(-1, -2)
    else:
        s = distance(a.unsqueeze(-2), b.unsqueeze(-3))
    return option(o, "scale", 1.0) * s + option(o, "bias", 0.0)


def similarities():
    book = Function("similarityMatrix", similarity)
    g = seeded(301)
    sizes = [("(3, 4) and (3, 4)", (3, 4), (3, 4)), ("(2, 5) and (4, 5)", (2, 5), (4, 5)), ("batched (2, 2, 3) and (2, 3, 3)", (2, 2, 3), (2, 3, 3)),
             ("D = 1", (3, 1), (2, 1))]
    for metric in ("cosine", "dot", "euclidean"):
        for words, s, t in sizes:
            a, b = normal(g, *s), normal(g, *t)
            out = (*s[:-1], t[-2])
            near = {"metric": metric}
            flat = metric == "cosine" and s[-1] == 1  # ±1: no slope
            book.add(f"{metric}, {words}", {"a": a, "b": b}, near, probe=not flat)
            book.add(f"{metric}, {words}, upstream per number", {"a": a, "b": b}, {**near, "upstream": normal(g, *out)}, probe=not flat)
            book.add(f"{metric}, {words}, learned scale and bias", {"a": a, "b": b},
                     {**near, "scale": scalar(2.5), "bias": scalar(-0.5), "upstream": normal(g, *out)}, probe=not flat)
        book.add(f"{metric}, plain scale and bias", {"a": normal(g, 2, 3), "b": normal(g, 2, 3)}, {"metric": metric, "scale": 10, "bias": -10, "upstream": 0.5})
    book.add("the default metric is cosine", {"a": normal(g, 2, 3), "b": normal(g, 3, 3)})
    up = {"upstream": normal(g, 3, 2)}
    zero = {"a": table((0, 0, 0), (1, 2, 3), (-1, 0.5, 0)), "b": table((1, 1, 0), (0, 0, 0))}
    book.add("zero rows: cosine 0 with gradient 0 (torch: 1e8 and more)", zero, up, probe=False)
    book.add("zero rows with scale and bias", zero, {**up, "scale": scalar(5), "bias": scalar(-1)}, probe=False)
    huge = {"a": table((1e20, 2e20, 0), (1e-20, 0, 3e-20), (1, 0, 1)), "b": table((3e19, 1e20, 1e20), (1e-20, 2e-20, -1e-20))}
    book.add("rows of 1e20 and 1e-20 keep their cosine, gradient to the moderate rows", {"a": huge["a"], "b": table((1, 2, 2), (-1, 0.5, 0.25))}, up, wrt=["b"])
    book.add("rows of 1e20 against rows of 1e-20", huge, wrt=[])
    same = table((1, 2, 3), (0.5, -1, 0))
    book.add("identical rows: cosine 1, gradient 0 along the row", {"a": same, "b": same}, {"upstream": normal(g, 2, 2)})
    book.add("identical rows: Euclidean distance 0 with gradient 0 (torch: NaN)", {"a": same, "b": same}, {"metric": "euclidean", "upstream": normal(g, 2, 2)}, probe=False)
    book.save()


# ---- InfoNCE family ------------------------------------------------------------------------------------

def cross(s, y):
    return torch.logsumexp(s, -1) - s.gather(-1, y[:, None]).squeeze(-1)


def info_nce(i, o):
    q, k, extra = i["queries"], i["keys"], o.get("negatives")
    if option(o, "normalize", True):
        q, k, extra = unit(q), unit(k), None if extra is None else unit(extra)
    n = q.shape[0]
    y = o.get("targets", torch.arange(n))
    tau = option(o, "temperature", 0.07)
    drop = option(o, "excludePositive", False)

    def side(s, y):
        pos = s.gather(1, y[:, None]).squeeze(1)
        rest = s.scatter(1, y[:, None], -INF) if drop else s
        return torch.logsumexp(rest, 1) - pos

    s = q @ k.T / tau
    wide = s if extra is None else torch.cat([s, q @ extra.T / tau], 1)
    l = side(wide, y)
    if option(o, "symmetric", False):
        assert extra is None and "targets" not in o and k.shape[0] == n
        l = 0.5 * (l + side(s.T, torch.arange(n)))
    return Rows(l)


def two_views(a, b, tau):
    x = torch.cat([unit(a), unit(b)])
    n = len(a)
    s = (x @ x.T / tau).masked_fill(torch.eye(2 * n, dtype=torch.bool), -INF)
    return s, torch.cat([torch.arange(n, 2 * n), torch.arange(n)])


def info_nce_scores(i, o):
    s = i["scores"] / option(o, "temperature", 1.0)
    return torch.logsumexp(s, -1) - s[..., 0]


def clip(i, o):
    s = torch.exp(torch.as_tensor(option(o, "logitScale", math.log(1 / 0.07)))) * unit(i["images"]) @ unit(i["texts"]).T
    y = torch.arange(len(s))
    return Rows(0.5 * (cross(s, y) + cross(s.T, y)))


def nt_xent(i, o):
    s, y = two_views(i["a"], i["b"], option(o, "temperature", 0.5))
    return Rows(cross(s, y))


def dcl(i, o):
    s, y = two_views(i["a"], i["b"], option(o, "temperature", 0.1))
    return Rows(torch.logsumexp(s.scatter(1, y[:, None], -INF), 1) - s.gather(1, y[:, None]).squeeze(1))


def sig_lip(i, o):
    s = option(o, "scale", 10.0) * unit(i["images"]) @ unit(i["texts"]).T + option(o, "bias", -10.0)
    sign = 2 * torch.eye(len(s)) - 1
    return Rows(softplus(-sign * s).sum(1))


def sup_con(i, o):
    x, y = unit(i["features"]), i["labels"]
    n = len(y)
    self_ = torch.eye(n, dtype=torch.bool)
    s = x @ x.T / option(o, "temperature", 0.07)
    lse = torch.logsumexp(s.masked_fill(self_, -INF), 1)
    positive = (y[:, None] == y[None]) & ~self_
    count = positive.sum(1)
    keep = count > 0
    total = torch.where(positive, lse[:, None] - s, torch.zeros(())).sum(1)
    return Rows(torch.where(keep, total / count.clamp(min=1), torch.zeros(())), keep)


def contrastive_batch():
    sizes = [(4, 3), (3, 5), (5, 4)]
    learned = lambda t: {"temperature": scalar(t)}
    book = Book("infoNCE", info_nce)

    def make(g, shape, o):
        i = vectors("queries", "keys")(g, shape, o)
        if "more" in o:
            i["keys"] = torch.cat([i["keys"], normal(g, o.pop("more"), shape[1])])
        return i

    extra = lambda g, s: {"negatives": normal(g, 3, s[1]), "temperature": 0.2}
    chosen = lambda g, s: {"targets": integers(g, s[0], s[0]), "temperature": 0.5}
    variants = [("default temperature 0.07", {}), ("learned temperature 0.5", learned(0.5)), ("temperature 0.2, symmetric", {"temperature": 0.2, "symmetric": True}),
                ("not normalised", {"normalize": False, "temperature": 2}), ("extra negatives", extra), ("targets by index", chosen),
                ("positive excluded from the denominator", {"excludePositive": True, "temperature": 0.5}),
                ("symmetric, positive excluded, learned temperature", {"excludePositive": True, "symmetric": True, **learned(0.25)}),
                ("more keys than queries", lambda g, s: {"more": 2, "temperature": 0.5}),
                ("more keys, targets, extra negatives, learned temperature", lambda g, s: {"more": 2, **learned(0.75), "targets": integers(g, s[0] + 2, s[0]), "negatives": normal(g, 2, s[1])}),
                ("extra negatives, positive excluded, not normalised", lambda g, s: {**extra(g, s), "temperature": 2, "excludePositive": True, "normalize": False})]
    sweep(book, 311, make, variants, sizes, poison=False, wrt=["queries", "keys", "negatives"])
    both = {"queries": table((1, 2), (0, 0), (-1, 0.5)), "keys": table((1, 1), (0.5, -1), (0, 0))}
    names = ["queries", "keys"]
    for symmetric in (False, True):
        book.add(f"zero rows: similarity 0 and gradient 0{', symmetric' if symmetric else ''}", both, {"temperature": scalar(0.5), "reduction": "none", "symmetric": symmetric}, probe=False)
    book.add("one pair: 0 with no gradient", {"queries": table((1, 2)), "keys": table((2, 1))}, {}, probe=False)
    close = table((1, 0, 0), (0, 1, 0), (0, 0, 1))
    book.add("temperature 0.01 with perfect pairs", {"queries": close, "keys": close}, {"temperature": 0.01, "reduction": "none"})
    book.add("temperature 0.01 with swapped pairs", {"queries": close, "keys": close[[1, 0, 2]]}, {"temperature": scalar(0.01), "reduction": "none"})
    book.add("identical rows everywhere: ln N", {"queries": table((1, 2), (1, 2), (1, 2)), "keys": table((1, 2), (1, 2), (1, 2))}, {"reduction": "none"})
    book.add("a larger batch (8, 16)", vectors(*names)(seeded(5), (8, 16), {}), {"temperature": scalar(0.125), "symmetric": True})
    book.save()

    book = Book("infoNCEScores", rowwise(info_nce_scores))
    sweep(book, 312, lambda g, s, o: {"scores": normal(g, *s, scale=2)}, [("default temperature", {}), ("temperature 0.5", {"temperature": 0.5}), ("learned temperature 2", learned(2.0)), ("learned temperature 0.25", learned(0.25))], [(4, 4), (3, 6), (5, 2)])
    book.add("no negative: 0", {"scores": table((3,), (1,))}, {"reduction": "none"})
    book.add("scores of 1e3", {"scores": table((1000, 0, -5), (0, 1000, 1))}, {"reduction": "none"})
    book.save()

    book = Book("clip", clip)
    variants = [("default scale 1/0.07", {}), ("learned logit scale ln 5", lambda g, s: {"logitScale": f32(math.log(5))}), ("logit scale 1.5", {"logitScale": 1.5}),
                ("learned logit scale 0", lambda g, s: {"logitScale": scalar(0.0)})]
    sweep(book, 313, vectors("images", "texts"), variants, sizes, poison=False)
    book.add("zero rows: similarity 0 and gradient 0", {"images": both["queries"], "texts": both["keys"]}, {"logitScale": scalar(1.0), "reduction": "none"}, probe=False)
    book.add("the scale's usual ceiling of 100", vectors("images", "texts")(seeded(6), (4, 8), {}), {"logitScale": f32(math.log(100))})
    book.save()

    for loss, f, default, seed in (("ntXent", nt_xent, 0.5, 314), ("dcl", dcl, 0.1, 315)):
        book = Book(loss, f)
        variants = [(f"default temperature {default}", {}), ("temperature 0.2", {"temperature": 0.2}), ("temperature 0.07", {"temperature": 0.07}), ("learned temperature 0.5", learned(0.5))]
        sweep(book, seed, vectors("a", "b"), variants, sizes, poison=False)
        book.add("zero rows: similarity 0 and gradient 0", {"a": both["queries"], "b": both["keys"]}, {"reduction": "none"}, probe=False)
        if loss == "ntXent":
            book.add("one pair: 0 with no gradient", {"a": table((1, 2)), "b": table((2, 1))}, {"reduction": "none"}, probe=False)
        book.add("identical views", {"a": normal(seeded(3), 3, 4), "b": normal(seeded(3), 3, 4)}, {"reduction": "none"})
        book.save()

    book = Book("sigLIP", sig_lip)
    variants = [("default scale 10, bias -10", {}), ("learned scale and bias", {"scale": scalar(10), "bias": scalar(-10)}), ("scale 5, bias 0", {"scale": 5, "bias": 0}),
                ("learned bias alone", {"bias": scalar(-2.5)}), ("learned scale alone", {"scale": scalar(3)})]
    sweep(book, 316, vectors("images", "texts"), variants, sizes, poison=False)
    book.add("zero rows: similarity 0 and gradient 0", {"images": both["queries"], "texts": both["keys"]}, {"scale": scalar(10), "bias": scalar(-10), "reduction": "none"}, probe=False)
    book.add("one pair has no negatives", {"images": table((1, 2)), "texts": table((2, 1))}, {"scale": scalar(10), "bias": scalar(-10)})
    book.add("scale 1000: no overflow", vectors("images", "texts")(seeded(8), (3, 4), {}), {"scale": 1000, "bias": 0, "reduction": "none"})
    book.save()

    book = Book("supCon", sup_con)

    def make_labels(g, shape, o):
        return {"features": normal(g, *shape), "labels": torch.cat([torch.tensor([0, 1, 0]), integers(g, 2, shape[0] - 3)])}

    variants = [("default temperature 0.07", {}), ("temperature 0.2", {"temperature": 0.2}), ("learned temperature 0.5", learned(0.5))]
    sweep(book, 317, make_labels, variants, [(5, 3), (6, 4), (4, 5)], poison=False)
    x = normal(seeded(9), 5, 3)
    for r in NAMED_REDUCTIONS:
        book.add(f"anchors without a positive are left out of the mean, {r}", {"features": x, "labels": torch.tensor([0, 1, 0, 2, 0])}, {"temperature": 0.5, "reduction": r})
    for e in ("nan", "zero"):
        book.add(f"no anchor has a positive: value {e}, gradient exactly 0", {"features": x, "labels": torch.arange(5)}, {"emptyMean": e})
    book.add("all of one class", {"features": x, "labels": torch.zeros(5, dtype=torch.int64)}, {"temperature": 0.5, "reduction": "none"})
    book.add("a zero row: similarity 0 and gradient 0", {"features": table((1, 2), (0, 0), (-1, 0.5), (2, 0)), "labels": torch.tensor([0, 0, 1, 1])}, {"temperature": 0.5, "reduction": "none"}, probe=False)
    book.save()


# ---- triplets and pairs ------------------------------------------------------------------------------

def measure(o):
    kind, p, eps = option(o, "distance", "l2"), option(o, "p", 2), option(o, "eps", 0.0)
    return {
        "l2": lambda x, y: distance(x, y, 2, eps),
        "p": lambda x, y: distance(x, y, p, eps),
        "squared": lambda x, y: ((x - y) ** 2).sum(-1),
        "cosine": lambda x, y: 1 - cosine(x, y),
    }[kind]


def positive_part(x, o):
    if option(o, "kink", "zero") == "torch":
        return torch.clamp(x, min=0)
    return torch.where(x > 0, x, torch.zeros(()))


def triplet(i, o):
    d = measure(o)
    a, p, n = i["anchors"], i["positives"], i["negatives"]
    far = d(a, n)
    if option(o, "swap", False):
        far = torch.minimum(far, d(p, n))
    l = positive_part(d(a, p) - far + option(o, "margin", 1.0), o)
    if option(o, "distance", "l2") in ("l2", "p") and option(o, "eps", 0.0):
        want = F.triplet_margin_loss(a, p, n, margin=option(o, "margin", 1.0), p=option(o, "p", 2), eps=o["eps"], swap=option(o, "swap", False), reduction="none")
        assert torch.allclose(l, want, rtol=1e-12)
    return l


def mining(i, o):
    x, y = i["embeddings"], i["labels"]
    n = len(y)
    d = measure(o)(x[:, None], x[None])
    margin, how = option(o, "margin", 1.0), option(o, "mining", "all")
    losses, keep = [], []
    for a in range(n):
        pos = [j for j in range(n) if j != a and y[j] == y[a]]
        neg = [j for j in range(n) if y[j] != y[a]]
        keep.append(bool(pos and neg))
        if not keep[-1]:
            losses.append(torch.zeros(()))
            continue
        if how == "all":
            pairs = [(p, k) for p in pos for k in neg]
        elif how == "hard":
            pairs = [(max(pos, key=lambda j: d[a, j].item()), min(neg, key=lambda j: d[a, j].item()))]
        else:
            pairs = []
            for p in pos:
                farther = [j for j in neg if d[a, j] > d[a, p]]
                pairs.append((p, min(farther, key=lambda j: d[a, j].item()) if farther else max(neg, key=lambda j: d[a, j].item())))
        losses.append(torch.stack([positive_part(d[a, p] - d[a, k] + margin, o) for p, k in pairs]).mean())
    return Rows(torch.stack(losses), torch.tensor(keep))


def contrastive(i, o):
    d, y = distance(i["a"], i["b"]), i["targets"]
    return y * ((i["a"] - i["b"]) ** 2).sum(-1) + (1 - y) * torch.clamp(option(o, "margin", 1.0) - d, min=0) ** 2


def cosine_embedding(i, o):
    c, y = cosine(i["a"], i["b"]), i["targets"]
    l = torch.where(y == 1, 1 - c, positive_part(c - option(o, "margin", 0.0), {}))
    if (lengths(i["a"]) > 0.1).all() and (lengths(i["b"]) > 0.1).all() and len(y):
        assert torch.allclose(l, F.cosine_embedding_loss(i["a"], i["b"], y, margin=option(o, "margin", 0.0), reduction="none"), rtol=1e-8, atol=1e-9)
    return l


def away_from_kink(make, f, name):
    """Moves the triples whose hinge lies within 0.02 of its kink."""

    def made(g, shape, o):
        for _ in range(100):
            i = make(g, shape, o)
            soft = f(i, {**o, "margin": option(o, "margin", 1.0) + 0.02})
            hard = f(i, {**o, "margin": max(option(o, "margin", 1.0) - 0.02, 0)})
            if not ((soft > 0) & (hard == 0)).any():
                return i
        raise AssertionError(f"{name}: no inputs away from the kink")

    return made


def tuples():
    names = ("anchors", "positives", "negatives")
    book = Book("triplet", rowwise(triplet))
    variants = [("default l2", {}), ("squared", {"distance": "squared"}), ("cosine", {"distance": "cosine", "margin": 0.5}), ("p 1", {"distance": "p", "p": 1}),
                ("p 3", {"distance": "p", "p": 3}), ("p 2 by name", {"distance": "p", "p": 2}), ("p Infinity", {"distance": "p", "p": INF}), ("margin 0.25", {"margin": 0.25}), ("l2, swap", {"swap": True}),
                ("squared, swap", {"distance": "squared", "swap": True}), ("cosine, swap", {"distance": "cosine", "swap": True}), ("p 1, swap", {"distance": "p", "p": 1, "swap": True}),
                ("eps 1e-6 as torch", {"eps": 1e-6}), ("eps 1e-6 and swap as torch", {"eps": 1e-6, "swap": True}), ("eps 1e-6, p 1 as torch", {"eps": 1e-6, "distance": "p", "p": 1})]
    make = vectors(*names)
    sweep(book, 321, away_from_kink(make, triplet, "triplet"), variants, [(4, 3), (5, 2), (3, 6)])
    far = {"anchors": table((0, 0), (0, 0)), "positives": table((1, 0), (0, 0.5)), "negatives": table((2, 0), (0, 3))}
    for kink in ("zero", "torch"):
        book.add(f"at the kink the gradient is {'0' if kink == 'zero' else 'active'}, kink {kink}", far, {"reduction": "none", "kink": kink}, probe=False)
    same = table((1, 2), (0, 1))
    book.add("anchor = positive = negative: value margin and gradient 0 (torch: ±0.7071 from its eps)", {k: same for k in names}, {"reduction": "none"}, probe=False)
    book.add("anchor = positive: only the negative pulls", {"anchors": same, "positives": same, "negatives": same + 0.25}, {"reduction": "none"}, probe=False)
    book.add("a zero row under cosine: similarity 0 and gradient 0", {"anchors": table((0, 0), (1, 2)), "positives": table((1, 2), (0, 0)), "negatives": table((2, 1), (1, 1))},
             {"distance": "cosine", "reduction": "none"}, probe=False)
    book.add("rows of 1e20 under l2", {"anchors": table((0, 0)), "positives": table((3e20, 4e20)), "negatives": table((1e20, 0))}, {"reduction": "none"})
    book.save()

    book = Book("tripletMining", mining)

    def make_labels(g, shape, o):
        y = torch.cat([torch.tensor([0, 1, 0, 1]), integers(g, 3, shape[0] - 4)])
        return {"embeddings": normal(g, *shape), "labels": y}

    variants = [(f"{m}, {d}", {"mining": m, "distance": d}) for m in ("all", "hard", "semiHard") for d in ("l2", "squared", "cosine")]
    variants += [("default options", {}), *[(f"{m}, margin 0.25", {"mining": m, "margin": 0.25}) for m in ("all", "hard", "semiHard")]]

    def settled(g, shape, o):
        for _ in range(100):
            i = make_labels(g, shape, o)
            e, margin = 0.01, option(o, "margin", 1.0)
            x = i["embeddings"]
            d = measure(o)(x[:, None], x[None])
            gap = d[:, :, None] - d[:, None, :]
            n = torch.arange(shape[0])
            ordered = (n[None, :, None] != n[None, None, :]) & (n[:, None, None] != n[None, :, None]) & (n[:, None, None] != n[None, None, :])
            if not ((gap.abs() < 1e-3) & ordered).any() and not (((gap + margin).abs() < e / 4) & ordered).any():
                return i
        raise AssertionError("tripletMining: no settled inputs")

    sweep(book, 322, settled, variants, [(6, 3), (5, 2), (7, 4)], poison=False)
    x = normal(seeded(4), 5, 3)
    for m in ("all", "hard", "semiHard"):
        book.add(f"an anchor without positive is left out of the mean, {m}", {"embeddings": x, "labels": torch.tensor([0, 0, 1, 2, 2])}, {"mining": m})
        book.add(f"one class only: no triplet, value nan, {m}", {"embeddings": x, "labels": torch.zeros(5, dtype=torch.int64)}, {"mining": m})
        book.add(f"all classes differ: no triplet, value zero, {m}", {"embeddings": x, "labels": torch.arange(5)}, {"mining": m, "emptyMean": "zero"})
    book.save()

    book = Book("contrastive", rowwise(contrastive), wrt=["a", "b"])

    def make_pairs(g, shape, o):
        i = vectors("a", "b")(g, shape, o)
        return {**i, "targets": integers(g, 2, shape[0]).double()}

    sweep(book, 323, make_pairs, [("default margin", {}), ("margin 2", {"margin": 2}), ("margin 0.5", {"margin": 0.5})], [(5, 3), (4, 2), (3, 6)])
    book.add("identical rows of different classes: margin² with gradient 0 (torch: NaN)", {"a": same, "b": same, "targets": f32([0, 1])}, {"reduction": "none"}, probe=False)
    book.save()

    book = Book("cosineEmbedding", rowwise(cosine_embedding), wrt=["a", "b"])

    def make_signs(g, shape, o):
        i = vectors("a", "b")(g, shape, o)
        y = integers(g, 2, shape[0]) * 2.0 - 1
        assert ((cosine(i["a"], i["b"]) - option(o, "margin", 0.0)).abs() > 0.001).all()
        return {**i, "targets": y}

    sweep(book, 324, make_signs, [("default margin", {}), ("margin 0.5", {"margin": 0.5}), ("margin -0.5", {"margin": -0.5})], [(5, 3), (4, 2), (3, 6)])
    zero = {"a": table((0, 0), (0, 0), (1, 2)), "b": table((1, 2), (1, 2), (0, 0)), "targets": f32([1, -1, 1])}
    book.add("zero rows: similarity 0, gradient 0 (torch: -1e6)", zero, {"reduction": "none"}, probe=False)
    book.add("rows of 1e20: no overflow (torch float32: NaN), gradient to the moderate row", {"a": table((1e20, 2e20)), "b": table((1, 1)), "targets": f32([1])}, {"reduction": "none"}, wrt=["b"])
    book.add("parallel rows: 0", {"a": table((1, 2), (1, 2)), "b": table((2, 4), (-1, -2)), "targets": f32([1, -1])}, {"reduction": "none"}, probe=False)
    book.save()


def build():
    similarities()
    contrastive_batch()
    tuples()


if __name__ == "__main__":
    build()
