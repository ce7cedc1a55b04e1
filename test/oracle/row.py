"""Row losses: likelihoods, divergences, focal family, margins, ranking, costs, CTC, softmax functions."""

import math

import torch
import torch.nn.functional as F

from oracle import *

SHAPES = [(4, 5), (3, 4), (2, 3, 4)]


def log_p_of(z, y):
    return torch.log_softmax(z, -1).gather(-1, y[:, None]).squeeze(-1)


def log_others(z, y):
    """log(1 - p_y) from the other classes: no cancellation when p_y is near 1."""
    others = z.scatter(-1, y[:, None], -INF)
    return torch.logsumexp(others, -1) - torch.logsumexp(z, -1)


def classify(g, shape, name="logits", scale=2.0, ignored=None):
    y = integers(g, shape[-1], *shape[:-1])
    if ignored is not None:
        hit = bits(g, *shape[:-1], p=0.65) == 0
        y = torch.where(hit, torch.full((), ignored), y)
    return {name: normal(g, *shape, scale=scale), "targets": y}


def at(*y):
    return torch.tensor(list(y))


def table(*r):
    return f32([list(x) for x in r])


# ---- nll -------------------------------------------------------------------------------------------

def nll(i, o):
    w, y = o.get("weight"), i["targets"]
    l = -i["logProbs"].gather(-1, y[:, None]).squeeze(-1)
    if w is None:
        return l
    assert torch.allclose(w[y] * l, F.nll_loss(i["logProbs"], y, w, reduction="none"), equal_nan=True)
    return w[y] * l, w[y]


def likelihood():
    book = Book("nll", rowwise(nll, ignorable=True))
    turn = [0]

    def make(g, shape, o):
        turn[0] += 1
        i = classify(g, shape, "logProbs", ignored=o.get("ignoreIndex", -100) if turn[0] % 2 else None)
        i["logProbs"] = -i["logProbs"].abs() - 0.125
        return i

    weight = lambda g, s: {"weight": uniform(g, s[-1], low=0.25, high=3)}
    sweep(book, 201, make, [("plain", {}), ("class weights", weight), ("pad id 0 ignored", {"ignoreIndex": 0}),
                            ("class weights, pad id 1 ignored", lambda g, s: {**weight(g, s), "ignoreIndex": 1})], SHAPES)
    g = seeded(2)
    z = {"logProbs": grid(torch.log_softmax(normal(g, 3, 4), 1))}
    for e in ("nan", "zero"):
        book.add(f"all rows ignored: value {e}, gradient exactly 0", {**z, "targets": at(-100, -100, -100)}, {"emptyMean": e})
        book.add(f"all weights 0: value {e}, gradient exactly 0", {**z, "targets": at(0, 1, 2)}, {"weight": torch.zeros(4), "emptyMean": e})
    book.add("-inf log-probability of the target is Infinity with gradient -1", {"logProbs": table((0, -INF), (-1, -0.5)), "targets": at(1, 0)}, {"reduction": "none"})
    book.add("-inf log-probability of another class is not read", {"logProbs": table((0, -INF), (-1, -0.5)), "targets": at(0, 0)}, {"reduction": "none"})
    book.add("ignored rows of NaN are never read", {"logProbs": table((NAN, NAN), (-1, -0.5)), "targets": at(-100, 0)}, {"reduction": "none"})
    book.add("one row (C)", {"logProbs": f32([-1, -2, -0.5]), "targets": torch.tensor(2)}, {"reduction": "none"}, fn=lambda i, o: Rows(-i["logProbs"][2]))
    book.save()


# ---- divergences -----------------------------------------------------------------------------------

def forms(x, form):
    """-> (probabilities, log-probabilities)"""
    if form == "logits":
        x = torch.log_softmax(x, -1)
        return x.exp(), x
    if form == "logProbs":
        return x.exp(), x
    return x, torch.log(x)


def kl(p, log_p, log_q):
    """sum p (log p - log q), 0 * anything = 0."""
    gone = p == 0
    zero = torch.zeros(())
    return (p * (torch.where(gone, zero, log_p) - torch.where(gone, zero, log_q))).sum(-1)


