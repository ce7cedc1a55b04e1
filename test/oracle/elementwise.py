"""Element-wise losses: regression, binary classification, margins, likelihoods, policies."""

import math

import torch
import torch.nn.functional as F

from oracle import *

SHAPES = [(7,), (3, 4), (2, 3, 3)]
rows = lambda *r: f32([list(x) for x in r])


def pair(first, second, scale=1.5, away=(0.0,), margin=0.05):
    """Two normal tensors whose difference stays `margin` away from the kinks in `away` (up to sign)."""

    def make(g, shape, options):
        x, y = normal(g, *shape, scale=scale), normal(g, *shape, scale=scale)
        for _ in range(50):
            near = torch.zeros(shape, dtype=torch.bool)
            for k in away(options) if callable(away) else away:
                near |= ((x - y).abs() - k).abs() < margin
            x = torch.where(near, x + 0.125, x)
        return {first: x, second: y}

    return make


# ---- regression ----------------------------------------------------------------------------------

def log_cosh(r):
    """log cosh r, through sinh where r is small: |r| + log1p(e^-2|r|) - ln 2 cancels there."""
    small = r.abs() < 1
    s = torch.where(small, r, torch.zeros(()))
    b = torch.where(small, torch.ones(()), r)
    return torch.where(small, torch.log1p(2 * torch.sinh(s / 2) ** 2), b.abs() + torch.log1p(torch.exp(-2 * b.abs())) - math.log(2))


