"""Sequence log-probabilities, ELBO, boxes and overlap losses."""

import math

import torch

from oracle import *


def table(*r):
    return f32([list(x) for x in r])


# ---- log-probability of sequences ----------------------------------------------------------------

def sequence_log_probs(i, o):
    z, y = i["logits"] / option(o, "temperature", 1.0), i["labels"]
    ignore = option(o, "ignoreIndex", -100)
    keep = y != ignore
    if option(o, "shift", False):
        y = torch.cat([y[:, 1:], torch.zeros_like(y[:, :1])], 1)
        keep = y != ignore
        keep[:, -1] = False
    m = o.get("mask", torch.ones(y.shape)).double() * keep
    at = (m != 0).reshape(-1).nonzero().squeeze(1)
    flat = z.reshape(-1, z.shape[-1])[at]
    logp = torch.log_softmax(flat, -1).gather(1, y.reshape(-1)[at][:, None]).squeeze(1)
    total = (m * scatter(y.shape, at, logp)).sum(1)
    if not option(o, "average", False):
        return total
    count = m.sum(1)
    return torch.where(count == 0, torch.zeros(()), total / torch.where(count == 0, torch.ones(()), count))


def sequences():
    book = Function("sequenceLogProbs", sequence_log_probs)
    g = seeded(401)
    flags = [("sum", {}), ("average", {"average": True}), ("sum, shift", {"shift": True}), ("average, shift", {"average": True, "shift": True})]
    for words, o in flags:
        z, y = normal(g, 2, 4, 5, scale=2), integers(g, 5, 2, 4)
        pad = torch.where(bits(g, 2, 4, p=0.6) == 0, torch.full((), -100), y)
        zeros = torch.where(bits(g, 2, 4, p=0.6) == 0, torch.zeros((), dtype=torch.int64), y)
        m = bits(g, 2, 4)
        book.add(f"{words}, every token", {"logits": z, "labels": y}, o)
        book.add(f"{words}, a mask", {"logits": z, "labels": y}, {**o, "mask": m})
        book.add(f"{words}, ignored labels", {"logits": z, "labels": pad}, o)
        book.add(f"{words}, pad id 0 ignored", {"logits": z, "labels": zeros}, {**o, "ignoreIndex": 0})
        book.add(f"{words}, a mask and ignored labels", {"logits": z, "labels": pad}, {**o, "mask": m})
        book.add(f"{words}, upstream per sequence", {"logits": z, "labels": y}, {**o, "upstream": normal(g, 2)})
        book.add(f"{words}, upstream 0.5 and a mask", {"logits": z, "labels": y}, {**o, "mask": m, "upstream": 0.5})
        gone = m.clone()
        gone[0] = 0
        book.add(f"{words}, a sequence masked out whole is 0", {"logits": z, "labels": y}, {**o, "mask": gone})
        poison = z.clone()
        if not o.get("shift"):
            poison[m == 0] = NAN
            book.add(f"{words}, masked logits of NaN are never read", {"logits": poison, "labels": y}, {**o, "mask": m})
    book.add("logits of 1e4", {"logits": table((1e4, 0, -1e4), (0, 0, 0))[None], "labels": torch.tensor([[1, 2]])}, probe=False)
    book.add("one token", {"logits": normal(g, 3, 1, 4), "labels": integers(g, 4, 3, 1)})
    for temperature in (0.5, 2.5):
        for words, o in flags:
            z, y, m = normal(g, 2, 4, 5, scale=2), integers(g, 5, 2, 4), bits(g, 2, 4)
            book.add(f"{words}, temperature {temperature}, a mask", {"logits": z, "labels": y}, {**o, "mask": m, "temperature": temperature})
    book.save()


# ---- ELBO ------------------------------------------------------------------------------------------