def kl_divergence(i, o):
    q, log_q = forms(i["inputs"], option(o, "inputForm", "logProbs"))
    p, log_p = forms(i["targets"], option(o, "targetForm", "probs"))
    if option(o, "direction", "forward") == "reverse":
        l = kl(q, log_q, log_p)
    else:
        l = kl(p, log_p, log_q)
        want = F.kl_div(log_q, p, reduction="none").sum(-1)
        fine = torch.isfinite(want)
        assert torch.allclose(l[fine], want[fine], rtol=1e-11, atol=1e-12)
    return l / math.log(2) if option(o, "unit", "nats") == "bits" else l


def in_form(g, shape, form):
    x = normal(g, *shape, scale=1.5)
    if form == "logits":
        return x
    p = torch.softmax(x, -1)
    return single(p) if form == "probs" else single(torch.log(p))


def divergences():
    book = Book("klDivergence", rowwise(kl_divergence))

    def make(g, shape, o):
        return {"inputs": in_form(g, shape, option(o, "inputForm", "logProbs")), "targets": in_form(g, shape, option(o, "targetForm", "probs"))}

    variants = [("defaults", {})]
    for a in ("logProbs", "probs", "logits"):
        for b in ("probs", "logProbs", "logits"):
            for d in ("forward", "reverse"):
                variants.append((f"{a} against {b}, {d}", {"inputForm": a, "targetForm": b, "direction": d}))
    variants += [("bits", {"unit": "bits"}), ("bits, reverse, logits", {"unit": "bits", "direction": "reverse", "inputForm": "logits", "targetForm": "logits"})]
    sweep(book, 211, make, variants, SHAPES)
    logq = table((-1, -0.5, -2))
    zero = table((0, 0.5, 0.5))
    book.add("a target probability of 0 adds nothing", {"inputs": logq, "targets": zero}, {"reduction": "none"}, wrt=["inputs"])
    gone = table((-INF, -0.5, -1))
    book.add("input -inf where the target is 0: 0 (torch: NaN)", {"inputs": gone, "targets": zero}, {"reduction": "none"}, wrt=["inputs"])
    book.add("input -inf where the target is positive: Infinity", {"inputs": gone, "targets": table((0.25, 0.25, 0.5))}, {"reduction": "none"}, wrt=["inputs"])
    book.add("log-target -inf is a probability of 0 (torch: NaN)", {"inputs": logq, "targets": table((-INF, -0.5, -1))},
             {"targetForm": "logProbs", "reduction": "none"}, wrt=["inputs"])
    book.add("reverse: input log-probability -inf adds nothing", {"inputs": gone, "targets": table((0.25, 0.25, 0.5))},
             {"direction": "reverse", "reduction": "none"}, wrt=["targets"])
    book.add("probabilities of 0 on both sides add nothing", {"inputs": table((0, 0.5, 0.5)), "targets": table((0, 0.25, 0.75))}, {"inputForm": "probs", "reduction": "none"}, gradients=False)
    book.add("input logit -inf where the target is 0: 0", {"inputs": table((-INF, 0, 1)), "targets": zero}, {"inputForm": "logits", "reduction": "none"}, wrt=["inputs"])
    book.add("targets that do not sum to 1 against logits", {"inputs": table((1, 0, -1), (0, 2, 1)), "targets": table((0.5, 0.25, 0.125), (1, 0.5, 0.75))}, {"inputForm": "logits", "reduction": "none"})
    same = normal(seeded(4), 2, 5)
    book.add("equal distributions: 0 and no gradient", {"inputs": same, "targets": same}, {"inputForm": "logits", "targetForm": "logits", "reduction": "none"}, probe=False)
    book.add("logits of 1e4", {"inputs": table((1e4, 0, -1e4)), "targets": table((0.25, 0.5, 0.25))}, {"inputForm": "logits", "reduction": "none"}, wrt=["inputs"], probe=False)
    book.save()

    def two(f):
        return rowwise(lambda i, o: f(i["logits"], i["targetLogits"], o))

    def jsd(z, t, o):
        beta = option(o, "beta", 0.5)
        log_q, log_p = torch.log_softmax(z, -1), torch.log_softmax(t, -1)
        log_m = torch.logaddexp(log_p + math.log(beta), log_q + math.log(1 - beta))
        return beta * kl(log_p.exp(), log_p, log_m) + (1 - beta) * kl(log_q.exp(), log_q, log_m)

    pair = lambda g, shape, o: {"logits": normal(g, *shape, scale=2), "targetLogits": normal(g, *shape, scale=2)}
    book = Book("jsd", two(jsd))
    sweep(book, 212, pair, [("default beta", {}), *[(f"beta {b}", {"beta": b}) for b in (0.1, 0.9, 0.25)]], SHAPES)
    book.add("equal distributions: 0 and no gradient", {"logits": same, "targetLogits": same}, {}, override=lambda e: [x.zero_() for x in (e["loss"], *e["gradients"].values())])
    far = {"logits": table((100, 0, -100)), "targetLogits": table((-100, 0, 100))}
    book.add("disjoint distributions: the entropy of beta, ln 2 at 0.5", far, {"reduction": "none"})
    book.save()

    def tv(z, t, o):
        return 0.5 * (torch.softmax(z, -1) - torch.softmax(t, -1)).abs().sum(-1)

    book = Book("totalVariation", two(tv))
    sweep(book, 213, pair, [("total variation", {})], SHAPES)
    book.add("equal distributions: 0 and gradient 0", {"logits": same, "targetLogits": same}, {}, probe=False)
    book.add("disjoint distributions: 1", far, {"reduction": "none"})
    book.save()

    def entropy(i, o):
        log_p = torch.log_softmax(i["logits"], -1)
        p = log_p.exp()
        h = -(p * torch.where(p == 0, torch.zeros(()), log_p)).sum(-1)
        return h / math.log(2) if option(o, "unit", "nats") == "bits" else h

    book = Book("entropy", rowwise(entropy))
    sweep(book, 214, lambda g, s, o: {"logits": normal(g, *s, scale=2)}, [("nats", {}), ("bits", {"unit": "bits"})], SHAPES)
    book.add("equal logits: ln C and no gradient", {"logits": torch.zeros(2, 8)}, {"reduction": "none"})
    book.add("equal logits in bits: log2 C", {"logits": torch.zeros(2, 8)}, {"reduction": "none", "unit": "bits"})
    book.add("logits of 1e4: no entropy", {"logits": table((1e4, 0, -1e4))}, {"reduction": "none"})
    book.add("-inf logits add nothing", {"logits": table((-INF, 0, 1))}, {"reduction": "none"})
    book.add("C = 1 has no entropy", {"logits": table((2,), (3,))}, {"reduction": "none"})
    book.save()

    def distillation(i, o):
        t = option(o, "temperature", 1.0)
        log_q, log_p = torch.log_softmax(i["studentLogits"] / t, -1), torch.log_softmax(i["teacherLogits"] / t, -1)
        return t * t * kl(log_p.exp(), log_p, log_q)

    book = Book("distillation", rowwise(distillation))
    sweep(book, 215, lambda g, s, o: {"studentLogits": normal(g, *s, scale=2), "teacherLogits": normal(g, *s, scale=2)},
          [("default temperature", {}), *[(f"temperature {t}", {"temperature": t}) for t in (2, 0.5, 4)]], SHAPES)
    book.add("teacher and student agree: 0 and no gradient", {"studentLogits": same, "teacherLogits": same}, {"temperature": 3}, probe=False)
    book.add("logits of 1e3 at temperature 2", {"studentLogits": table((1000, 0, -5)), "teacherLogits": table((3, 0, 1))}, {"temperature": 2, "reduction": "none"})
    book.save()