def regression():
    names = ("predictions", "targets")
    nan, inf = NAN, INF

    def both(f):
        return elementwise(lambda i, o: f(i["predictions"], i["targets"], o))

    def write(loss, f, variants, away=(0.0,), corners=None):
        book = Book(loss, both(f))
        sweep(book, len(loss) * 31, pair(*names, away=away), variants, SHAPES)
        g = seeded(3)
        book.add("full 24-bit float32 numbers, mean", {k: single(torch.randn(5, 5, generator=g)) for k in names}, probe=False)
        corners(book)
        book.save()

    def at(*pairs):
        return {"predictions": f32([p for p, _ in pairs]), "targets": f32([t for _, t in pairs])}

    def mse(book):
        book.add("torch's weighted mean is reduction weightedMean: 2.25", at((1, 0), (2, 0), (3, 0), (0, 0.5)),
                 {"sampleWeight": f32([1, 3, 0, 2]), "reduction": "weightedMean"})
        book.add("NaN stays NaN, infinity gives infinity", at((nan, 0), (inf, 0), (-inf, 1), (0, inf)), {"reduction": "none"})
        book.add("huge residuals: 1e18 squared", at((1e18, 0), (0, 1e18)), {"reduction": "none"})
        book.add("equal numbers: 0 and gradient 0", at((1, 1), (0, 0)), {})
        empty = {"predictions": torch.zeros(0), "targets": torch.zeros(0)}
        for e in ("nan", "zero"):
            book.add(f"an empty mean is {e}", empty, {"emptyMean": e})
        book.add("an empty sum is 0", empty, {"reduction": "sum"})

    write("mse", lambda p, t, o: F.mse_loss(p, t, reduction="none"), [("mse", {})], corners=mse)

    def mae(book):
        book.add("torch's weighted mean is reduction weightedMean: 4/3", at((1, 0), (2, 0), (3, 0), (0, 0.5)),
                 {"sampleWeight": f32([1, 3, 0, 2]), "reduction": "weightedMean"})
        book.add("gradient 0 at equality", at((1, 1), (0, 0), (2, 1)), {"reduction": "none"}, probe=False)
        book.add("a NaN residual has value NaN and gradient 0; infinity has gradient 1", at((nan, 0), (inf, 0), (-inf, 0)), {"reduction": "none"})

    write("mae", lambda p, t, o: F.l1_loss(p, t, reduction="none"), [("mae", {})], corners=mae)

    deltas = [(f"delta {d}", {"delta": d}) for d in (1, 0.5, 3, 0.1)]

    def huber(book):
        book.add("weights do not change the mean's denominator, as torch: 1.3125", at((1, 0), (2, 0), (3, 0), (0, 0.5)),
                 {"sampleWeight": f32([1, 3, 0, 2])})
        book.add("the join at delta has value delta²/2 and gradient delta", at((1.5, 0), (-1.5, 0), (0, 0)), {"delta": 1.5, "reduction": "none"}, probe=False)
        book.add("NaN stays NaN; infinity has gradient delta", at((nan, 0), (inf, 0), (-inf, 0)), {"delta": 2, "reduction": "none"})
        book.add("a residual of 9999 at delta 3", at((2, 0), (3, 0), (9999, 0)), {"delta": 3, "reduction": "none"}, probe=False)

    write("huber", lambda p, t, o: F.huber_loss(p, t, reduction="none", delta=option(o, "delta", 1.0)),
          [("default delta", {}), *deltas], away=lambda o: (0.0, option(o, "delta", 1.0)), corners=huber)

    def smooth(book):
        book.add("the join at beta has value beta/2 and gradient 1", at((1.5, 0), (-1.5, 0), (0, 0)), {"beta": 1.5, "reduction": "none"}, probe=False)
        book.add("beta 0 is the L1 loss: gradient 0 at equality", at((1.5, 0), (0, 0), (-2, 0)), {"beta": 0, "reduction": "none"}, probe=False)
        book.add("NaN stays NaN; infinity has gradient 1", at((nan, 0), (inf, 0), (-inf, 0)), {"beta": 2, "reduction": "none"})

    write("smoothL1", lambda p, t, o: F.smooth_l1_loss(p, t, reduction="none", beta=option(o, "beta", 1.0)),
          [("default beta", {}), *[(f"beta {b}", {"beta": b}) for b in (0.5, 3, 0.1, 0)]],
          away=lambda o: (0.0, option(o, "beta", 1.0)), corners=smooth)

    def cosh(book):
        book.add("small residuals keep their relative accuracy", at((0.001953125, 0), (0, 0.0009765625), (0, 0)), {"reduction": "none"})
        book.add("large residuals do not overflow", at((100, 0), (-1000, 0), (1e10, 0)), {"reduction": "none"})
        book.add("infinity has gradient 1, NaN stays NaN", at((inf, 0), (-inf, 0), (nan, 0)), {"reduction": "none"})

    write("logCosh", lambda p, t, o: log_cosh(p - t), [("log-cosh", {})], corners=cosh)

    def msle(p, t, o):
        return (torch.log1p(p) - torch.log1p(t)) ** 2

    book = Book("msle", both(msle))
    sweep(book, 71, lambda g, s, o: {k: uniform(g, *s, low=-0.5, high=4) for k in names}, [("msle", {})], SHAPES)
    book.add("zeros", at((0, 0), (0, 3), (1, 0)), {"reduction": "none"})
    book.add("numbers around 1e6", at((1e6, 1.5e6), (2e6, 1), (0, 1e6)), {"reduction": "none"}, probe=False)
    book.save()

    def mape(p, t, o):
        return 100 * (p - t).abs() / torch.clamp(t.abs(), min=option(o, "eps", 1e-7))

    def make(g, shape, o):
        i = pair(*names)(g, shape, o)
        i["targets"] = i["targets"] + i["targets"].sign() * 0.5 + (i["targets"] == 0) * 1.0
        i["predictions"] = torch.where((i["predictions"] - i["targets"]).abs() < 0.05, i["predictions"] + 0.25, i["predictions"])
        return i

    book = Book("mape", both(mape))
    sweep(book, 72, make, [("default eps", {}), ("eps 0.125", {"eps": 0.125})], SHAPES)
    book.add("a target of 0 is divided by eps and has no gradient through it", at((1, 0), (-0.5, 0), (2, 1)), {"reduction": "none", "eps": 0.25}, probe=False)
    book.add("a target below the default eps", at((1, 0), (-0.5, 1e-9)), {"reduction": "none"}, probe=False)
    book.add("gradient 0 at equality", at((1, 1), (-2, -2)), {"reduction": "none"}, probe=False)
    book.save()

    # quantile
    def tau_of(inputs, o):
        tau = option(o, "tau", 0.5)
        o = dict(o)
        if isinstance(tau, list):
            o["tau"] = torch.tensor(tau)
            inputs = {"predictions": inputs["predictions"], "targets": inputs["targets"][..., None].expand(inputs["predictions"].shape)}
        else:
            o["tau"] = torch.tensor(float(tau))
        return inputs, o

    def quantile(i, o):
        u = i["targets"] - i["predictions"]
        u = torch.where(u == 0, torch.zeros(()), u)
        return torch.where(u > 0, o["tau"] * u, (o["tau"] - 1) * u)

    def make_quantile(g, shape, o):
        tau = o.get("tau")
        if not isinstance(tau, list):
            return pair(*names)(g, shape, o)
        t = normal(g, *shape)
        p = normal(g, *shape, len(tau))
        return {"predictions": torch.where((p - t[..., None]).abs() < 0.05, p + 0.125, p), "targets": t}

    book = Book("quantile", elementwise(quantile, tau_of))
    lists = [[0.1, 0.5, 0.9], [0.25, 0.75]]
    sweep(book, 73, make_quantile, [("default tau", {}), *[(f"tau {t}", {"tau": t}) for t in (0.1, 0.9, 0.75)],
                                    *[(f"tau {t}", {"tau": t}) for t in lists]], SHAPES, poison=False)
    for r in ("none", "mean"):
        book.add(f"masked NaN predictions are never read, {r}", {"predictions": f32([1, nan, 3]), "targets": f32([0, nan, 4])},
                 {"tau": 0.9, "mask": torch.tensor([1, 0, 1], dtype=torch.uint8), "reduction": r})
    book.add("gradient 0 where prediction equals target", at((1, 1), (2, 1), (0, 1)), {"tau": 0.9, "reduction": "none"}, probe=False)
    book.add("a list of one tau keeps the last axis", {"predictions": f32([[1], [2]]), "targets": f32([3, 1])}, {"tau": [0.9], "reduction": "none"})
    book.save()