def elbo(i, o):
    x, t, mu, lv = i["reconstructions"], i["targets"], i["means"], i["logVariances"]
    if option(o, "reconstruction", "bernoulli") == "bernoulli":
        part = t * softplus(-x) + (1 - t) * softplus(x)
    else:
        part = 0.5 * (x - t) ** 2
    divergence = 0.5 * (torch.expm1(lv) - lv + mu**2)
    return part.flatten(1).sum(1) + option(o, "beta", 1.0) * divergence.flatten(1).sum(1)


def lower_bound():
    def run(inputs, options):
        n = inputs["means"].shape[0]
        at = kept((n,), options)
        return Rows(scatter((n,), at, elbo({k: x[at] for k, x in inputs.items()}, options)))

    book = Book("elbo", run)

    def make(g, shape, o):
        n, pixels, latent = shape
        bernoulli = option(o, "reconstruction", "bernoulli") == "bernoulli"
        return {"reconstructions": normal(g, n, pixels, scale=2), "targets": uniform(g, n, pixels) if bernoulli else normal(g, n, pixels),
                "means": normal(g, n, latent), "logVariances": normal(g, n, latent)}

    variants = [("default Bernoulli", {}), ("Gaussian", {"reconstruction": "gaussian"}), ("Bernoulli, beta 4", {"reconstruction": "bernoulli", "beta": 4}),
                ("Gaussian, beta 0.25", {"reconstruction": "gaussian", "beta": 0.25}), ("Bernoulli, beta 0", {"beta": 0})]
    sweep(book, 402, make, variants, [(3, 4, 2), (2, 5, 3), (4, 2, 2)])
    z = {"means": torch.zeros(2, 2), "logVariances": torch.zeros(2, 2)}
    book.add("at the prior only the reconstruction is left", {"reconstructions": table((1, -1, 0), (0, 2, 1)), "targets": table((1, 0, 1), (0, 1, 0.5)), **z}, {"reduction": "none"})
    book.add("logits of ±1000", {"reconstructions": table((1000, -1000), (1000, -1000)), "targets": table((1, 0), (0, 1)), **z}, {"reduction": "none"})
    book.save()


# ---- boxes -------------------------------------------------------------------------------------------