# ---- focal family ------------------------------------------------------------------------------------

def focal_family():
    def softmax_focal(i, o):
        z, y = i["logits"], i["targets"]
        alpha, gamma = option(o, "alpha", 1.0), option(o, "gamma", 2.0)
        l = -log_p_of(z, y)
        if gamma:
            l = l * torch.exp(gamma * log_others(z, y)) if z.shape[-1] > 1 else l * 0
        return l * (alpha[y] if torch.is_tensor(alpha) else alpha)

    def family(loss, f, variants, seed):
        book = Book(loss, rowwise(f, ignorable=True))
        turn = [0]

        def make(g, shape, o):
            turn[0] += 1
            return classify(g, shape, ignored=o.get("ignoreIndex", -100) if turn[0] % 3 == 0 or "ignoreIndex" in o else None)

        sweep(book, seed, make, [*variants, ("pad id 0 ignored", {"ignoreIndex": 0})], SHAPES)
        for e in ("nan", "zero"):
            book.add(f"all rows ignored: value {e}, gradient exactly 0", {"logits": normal(seeded(3), 2, 3), "targets": at(-100, -100)}, {"emptyMean": e})
        big = {"logits": table((1000, 0, -1000), (1000, 0, -1000)), "targets": at(0, 1)}
        book.add("logits of 1e3", big, {"reduction": "none"})
        book.add("C = 1 is 0 with no gradient", {"logits": table((2,), (-1,)), "targets": at(0, 0)}, {"reduction": "none"}, probe=False)
        return book

    per_class = lambda g, s: {"alpha": uniform(g, s[-1], low=0.25, high=2)}
    book = family("softmaxFocal", softmax_focal,
                  [("defaults", {}), ("alpha 0.25", {"alpha": 0.25}), ("alpha per class", per_class), *[(f"gamma {x}", {"gamma": x}) for x in (0, 0.5, 1, 5)],
                   ("alpha per class, gamma 0.5", lambda g, s: {**per_class(g, s), "gamma": 0.5})], 221)
    for gamma in (0.5, 1, 2):
        book.add(f"p_t next to 1 at gamma {gamma}: finite, no cancellation", {"logits": table((20, 0, -1), (35, 1, 2)), "targets": at(0, 0)}, {"gamma": gamma, "reduction": "none"},
                 override=lambda e, gamma=gamma: precise_focal(e, table((20, 0, -1), (35, 1, 2)), gamma))
    book.save()

    def poly(i, o):
        l = log_p_of(i["logits"], i["targets"])
        return -l - option(o, "epsilon", 1.0) * torch.expm1(l)

    family("poly", poly, [("default epsilon", {}), *[(f"epsilon {e}", {"epsilon": e}) for e in (2, 0, -0.5)]], 222).save()

    def generalized(i, o):
        q = option(o, "q", 0.7)
        return -torch.expm1(q * log_p_of(i["logits"], i["targets"])) / q

    family("generalizedCrossEntropy", generalized, [("default q", {}), *[(f"q {q}", {"q": q}) for q in (0.5, 1, 0.1)]], 223).save()