# ---- binary classification -----------------------------------------------------------------------

def weights_or(options, name):
    w = options.get(name)
    return 1.0 if w is None else w


def bce(i, o):
    p, y = i["probabilities"], i["targets"]
    if ((y < 0) | (y > 1)).any():  # only the central differences step outside
        l = -(y * torch.log(p) + (1 - y) * torch.log1p(-p))
    else:
        l = F.binary_cross_entropy(p, y, reduction="none")
    return l * weights_or(o, "weight")


def smooth_binary(y, o):
    e = option(o, "labelSmoothing", 0.0)
    return y * (1 - e) + e / 2


def bce_with_logits(i, o):
    z, y = i["logits"], smooth_binary(i["targets"], o)
    pw, w = weights_or(o, "posWeight"), weights_or(o, "weight")
    l = w * (zero_times(y, pw * softplus(-z)) + zero_times(1 - y, softplus(z)))
    want = F.binary_cross_entropy_with_logits(z, y, pos_weight=pw * torch.ones_like(z), reduction="none") * w
    fine = torch.isfinite(want) & torch.isfinite(z)
    assert torch.allclose(l[fine], want[fine], rtol=1e-11, atol=1e-12)
    return l


def sigmoid_focal(i, o):
    z, y = i["logits"], i["targets"]
    alpha, gamma = option(o, "alpha", 0.25), option(o, "gamma", 2.0)
    one = torch.exp(-gamma * softplus(z)) * softplus(-z)
    zero = torch.exp(-gamma * softplus(-z)) * softplus(z)
    a1, a0 = (1.0, 1.0) if alpha is None else (alpha, 1 - alpha)
    return y * a1 * one + (1 - y) * a0 * zero