def iou(i, o):
    """Corners x1 y1 x2 y2. torchvision's formulas without its eps; ciou's alpha is a constant."""
    a, b = i["boxes"], i["targets"]
    x1, y1, x2, y2 = a.unbind(-1)
    u1, v1, u2, v2 = b.unbind(-1)
    w = torch.clamp(torch.minimum(x2, u2) - torch.maximum(x1, u1), min=0)
    h = torch.clamp(torch.minimum(y2, v2) - torch.maximum(y1, v1), min=0)
    inter = w * h
    union = (x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - inter
    ratio = inter / union
    kind = option(o, "variant", "iou")
    hull_w = torch.maximum(x2, u2) - torch.minimum(x1, u1)
    hull_h = torch.maximum(y2, v2) - torch.minimum(y1, v1)
    if kind == "iou":
        return 1 - ratio
    if kind == "giou":
        hull = hull_w * hull_h
        return 1 - (ratio - (hull - union) / hull)
    centre = ((x1 + x2 - u1 - u2) ** 2 + (y1 + y2 - v1 - v2) ** 2) / 4
    l = 1 - ratio + centre / (hull_w**2 + hull_h**2)
    if kind == "diou":
        return l
    v = 4 / math.pi**2 * (torch.atan((u2 - u1) / (v2 - v1)) - torch.atan((x2 - x1) / (y2 - y1))) ** 2
    down = 1 - ratio + v
    alpha = torch.where(v == 0, torch.zeros(()), v / torch.where(down == 0, torch.ones(()), down)).detach()
    return l + alpha * v


def boxes():
    book = Book("iou", rowwise(iou))

    def make(g, shape, o):
        corner = uniform(g, *shape, 2, low=0, high=2)
        size = uniform(g, *shape, 2, low=0.5, high=3)
        shift = uniform(g, *shape, 2, low=-0.75, high=0.75) + 0.001953125
        other = uniform(g, *shape, 2, low=0.5, high=3)
        return {"boxes": torch.cat([corner, corner + size], -1), "targets": torch.cat([corner + shift, corner + shift + other], -1)}

    kinds = ("iou", "giou", "diou", "ciou")
    # the central difference would see ciou's alpha move
    sweep(book, 403, make, [(k, {"variant": k}) for k in kinds[:3]] + [("default variant", {})], [(4,), (3,), (2, 3)])
    sweep(book, 404, make, [("ciou, alpha held constant", {"variant": "ciou"})], [(4,), (3,), (2, 3)], probe=False)
    for k in kinds:
        apart = {"boxes": table((0, 0, 1, 1)), "targets": table((2, 3, 3, 5))}
        book.add(f"disjoint boxes, {k}", apart, {"variant": k, "reduction": "none"}, probe=False)
        book.add(f"a box inside the other, {k}", {"boxes": table((1, 1, 2, 3)), "targets": table((0, 0, 4, 4))}, {"variant": k, "reduction": "none"}, probe=False)
        book.add(f"equal boxes have loss 0, {k}", {"boxes": table((0, 1, 2, 3)), "targets": table((0, 1, 2, 3))}, {"variant": k, "reduction": "none"}, gradients=False)
    book.save()


# ---- overlap -----------------------------------------------------------------------------------------

def overlap(formula):
    def run(inputs, options):
        n = inputs["probabilities"].shape[0]
        at = kept((n,), options)
        p, t = inputs["probabilities"][at].flatten(1), inputs["targets"][at].flatten(1)
        return Rows(scatter((n,), at, formula(p, t, options)))

    return run


def dice(p, t, o):
    s = option(o, "smooth", 1.0)
    return 1 - (2 * (p * t).sum(1) + s) / (p.sum(1) + t.sum(1) + s)


def tversky(p, t, o):
    s = option(o, "smooth", 1.0)
    hit, false_alarm, miss = (p * t).sum(1), (p * (1 - t)).sum(1), ((1 - p) * t).sum(1)
    return 1 - (hit + s) / (hit + option(o, "alpha", 0.5) * false_alarm + option(o, "beta", 0.5) * miss + s)


def overlaps():
    turn = [0]

    def make(g, shape, o):
        turn[0] += 1
        return {"probabilities": uniform(g, *shape), "targets": integers(g, 2, *shape).double() if turn[0] % 2 else uniform(g, *shape)}

    shapes = [(3, 5), (2, 3, 4), (2, 2, 2, 2)]
    nothing = {"probabilities": torch.zeros(2, 3), "targets": torch.zeros(2, 3)}
    perfect = {"probabilities": table((1, 0, 1)), "targets": table((1, 0, 1))}
    for loss, f, seed, variants in (
        ("dice", dice, 405, [("default smooth", {}), ("smooth 0", {"smooth": 0}), ("smooth 0.125", {"smooth": 0.125})]),
        ("tversky", tversky, 406, [("default options", {}), ("alpha 0.3, beta 0.7", {"alpha": 0.3, "beta": 0.7}), ("alpha 1, beta 1 is Jaccard", {"alpha": 1, "beta": 1}),
                                   ("alpha 0.7, beta 0.3, smooth 0.125", {"alpha": 0.7, "beta": 0.3, "smooth": 0.125})]),
    ):
        book = Book(loss, overlap(f))
        sweep(book, seed, make, variants, shapes)
        book.add("nothing there and nothing found: 0", nothing, {"reduction": "none"}, probe=False)
        book.add("a perfect match: 0", perfect, {"reduction": "none"}, probe=False)
        book.save()


def build():
    sequences()
    lower_bound()
    boxes()
    overlaps()


if __name__ == "__main__":
    build()