def precise_focal(e, z, gamma):
    """Target class 0 by far: everything through 1 - p and log1p, which log_softmax cannot resolve."""
    x = (z[:, 1:] - z[:, :1]).exp()
    s = x.sum(1)
    miss, log_pt = s / (1 + s), -torch.log1p(s)
    e["loss"] = miss**gamma * -log_pt
    pt = 1 / (1 + s)
    own = -(miss**gamma) * (miss - gamma * pt * log_pt)
    p = x / (1 + s)[:, None]
    rest = miss[:, None] ** gamma * (p - gamma * (pt * log_pt)[:, None] * x / s[:, None])
    found = torch.cat([own[:, None], rest], 1)
    assert torch.allclose(found, e["gradients"]["logits"], rtol=1e-4, atol=1e-14)
    e["gradients"]["logits"] = found


# ---- margins, costs, ranking -------------------------------------------------------------------------

def margins():
    def multi_margin(i, o):
        return F.multi_margin_loss(i["scores"], i["targets"], p=option(o, "p", 1), margin=option(o, "margin", 1.0), weight=o.get("weight"), reduction="none")

    book = Book("multiMargin", rowwise(multi_margin))

    def make(g, shape, o):
        i = classify(g, shape, "scores", scale=1.0)
        m = option(o, "margin", 1.0)
        for _ in range(20):
            s = i["scores"]
            gap = m - s.gather(-1, i["targets"][..., None]) + s
            i["scores"] = torch.where((gap.abs() < 0.02) & (s != s.gather(-1, i["targets"][..., None])), s + 0.0625, s)
        return i

    weight = lambda g, s: {"weight": uniform(g, s[-1], low=0.25, high=3)}
    sweep(book, 231, make, [("p 1", {}), ("p 2", {"p": 2}), ("margin 0.5", {"margin": 0.5}), ("p 2, margin 2", {"p": 2, "margin": 2}), ("class weights", weight),
                            ("class weights, p 2", lambda g, s: {**weight(g, s), "p": 2})], SHAPES)
    for kink in ("zero", "torch"):
        book.add(f"gradient 0 at the kink, kink {kink}", {"scores": table((1, 0, 0.5)), "targets": at(0)}, {"reduction": "none", "kink": kink}, probe=False)
    book.add("class weights are not in the mean's denominator", {"scores": table((1, 0.25, 0.5), (0, 0.5, 1)), "targets": at(0, 1)}, {"weight": f32([2, 3, 4])})
    book.save()

    def multilabel_margin(i, o):
        return F.multilabel_margin_loss(i["scores"], i["targets"], reduction="none")

    def lists(g, shape):
        n, c = math.prod(shape[:-1]), shape[-1]
        out = torch.full((n, c), -1)
        for r in range(n):
            k = int(integers(g, c + 1, 1))
            out[r, :k] = torch.randperm(c, generator=g)[:k]
        return out.reshape(shape)

    book = Book("multilabelMargin", rowwise(multilabel_margin))
    sweep(book, 232, lambda g, s, o: {"scores": normal(g, *s), "targets": lists(g, s)}, [("lists padded by -1", {})], SHAPES)
    s = table((0.5, -0.25, 1, 0.125))
    book.add("an empty list is 0", {"scores": s, "targets": at(-1, 2, 1, 0)[None]}, {"reduction": "none"})
    book.add("the list ends at the first -1", {"scores": s, "targets": at(2, -1, 1, 0)[None]}, {"reduction": "none"})
    book.add("a full list is 0: no class is left to compare", {"scores": s, "targets": at(2, 3, 1, 0)[None]}, {"reduction": "none"})
    book.add("a label twice counts twice", {"scores": s, "targets": at(2, 2, -1, -1)[None]}, {"reduction": "none"})
    book.add("gradient 0 at the kink", {"scores": table((1, 0, 0.5, 0.25)), "targets": at(0, -1, -1, -1)[None]}, {"reduction": "none"}, probe=False)
    book.save()

    def multilabel_soft(i, o):
        z, y, w = i["logits"], i["targets"], o.get("weight")
        l = y * softplus(-z) + (1 - y) * softplus(z)
        l = (l if w is None else w * l).mean(-1)
        assert torch.allclose(l, F.multilabel_soft_margin_loss(z, y, w, reduction="none"))
        return l

    book = Book("multilabelSoftMargin", rowwise(multilabel_soft))
    turn = [0]

    def make_soft(g, shape, o):
        turn[0] += 1
        return {"logits": normal(g, *shape, scale=2), "targets": uniform(g, *shape) if turn[0] % 2 else integers(g, 2, *shape).double()}

    sweep(book, 233, make_soft, [("plain", {}), ("class weights", weight)], SHAPES, poison=False)
    book.add("logits of ±1000", {"logits": table((1000, -1000, 1000, -1000)), "targets": table((1, 0, 0, 1))}, {"reduction": "none"})
    book.save()

    def cost_matrix(i, o):
        return (torch.softmax(i["logits"], -1) * o["costs"][i["targets"]]).sum(-1)

    book = Book("costMatrix", rowwise(cost_matrix))
    costs = lambda g, s: {"costs": uniform(g, s[-1], s[-1], low=0, high=5)}
    sweep(book, 234, lambda g, s, o: classify(g, s), [("a full cost matrix", costs), ("asymmetric costs without diagonal", lambda g, s: {"costs": uniform(g, s[-1], s[-1], low=0, high=9) * (1 - torch.eye(s[-1]))})], SHAPES)
    book.add("0/1 costs are the probability of error", {"logits": table((1, 0, -1), (0, 2, 1)), "targets": at(0, 2)}, {"costs": 1 - torch.eye(3), "reduction": "none"})
    book.add("logits of 1e3", {"logits": table((1000, 0, -1), (0, 1000, 1)), "targets": at(0, 2)}, {"costs": 1 - torch.eye(3), "reduction": "none"})
    book.save()

    def listwise(i, o):
        s, r, m = i["scores"], i["relevance"], o.get("itemMask")
        if m is None:
            return -(r * torch.log_softmax(s, -1)).sum(-1)
        m = m != 0
        zero = torch.zeros(())
        some = m.any(-1, keepdim=True)
        log_p = torch.log_softmax(torch.where(m | ~some, torch.where(m, s, zero), torch.full((), -INF)), -1)
        return -(torch.where(m, r, zero) * torch.where(m, log_p, zero)).sum(-1)

    book = Book("listwiseSoftmax", rowwise(listwise))
    items = lambda g, s: {"itemMask": bits(g, *s)}
    sweep(book, 235, lambda g, s, o: {"scores": normal(g, *s, scale=2), "relevance": uniform(g, *s, low=0, high=3)}, [("all items", {}), ("an item mask", items)], SHAPES, poison=False)
    two = {"scores": table((1, 2, 3), (0.5, 1, NAN)), "relevance": table((1, 0, 2), (1, 2, NAN))}
    keep = torch.tensor([[0, 0, 0], [1, 1, 0]], dtype=torch.uint8)
    book.add("a row without items is 0, masked items of NaN are never read", two, {"itemMask": keep, "reduction": "none"})
    book.add("a row of no relevance is 0 with no gradient to the scores", {"scores": table((1, 2, 3)), "relevance": table((0, 0, 0))}, {"reduction": "none"})
    book.save()