def binary():
    def targets(g, shape, soft):
        return uniform(g, *shape) if soft else integers(g, 2, *shape).double()

    def weight_variants(names):
        out = []
        for n in names:
            out += [
                (f"{n} a number", {n: 2.5}),
                (f"{n} per class (C)", lambda g, s, n=n: {n: uniform(g, s[-1], low=0.25, high=4)}),
                (f"{n} of the full shape", lambda g, s, n=n: {n: uniform(g, *s, low=0.25, high=4)}),
            ]
        return out

    book = Book("bce", elementwise(bce))
    soft = [0]

    def make(g, shape, o):
        soft[0] += 1
        return {"probabilities": uniform(g, *shape, low=0.05, high=0.95), "targets": targets(g, shape, soft[0] % 2)}

    sweep(book, 81, make, [("bce", {}), *weight_variants(["weight"])], SHAPES)
    edge = {"probabilities": f32([0, 1, 0, 1]), "targets": f32([0, 1, 1, 0])}

    def exact(e):  # torch holds its 1e-12 in float32
        x = e["gradients"]["probabilities"]
        e["gradients"]["probabilities"] = torch.where(x.abs() > 1e11, (x / 1e10).round() * 1e10, x)

    book.add("probabilities 0 and 1: logs clamped at -100, gradient with the denominator clamped at 1e-12", edge,
             {"reduction": "none"}, wrt=["probabilities"], override=exact)
    book.add("probability 0 with target 1, mean", {"probabilities": f32([0, 0.5]), "targets": f32([1, 1])}, {}, wrt=["probabilities"], override=exact)
    book.add("soft targets of 0 and 1 exactly", {"probabilities": f32([0.25, 0.75]), "targets": f32([0, 1])}, {"reduction": "none"})
    book.save()

    book = Book("bceWithLogits", elementwise(bce_with_logits))

    def make(g, shape, o):
        soft[0] += 1
        return {"logits": normal(g, *shape, scale=3), "targets": targets(g, shape, soft[0] % 2)}

    variants = [("plain", {}), *weight_variants(["weight", "posWeight"]),
                *[(f"label smoothing {e}", {"labelSmoothing": e}) for e in (0.1, 0.3, 1)],
                ("weight, posWeight and smoothing together",
                 lambda g, s: {"weight": uniform(g, *s, low=0.25, high=2), "posWeight": uniform(g, s[-1], low=0.5, high=5), "labelSmoothing": 0.2})]
    sweep(book, 82, make, variants, SHAPES)
    z = lambda *x: f32(list(x))
    book.add("gradient 0.5 - y at logit 0", {"logits": z(0, 0, 0), "targets": z(0, 1, 0.5)}, {"reduction": "none"})
    book.add("logits of ±1000 are exact", {"logits": z(1000, -1000, 1000, -1000), "targets": z(1, 0, 0, 1)}, {"reduction": "none"})
    book.add("confident logits keep their relative accuracy", {"logits": z(20, -20, 40, -60), "targets": z(1, 0, 1, 0)}, {"reduction": "none"})
    book.add("targets outside [0, 1] are accepted", {"logits": z(3, 1, -2), "targets": z(2, -1, 1.5)}, {"reduction": "none"})
    infinite = {"logits": z(INF, -INF, INF, -INF), "targets": z(1, 0, 0, 1)}
    book.add("infinite logits: 0 where the target agrees (torch: NaN), else Infinity with gradient ±1", infinite, {"reduction": "none"}, wrt=["logits"])
    book.add("infinite logits that agree do not spoil the mean (torch: NaN)", {"logits": z(INF, -INF, 0.5), "targets": z(1, 0, 1)}, {}, wrt=["logits"])
    book.add("infinite logits with weights and posWeight (torch: NaN)", {"logits": z(INF, -INF, 0.5), "targets": z(1, 0, 1)},
             {"weight": z(1, 2, 3), "posWeight": 4}, wrt=["logits"])
    book.add("an infinite logit with a soft target is Infinity", {"logits": z(INF, -INF), "targets": z(0.5, 0.25)}, {"reduction": "none"}, wrt=["logits"])
    book.add("NaN logit", {"logits": z(NAN, 1), "targets": z(1, 0)}, {"reduction": "none"}, wrt=["logits"])
    book.save()

    book = Book("sigmoidFocal", elementwise(sigmoid_focal))
    variants = [("defaults", {}), ("alpha null", {"alpha": None}), ("alpha 0.75", {"alpha": 0.75}),
                *[(f"gamma {x}", {"gamma": x}) for x in (0, 0.5, 1, 5)], ("alpha null, gamma 0 is bceWithLogits", {"alpha": None, "gamma": 0}),
                ("alpha 0.5, gamma 1.5", {"alpha": 0.5, "gamma": 1.5})]
    sweep(book, 83, make, variants, SHAPES)
    for gamma in (0, 0.5, 2):
        book.add(f"logits of ±100 and ±1000, gamma {gamma}", {"logits": z(100, -100, 1000, -1000, 100, -1000), "targets": z(1, 1, 1, 1, 0, 0)},
                 {"gamma": gamma, "reduction": "none"})
    book.add("logit 0", {"logits": z(0, 0), "targets": z(0, 1)}, {"reduction": "none"})
    book.save()


# ---- margins ---------------------------------------------------------------------------------------

def hinge_part(x, o, active_at_zero):
    """max(0, x); at the kink 0, or with kink "torch" what torch's clamp_min does."""
    if active_at_zero and option(o, "kink", "zero") == "torch":
        return torch.clamp(x, min=0)
    return torch.where(x > 0, x, torch.zeros(()))


def signs(g, shape):
    return integers(g, 2, *shape) * 2.0 - 1