# ---- CTC ---------------------------------------------------------------------------------------------

def ctc_row(log_p, labels, blank):
    """-log of the summed probability of all alignments; log_p (T, C), labels a list."""
    extended = [blank]
    for y in labels:
        extended += [y, blank]
    never = torch.tensor(-INF)
    alpha = [log_p[0, extended[s]] if s < 2 else never for s in range(len(extended))]
    for t in range(1, log_p.shape[0]):
        after = []
        for s, y in enumerate(extended):
            ways = [alpha[s]]
            if s > 0:
                ways.append(alpha[s - 1])
            if s > 1 and y != blank and y != extended[s - 2]:
                ways.append(alpha[s - 2])
            ways = [w for w in ways if w.item() != -INF]
            after.append(torch.logsumexp(torch.stack(ways), 0) + log_p[t, y] if ways else never)
        alpha = after
    ends = [a for a in alpha[-2:] if a.item() != -INF]
    return -torch.logsumexp(torch.stack(ends), 0) if ends else torch.tensor(INF)


def ctc(i, o):
    x, y = i["logProbs"], i["targets"]
    frames, n, _ = x.shape
    frame_count = o["inputLengths"] if "inputLengths" in o else torch.full((n,), frames)
    label_count = o["targetLengths"] if "targetLengths" in o else torch.full((n,), y.shape[1])
    blank, zero = option(o, "blank", 0), option(o, "zeroInfinity", False)
    read = read_mask(o, (n,))
    out = []
    for b in range(n):
        if not read[b]:
            out.append(torch.zeros(()))
            continue
        l = ctc_row(x[: int(frame_count[b]), b], y[b, : int(label_count[b])].tolist(), blank)
        want = F.ctc_loss(x[:, b : b + 1].detach(), y[b : b + 1, : int(label_count[b])], frame_count[b : b + 1], label_count[b : b + 1], blank, "sum")
        assert torch.allclose(l.detach(), want, rtol=1e-12), (l, want)
        if zero and l.item() == INF:
            l = torch.zeros(())
        if option(o, "reduction", "mean") == "mean":
            l = l / max(int(label_count[b]), 1)
        out.append(l)
    return Rows(torch.stack(out))