def margins():
    def make_scores(name, scale=1.5):
        def make(g, shape, o):
            y, s, m = signs(g, shape), normal(g, *shape, scale=scale), option(o, "margin", 1.0)
            return {name: torch.where((m - y * s).abs() < 0.05, s + 0.125, s), "targets": y}
        return make

    z = lambda *x: f32(list(x))
    margin = [("default margin", {}), *[(f"margin {m}", {"margin": m}) for m in (0.5, 2, 0)]]
    book = Book("hinge", elementwise(lambda i, o: hinge_part(option(o, "margin", 1.0) - i["targets"] * i["scores"], o, False)), wrt=["scores"])
    sweep(book, 91, make_scores("scores"), margin, SHAPES)
    book.add("gradient 0 at the kink", {"scores": z(1, -1, 2, 0), "targets": z(1, -1, 1, 1)}, {"reduction": "none"}, probe=False)
    book.add("gradient 0 at the kink as relu has it, kink torch", {"scores": z(1, -1), "targets": z(1, -1)}, {"reduction": "none", "kink": "torch"}, probe=False)
    book.save()

    book = Book("squaredHinge", elementwise(lambda i, o: hinge_part(option(o, "margin", 1.0) - i["targets"] * i["scores"], o, False) ** 2), wrt=["scores"])
    sweep(book, 92, make_scores("scores"), margin, SHAPES)
    book.add("smooth at the margin: 0 with gradient 0", {"scores": z(1, -1, 2, 0), "targets": z(1, -1, 1, 1)}, {"reduction": "none"})
    book.save()

    book = Book("softMargin", elementwise(lambda i, o: softplus(-i["targets"] * i["scores"])), wrt=["scores"])
    sweep(book, 93, lambda g, s, o: {"scores": normal(g, *s, scale=3), "targets": signs(g, s)}, [("soft margin", {})], SHAPES)
    book.add("no overflow at margins of -100 and -1000 (torch: Infinity and NaN in float32)", {"scores": z(-100, 1000, 100), "targets": z(1, -1, 1)}, {"reduction": "none"})
    book.save()

    def hinge_embedding(i, o):
        d, y = i["distances"], i["targets"]
        l = torch.where(y == 1, d, hinge_part(option(o, "margin", 1.0) - d, o, True))
        want = F.hinge_embedding_loss(d, y, margin=option(o, "margin", 1.0), reduction="none")
        assert torch.allclose(l, want, equal_nan=True)
        return l

    def make(g, shape, o):
        d, m = uniform(g, *shape, low=0.1, high=3), option(o, "margin", 1.0)
        return {"distances": torch.where((m - d).abs() < 0.05, d + 0.125, d), "targets": signs(g, shape)}

    book = Book("hingeEmbedding", elementwise(hinge_embedding), wrt=["distances"])
    sweep(book, 94, make, margin, SHAPES)
    kink = {"distances": z(1, 1, 0.5), "targets": z(-1, 1, -1)}
    book.add("gradient 0 at the kink (torch: -1)", kink, {"reduction": "none"}, probe=False)
    book.add("gradient -1 at the kink with kink torch", kink, {"reduction": "none", "kink": "torch"}, probe=False)
    book.save()

    def ranking(i, o):
        return hinge_part(-i["targets"] * (i["first"] - i["second"]) + option(o, "margin", 0.0), o, True)

    def make(g, shape, o):
        a, b, y, m = normal(g, *shape), normal(g, *shape), signs(g, shape), option(o, "margin", 0.0)
        a = torch.where((m - y * (a - b)).abs() < 0.05, a + 0.125, a)
        assert torch.equal(F.margin_ranking_loss(a, b, y, margin=m, reduction="none"), torch.clamp(-y * (a - b) + m, min=0))
        return {"first": a, "second": b, "targets": y}

    book = Book("marginRanking", elementwise(ranking), wrt=["first", "second"])
    sweep(book, 95, make, [("default margin", {}), *[(f"margin {m}", {"margin": m}) for m in (0.5, 1, 2)]], SHAPES)
    kink = {"first": z(1, 2, 0.5), "second": z(1, 2, 1), "targets": z(1, -1, 1)}
    book.add("gradient 0 at the kink (torch: active)", kink, {"reduction": "none"}, probe=False)
    book.add("active at the kink with kink torch", kink, {"reduction": "none", "kink": "torch"}, probe=False)
    book.add("kink at a margin of 0.5", {**kink, "first": z(1.5, 2, 0.5)}, {"reduction": "none", "margin": 0.5}, probe=False)
    book.add("kink at a margin of 0.5 with kink torch", {**kink, "first": z(1.5, 2, 0.5)}, {"reduction": "none", "margin": 0.5, "kink": "torch"}, probe=False)
    book.save()


# ---- likelihoods -----------------------------------------------------------------------------------

def gaussian_nll(i, o):
    mu, y, v = i["means"], i["targets"], i["variances"]
    kind, full, eps = option(o, "parameter", "variance"), option(o, "full", False), option(o, "eps", 1e-6)
    if kind == "variance":
        return F.gaussian_nll_loss(mu, y, v, full=full, eps=eps, reduction="none")
    tail = 0.5 * math.log(2 * math.pi) if full else 0.0
    if kind == "logVariance":
        return 0.5 * (v + (y - mu) ** 2 * torch.exp(-v)) + tail
    return 0.5 * (y - mu) ** 2 * torch.exp(-2 * v) + v + tail


def poisson_nll(i, o):
    x, t = i["predictions"], i["targets"]
    log_input, full, eps = option(o, "logInput", True), option(o, "full", False), option(o, "eps", 1e-8)
    l = torch.exp(x) - t * x if log_input else x - t * torch.log(x + eps)
    if full:
        big = t > 1
        s = torch.where(big, t, torch.ones(()))
        l = l + torch.where(big, s * torch.log(s) - s + 0.5 * torch.log(2 * math.pi * s), torch.zeros(()))
    want = F.poisson_nll_loss(x, t, log_input=log_input, full=full, eps=eps, reduction="none")
    assert torch.allclose(l, want, rtol=1e-13, equal_nan=True)
    return l


def gaussian_kl(i, o):
    mu, lv = i["means"], i["logVariances"]
    pm, pv = i.get("priorMeans", torch.zeros_like(mu)), i.get("priorLogVariances", torch.zeros_like(lv))
    d = lv - pv
    return 0.5 * (torch.expm1(d) - d + (mu - pm) ** 2 * torch.exp(-pv))


def gaussian_kl_full(i, o):
    mu, s, pm, p = i["means"], i["covariances"], i["priorMeans"], i["priorCovariances"]
    d = (pm - mu)[:, :, None]
    inverse = torch.linalg.inv(p)
    trace = (inverse @ s).diagonal(dim1=1, dim2=2).sum(1)
    square = (d.transpose(1, 2) @ inverse @ d)[:, 0, 0]
    return 0.5 * (trace + square - mu.shape[1] + torch.logdet(p) - torch.logdet(s))


def likelihoods():
    z = lambda *x: f32(list(x))
    book = Book("gaussianNLL", elementwise(gaussian_nll))

    def make(g, shape, o):
        positive = option(o, "parameter", "variance") == "variance"
        v = uniform(g, *shape, low=0.25, high=3) if positive else normal(g, *shape)
        return {"means": normal(g, *shape), "targets": normal(g, *shape), "variances": v}

    variants = [("variance", {}), ("variance, full", {"full": True}), ("variance, eps 0.125 out of reach", {"eps": 0.125}),
                ("log-variance", {"parameter": "logVariance"}), ("log-variance, full", {"parameter": "logVariance", "full": True}),
                ("log-sigma", {"parameter": "logSigma"}), ("log-sigma, full", {"parameter": "logSigma", "full": True}),
                ("variance named", {"parameter": "variance"})]
    sweep(book, 101, make, variants, SHAPES)
    small = {"means": z(0, 1, 2), "targets": z(1, 1, 0), "variances": z(0, 0, 0.0625)}
    book.add("a variance of 0 is clamped to eps, its gradient passes through", small, {"reduction": "none"}, probe=False)
    book.add("variances below eps 0.25 are clamped, their gradient passes through", small, {"reduction": "none", "eps": 0.25}, probe=False)
    book.save()

    book = Book("poissonNLL", elementwise(poisson_nll))

    def make(g, shape, o):
        x = normal(g, *shape) if option(o, "logInput", True) else uniform(g, *shape, low=0.25, high=4)
        t = integers(g, 6, *shape).double() + uniform(g, *shape, low=0, high=0.5) * integers(g, 2, *shape)
        return {"predictions": x, "targets": torch.where((t - 1).abs() < 0.01, t + 0.25, t)}

    variants = [("log input", {}), ("log input, full", {"full": True}), ("rate input", {"logInput": False}),
                ("rate input, full", {"logInput": False, "full": True}), ("rate input, eps 0.125", {"logInput": False, "eps": 0.125})]
    sweep(book, 102, make, variants, SHAPES)
    book.add("Stirling's term is 0 for targets 0 and 1", {"predictions": z(0.5, 0.5, 0.5), "targets": z(0, 1, 2)}, {"full": True, "reduction": "none"}, probe=False)
    book.add("rate 0 is kept finite by eps", {"predictions": z(0, 0), "targets": z(0, 2)}, {"logInput": False, "reduction": "none"}, probe=False)
    book.save()

    book = Book("gaussianKL", elementwise(gaussian_kl))
    prior = [0]

    def make(g, shape, o):
        prior[0] += 1
        i = {"means": normal(g, *shape), "logVariances": normal(g, *shape)}
        if prior[0] % 2 == 0:
            i |= {"priorMeans": normal(g, *shape), "priorLogVariances": normal(g, *shape)}
        return i

    sweep(book, 103, make, [("standard or diagonal prior", {})] * 4, [(4, 3), (2, 5), (2, 2, 3)])
    book.add("only the prior's means are given", {"means": z(1, 2), "logVariances": z(0.5, -1), "priorMeans": z(0.5, 1)}, {"reduction": "none"})
    book.add("equal to the standard normal: 0 with gradient 0", {"means": z(0, 0), "logVariances": z(0, 0)}, {"reduction": "none"})
    book.add("close to the prior the value keeps its relative accuracy", {"means": z(0, 0.0009765625), "logVariances": z(0.0009765625, 0)}, {"reduction": "none"})
    book.add("summed over the latent axis, mean over the batch", {"means": normal(seeded(5), 3, 4), "logVariances": normal(seeded(6), 3, 4)}, {"reduction": "batchMean"})
    book.save()

    book = Book("gaussianKLFull", lambda i, o: Rows(gaussian_kl_full(i, o)))

    def covariance(g, n, d):
        a = normal(g, n, d, d, steps=8)
        return a @ a.transpose(1, 2) + torch.eye(d)

    def make(g, shape, o):
        n, d = shape
        return {"means": normal(g, n, d), "covariances": covariance(g, n, d), "priorMeans": normal(g, n, d), "priorCovariances": covariance(g, n, d)}

    sweep(book, 104, make, [("full covariances", {})], [(3, 2), (2, 3), (4, 1)], poison=False)
    eye = torch.eye(2).expand(2, 2, 2).clone()
    book.add("unit covariances: half the squared distance", {"means": rows((1, 2), (0, 0)), "covariances": eye, "priorMeans": rows((0, 0), (0, 0)), "priorCovariances": eye}, {"reduction": "none"})
    book.save()