def temporal():
    book = Book("ctc", ctc)

    def make(g, shape, o):
        t, n, c, s = shape
        return {"logProbs": single(torch.log_softmax(normal(g, t, n, c), -1)), "targets": label_rows(g, n, s, c, option(o, "blank", 0))}

    def label_rows(g, n, s, c, blank):
        classes = torch.tensor([k for k in range(c) if k != blank])
        return classes[integers(g, c - 1, n, s)]

    def ragged(g, shape):
        t, n, c, s = shape
        return {"inputLengths": integers(g, t + 1, n, low=t - 1), "targetLengths": integers(g, s, n, low=1)}

    shapes = [(6, 2, 4, 2), (7, 3, 3, 2), (8, 2, 3, 3)]
    sweep(book, 241, make, [("full lengths", {}), ("ragged lengths", ragged), ("the last class is blank", lambda g, s: {"blank": s[2] - 1}),
                            ("ragged lengths with zeroInfinity", lambda g, s: {**ragged(g, s), "zeroInfinity": True})], shapes, poison=False)
    g = seeded(9)
    x = single(torch.log_softmax(normal(g, 4, 1, 3), -1))
    book.add("an empty target is the sum over the blanks", {"logProbs": x, "targets": torch.tensor([[1]])}, {"targetLengths": at(0), "reduction": "none"})
    book.add("mean divides an empty target by 1", {"logProbs": x, "targets": torch.tensor([[1]])}, {"targetLengths": at(0)})
    book.add("a repeated label needs a blank between", {"logProbs": x, "targets": torch.tensor([[2, 2]])}, {"reduction": "none"})
    short = {"logProbs": x[:2], "targets": torch.tensor([[2, 2]])}
    book.add("no alignment fits: Infinity", short, {"reduction": "none"}, gradients=False)
    both = {"logProbs": single(torch.log_softmax(normal(g, 2, 2, 3), -1)), "targets": torch.tensor([[2, 2], [1, 2]])}
    for r in ("none", "mean"):
        book.add(f"no alignment fits: 0 with gradient 0 under zeroInfinity, {r}", both, {"reduction": r, "zeroInfinity": True})
    book.add("one frame, one label", {"logProbs": x[:1], "targets": torch.tensor([[1]])}, {"reduction": "none"})
    # through log_softmax the true derivative gives the same as torch's own
    z = normal(g, 5, 2, 4).requires_grad_(True)
    y, t, s = torch.tensor([[1, 2], [3, 3]]), at(5, 5), at(2, 2)
    own = torch.autograd.grad(ctc({"logProbs": torch.log_softmax(z, -1), "targets": y}, {"reduction": "sum"}).losses.sum(), z)[0]
    assert torch.allclose(own, torch.autograd.grad(F.ctc_loss(torch.log_softmax(z, -1), y, t, s, reduction="sum"), z)[0])
    book.save()