# ---- policies and preferences on given log-probabilities -----------------------------------------

def kl_penalty(i, o):
    x, r = i["logProbs"], i["referenceLogProbs"]
    d = r - x
    return {"k1": lambda: -d, "k2": lambda: 0.5 * d**2, "k3": lambda: torch.expm1(d) - d}[option(o, "estimator", "k1")]()


def ppo_clip(i, o):
    rho = torch.exp(i["logProbs"] - i["oldLogProbs"])
    a = i["advantages"]
    clipped = torch.clamp(rho, 1 - option(o, "clipLow", 0.2), 1 + option(o, "clipHigh", 0.2))
    return -torch.minimum(rho * a, clipped * a)


def value_clip(i, o):
    v, old, r, c = i["values"], i["oldValues"], i["returns"], option(o, "clip", 0.2)
    clipped = old + torch.clamp(v - old, -c, c)
    return 0.5 * torch.maximum((v - r) ** 2, (clipped - r) ** 2)


def dpo(i, o):
    beta, e, kind = option(o, "beta", 0.1), option(o, "labelSmoothing", 0.0), option(o, "variant", "sigmoid")
    h = (i["policyChosen"] - i["referenceChosen"]) - (i["policyRejected"] - i["referenceRejected"])
    x = beta * h
    return {
        "sigmoid": lambda: softplus(-x),
        "conservative": lambda: (1 - e) * softplus(-x) + e * softplus(x),
        "robust": lambda: ((1 - e) * softplus(-x) - e * softplus(x)) / (1 - 2 * e),
        "hinge": lambda: torch.where(x < 1, 1 - x, torch.zeros(())),
        "ipo": lambda: (h - 1 / (2 * beta)) ** 2,
    }[kind]()


def gan(i, o):
    z, kind, role = i["logits"], option(o, "variant", "minimax"), option(o, "role", "generator")
    zero = torch.zeros(())
    relu = lambda x: torch.where(x > 0, x, zero)
    table = {
        "minimax": (softplus(-z), softplus(z), -softplus(z)),
        "nonSaturating": (softplus(-z), softplus(z), softplus(-z)),
        "hinge": (relu(1 - z), relu(1 + z), -z),
        "leastSquares": (0.5 * (z - 1) ** 2, 0.5 * z**2, 0.5 * (z - 1) ** 2),
        "wasserstein": (-z, z, -z),
    }
    return table[kind][("discriminatorReal", "discriminatorFake", "generator").index(role)]