# ---- softmax functions -------------------------------------------------------------------------------

def functions():
    for loss, f in (("logSoftmax", torch.log_softmax), ("softmax", torch.softmax), ("logSumExp", lambda z, d: torch.logsumexp(z, d))):
        book = Function(loss, lambda i, o, f=f: f(i["logits"], -1))
        g = seeded(len(loss))
        for shape in [(5,), (3, 4), (2, 3, 5), (4, 1), (2, 33)]:
            z = normal(g, *shape, scale=2)
            out = f(z, -1).shape
            book.add(f"logits {list(shape)}, upstream of ones", {"logits": z})
            book.add(f"logits {list(shape)}, upstream -2.5", {"logits": z}, {"upstream": -2.5})
            book.add(f"logits {list(shape)}, upstream per number", {"logits": z}, {"upstream": normal(g, *out)})
        up = {"upstream": normal(g, *f(torch.zeros(3, 3), -1).shape)}
        book.add("logits of ±1e4", {"logits": table((1e4, 9999, -1e4), (-1e4, -1e4, -1e4), (1e4, 0, 0))}, up)
        book.add("-inf logits", {"logits": table((-INF, 0, 1), (2, -INF, -INF), (0, 1, 2))}, up, wrt=[] if loss == "logSoftmax" else None)
        book.add("a NaN logit spoils its own row only", {"logits": table((NAN, 0, 1), (0, 1, 2))}, wrt=[])
        book.save()


def build():
    likelihood()
    divergences()
    focal_family()
    margins()
    temporal()
    functions()


if __name__ == "__main__":
    build()