def policies():
    z = lambda *x: f32(list(x))
    logps = lambda g, s: -uniform(g, *s, low=0.25, high=4)
    book = Book("klPenalty", elementwise(kl_penalty))
    sweep(book, 111, lambda g, s, o: {"logProbs": logps(g, s), "referenceLogProbs": logps(g, s)},
          [(k, {"estimator": k}) for k in ("k1", "k2", "k3")] + [("default estimator", {})], SHAPES)
    for k in ("k1", "k2", "k3"):
        book.add(f"{k} of equal log-probabilities", {"logProbs": z(-1, -2), "referenceLogProbs": z(-1, -2)}, {"estimator": k, "reduction": "none"})
    book.add("k3 close to equality keeps its relative accuracy", {"logProbs": z(-1, -2), "referenceLogProbs": z(-1.0009765625, -1.9990234375)}, {"estimator": "k3", "reduction": "none"})
    book.save()

    book = Book("ppoClip", elementwise(ppo_clip))

    def make(g, shape, o):
        old, delta, a = logps(g, shape), normal(g, *shape, scale=0.4), normal(g, *shape)
        for edge in (1 - option(o, "clipLow", 0.2), 1 + option(o, "clipHigh", 0.2)):
            delta = torch.where((delta - math.log(edge)).abs() < 0.02, delta + 0.0625, delta)
        return {"logProbs": old + delta, "oldLogProbs": old, "advantages": torch.where(a.abs() < 0.05, a + 0.125, a)}

    sweep(book, 112, make, [("default clips", {}), ("clipHigh 0.28", {"clipHigh": 0.28}), ("clips 0.1 and 0.3", {"clipLow": 0.1, "clipHigh": 0.3}),
                            ("clipLow 0.5", {"clipLow": 0.5})], [(6,), (3, 4), (2, 5)])
    book.add("a ratio of exactly 1 has gradient -advantage", {"logProbs": z(-1, -2), "oldLogProbs": z(-1, -2), "advantages": z(1, -2)}, {"reduction": "none"})
    book.add("an advantage of 0 has no gradient to the log-probabilities", {"logProbs": z(-1, -2), "oldLogProbs": z(-1.0625, -4), "advantages": z(0, 0)}, {"reduction": "none"}, wrt=["logProbs", "oldLogProbs"], probe=False)
    book.save()

    book = Book("valueClip", elementwise(value_clip))

    def make(g, shape, o):
        c = option(o, "clip", 0.2)
        old, delta, r = normal(g, *shape), normal(g, *shape, scale=0.4), normal(g, *shape)
        delta = torch.where((delta.abs() - c).abs() < 0.02, delta + 0.0625, delta)
        v = old + delta
        clipped = old + torch.clamp(delta, -c, c)
        r = torch.where(((v - r).abs() - (clipped - r).abs()).abs() < 0.02, r + 0.5, r)
        return {"values": v, "oldValues": old, "returns": r}

    sweep(book, 113, make, [("default clip", {}), ("clip 0.5", {"clip": 0.5}), ("clip 0.05", {"clip": 0.05})], [(6,), (3, 4), (2, 5)])
    book.save()

    book = Book("dpo", elementwise(dpo))
    names = ("policyChosen", "policyRejected", "referenceChosen", "referenceRejected")
    variants = [("default", {}), ("sigmoid, beta 0.5", {"variant": "sigmoid", "beta": 0.5}),
                ("conservative, smoothing 0.1", {"variant": "conservative", "labelSmoothing": 0.1}),
                ("conservative, smoothing 0.3, beta 0.5", {"variant": "conservative", "labelSmoothing": 0.3, "beta": 0.5}),
                ("robust, smoothing 0.1", {"variant": "robust", "labelSmoothing": 0.1}),
                ("robust, smoothing 0.4, beta 0.25", {"variant": "robust", "labelSmoothing": 0.4, "beta": 0.25}),
                ("hinge", {"variant": "hinge"}), ("hinge, beta 0.75", {"variant": "hinge", "beta": 0.75}),
                ("ipo", {"variant": "ipo"}), ("ipo, beta 0.5", {"variant": "ipo", "beta": 0.5})]

    def make(g, shape, o):
        i = {n: -uniform(g, *shape, low=1, high=12) for n in names}
        x = option(o, "beta", 0.1) * ((i[names[0]] - i[names[2]]) - (i[names[1]] - i[names[3]]))
        i[names[0]] = torch.where((x - 1).abs() < 0.02, i[names[0]] + 0.5, i[names[0]])
        return i

    sweep(book, 114, make, variants, [(5,), (8,), (2, 3)])
    far = {"policyChosen": z(-1, -20000), "policyRejected": z(-20000, -1), "referenceChosen": z(-2, -2), "referenceRejected": z(-2, -2)}
    for v in ("sigmoid", "conservative"):
        book.add(f"log-ratios of 2e4 do not overflow, {v}", far, {"variant": v, "labelSmoothing": 0.1 if v != "sigmoid" else 0, "reduction": "none"})
    kink = {"policyChosen": z(-1, -1), "policyRejected": z(-3, -2), "referenceChosen": z(-2, -2), "referenceRejected": z(-3, -2)}
    book.add("hinge has gradient 0 at the kink", kink, {"variant": "hinge", "beta": 1, "reduction": "none"}, probe=False)
    book.save()

    book = Book("gan", elementwise(gan))
    variants = [(f"{v}, {r}", {"variant": v, "role": r}) for v in ("minimax", "nonSaturating", "hinge", "leastSquares", "wasserstein")
                for r in ("discriminatorReal", "discriminatorFake", "generator")]

    def make(g, shape, o):
        x = normal(g, *shape, scale=1.5)
        return {"logits": torch.where((x.abs() - 1).abs() < 0.05, x + 0.125, x)}

    sweep(book, 115, make, variants, [(5,), (2, 3), (2, 2, 2)])
    for v in ("minimax", "nonSaturating"):
        for r in ("discriminatorReal", "discriminatorFake", "generator"):
            book.add(f"logits of ±1000, {v}, {r}", {"logits": z(1000, -1000)}, {"variant": v, "role": r, "reduction": "none"})
    book.add("hinge has gradient 0 at the kink, real", {"logits": z(1, 0.5)}, {"variant": "hinge", "role": "discriminatorReal", "reduction": "none"}, probe=False)
    book.add("hinge has gradient 0 at the kink, fake", {"logits": z(-1, 0.5)}, {"variant": "hinge", "role": "discriminatorFake", "reduction": "none"}, probe=False)
    book.save()


def build():
    regression()
    binary()
    margins()
    likelihoods()
    policies()


if __name__ == "__main__":
    build()
