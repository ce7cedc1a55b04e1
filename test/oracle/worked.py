"""worked.json: the numbers printed in the five documents the project grew from, checked here against torch.

`document` is the file's number, `section` its cell or section. Expected numbers are the printed ones;
`digits` is there where fewer decimals are printed than 1e-9 relative needs (then compare to half a unit of
that decimal). Where a printed number is not itself the result of a loss (a probability, a norm), the title
says how it enters.
"""

import copy
import importlib
import math
import os

import numpy
import torch

import reductions
from oracle import *

CASES, TITLES, REPORT = [], set(), []
D = lambda x: torch.tensor(x, dtype=torch.float64)
I = lambda *x: torch.tensor(list(x))
LN2 = math.log(2)


def flat(expected):
    out = {}
    if "loss" in expected:
        out["loss"] = expected["loss"]
    for part in ("gradients", "outputs"):
        for k, x in expected.get(part, {}).items():
            out[f"{part}.{k}"] = x
    return out


def compute(loss, title, inputs, options):
    if loss == "reduce":
        x = inputs["losses"].clone().requires_grad_(True)
        value, objective = reductions.reduce_all(x, options)
        return {"loss": value.detach(), "gradients": {"losses": torch.autograd.grad(objective, x)[0]}}
    if loss == "combine":
        l, w = inputs["losses"], options["weights"]
        return {"loss": (l * w).sum(), "gradients": {"losses": w}, "outputs": {"shares": l * w / (l * w).sum()}}
    if loss == "l2Penalty":
        return {"loss": options["lambda"] * (inputs["parameters"] ** 2).sum(), "gradients": {"parameters": 2 * options["lambda"] * inputs["parameters"]}}
    book = copy.copy(BOOKS[loss])
    book.cases, book.titles = [], set()
    return book.add(title, inputs, options, exact32=False, probe=False)


def worked(document, section, title, loss, inputs, options=None, value=None, gradients=None, outputs=None):
    options = dict(options or {})
    assert (loss, title) not in TITLES, title
    TITLES.add((loss, title))
    printed = {}
    if value is not None:
        printed["loss"] = D(value)
    if gradients:
        printed["gradients"] = {k: D(x) for k, x in gradients.items()}
    if outputs:
        printed["outputs"] = {k: D(x) for k, x in outputs.items()}
    found, want = flat(compute(loss, title, inputs, options)), flat(printed)
    places = 99
    for k, x in want.items():
        got = found[k]
        assert got.shape == x.shape, f"{title}: {k} {got.shape} {x.shape}"
        error = (got - x).abs()
        if (error <= 1e-9 * x.abs() + 1e-15).all():
            continue
        worst = error.max().item()
        n = max((n for n in range(1, 16) if worst <= 0.5 * 10**-n * (1 + 1e-9)), default=0)
        places = min(places, n)
        decimals = max(len(repr(v).partition(".")[2]) for v in x.reshape(-1).tolist() if "e" not in repr(v))
        if n < decimals:
            REPORT.append(f"{document} {section}: {title}: {k}: printed {x.tolist()}, torch {got.tolist()}")
    case = {"loss": loss, "title": title, "inputs": inputs, "options": options, "expected": printed, "document": document, "section": section}
    if places < 99:
        case["digits"] = places
    CASES.append(case)


def notebook():
    w = lambda cell, *a, **k: worked("002", f"cell {cell}", *a, **k)
    six = {"predictions": D([1.5, -0.5, 1, 10]), "targets": D([2, -1, 0.5, 3])}
    none = {"reduction": "none"}
    w(6, "squared residuals", "mse", six, none, [0.25, 0.25, 0.25, 49])
    w(6, "mean squared error and its gradient", "mse", six, {}, 12.4375, {"predictions": [-0.25, 0.25, 0.25, 3.5]})
    w(6, "mean absolute error and its gradient", "mae", six, {}, 2.125, {"predictions": [-0.25, 0.25, 0.25, 0.25]})
    w(6, "Huber losses with delta 1", "huber", six, none, [0.125, 0.125, 0.125, 6.5])
    w(6, "mean Huber loss and its gradient", "huber", six, {"delta": 1}, 1.71875, {"predictions": [-0.125, 0.125, 0.125, 0.25]})
    w(6, "log-cosh losses", "logCosh", six, none, [0.120114506958] * 3 + [6.306853650968])
    five = {"predictions": D([-5, -1, 0, 1, 5]), "targets": D([0.0] * 5)}
    w("7", "Huber at residuals -5, -1, 0, 1, 5", "huber", five, none, [4.5, 0.5, 0, 0.5, 4.5])
    w("9", "the Huber gradient clamps to ±1", "huber", five, none, gradients={"predictions": [-1, -1, 0, 1, 1]})
    at = {"predictions": D([0.0] * 5), "targets": D([-5, -1, 0, 1, 5])}
    pinball = {0.1: [4.5, 0.9, 0, 0.1, 0.5], 0.5: [2.5, 0.5, 0, 0.5, 2.5], 0.9: [0.5, 0.1, 0, 0.9, 4.5]}
    for tau, l in pinball.items():
        w(10, f"pinball at tau {tau}", "quantile", at, {"tau": tau, **none}, l)
    w(10, "pinball at three tau at once", "quantile", {"predictions": torch.zeros(5, 3), "targets": at["targets"]}, {"tau": [0.1, 0.5, 0.9], **none},
      [list(x) for x in zip(*pinball.values())])
    w(11, "log-cosh at residuals -5, -1, 0, 1, 5", "logCosh", five, none, [4.306898218339, 0.433780830483, 0, 0.433780830483, 4.306898218339])

    y = D([0, 0, 1, 1, 1])
    thirteen = {"logits": D([-8, -1, 0, 1, 8]), "targets": y}
    p = [3.353501304665e-4, 0.26894142137, 0.5, 0.73105857863, 0.9996646498695]
    l = [3.354063728958e-4, 0.3132616875182, 0.6931471805599, 0.3132616875182, 3.354063728958e-4]
    w(13, "binary cross-entropy from logits", "bceWithLogits", thirteen, none, l)
    w(13, "binary cross-entropy from logits, mean", "bceWithLogits", thirteen, {}, 0.264068273668)
    w(13, "binary cross-entropy from logits, sum and p - y", "bceWithLogits", thirteen, {"reduction": "sum"}, 1.320341368342,
      {"logits": [3.353501304665e-4, 0.26894142137, -0.5, -0.26894142137, -3.353501304664e-4]})
    w(13, "binary cross-entropy from the printed probabilities", "bce", {"probabilities": D(p), "targets": y}, none, l)

    z = D([[3, 1, -2], [1000, 999, 998], [-4, 2, 1]])
    rows = {"logits": z, "targets": I(0, 2, 1)}
    ce = [0.132845233728, 2.407605964444, 0.315072160665]
    w(17, "cross-entropy rows and their log-sum-exp, logits of 1000 included", "crossEntropy", rows, {**none, "outputs": ["logSumExp"]}, ce,
      outputs={"logSumExp": [3.132845233728, 1000.407605964444, 2.315072160665]})
    w(17, "cross-entropy mean", "crossEntropy", rows, {}, 0.951841119612)
    w(17, "cross-entropy sum", "crossEntropy", rows, {"reduction": "sum"}, 2.855523358837)
    w(17, "log-sum-exp as a function", "logSumExp", {"logits": z}, {}, outputs={"output": [3.132845233728, 1000.407605964444, 2.315072160665]})
    p = D([[0.875600595063, 0.118499654535, 0.005899750402], [0.665240955775, 0.244728471055, 0.09003057317], [0.001808835229, 0.729736214118, 0.268454950652]])
    w(18, "softmax rows", "softmax", {"logits": z}, {}, outputs={"output": p.tolist()})
    w(18, "the gradient is the printed probabilities minus one-hot", "crossEntropy", rows, {"reduction": "sum"},
      gradients={"logits": (p - torch.eye(3)[[0, 2, 1]]).tolist()})
    w(19, "the landscape over two logits", "crossEntropy", {"logits": D([[-4, -4, 0], [0, 0, 0], [4, 4, 0], [4, -4, 0], [-4, 4, 0]]), "targets": I(0, 0, 0, 0, 0)}, none,
      [4.035976299748, 1.098612288668, 0.702263321439, 0.018479302595, 8.018479302595])

    m = {"scores": D([-3, 0, 1, 3]), "targets": D([1.0] * 4)}
    w(21, "hinge at margins -3, 0, 1, 3", "hinge", m, none, [4, 1, 0, 0])
    w(21, "logistic margin loss at margins -3, 0, 1, 3", "softMargin", m, none, [3.048587351574, 0.69314718056, 0.313261687518, 0.048587351574])
    pt = [0.001, 0.1, 0.5, 0.9, 0.999]
    odds = D([math.log(x) - math.log1p(-x) for x in pt])
    focal = {0: [6.907755278982, 2.302585092994, 0.69314718056, 0.105360515658, 1.000500333584e-3],
             1: [6.900847523703, 2.072326583695, 0.34657359028, 0.0105360515658, 1.000500333584e-6],
             2: [6.893946676179, 1.865093925325, 0.17328679514, 1.053605156578e-3, 1.000500333584e-9],
             5: [6.873285511097, 1.359653471562, 0.0216608493925, 1.053605156578e-6, 1.000500333584e-18]}
    for gamma, l in focal.items():
        w(22, f"focal at p_t .001 to .999, gamma {gamma}, softmax of two logits", "softmaxFocal", {"logits": torch.stack([odds, odds * 0], 1), "targets": I(0, 0, 0, 0, 0)},
          {"gamma": gamma, **none}, l)
        w(22, f"focal at p_t .001 to .999, gamma {gamma}, sigmoid", "sigmoidFocal", {"logits": odds, "targets": D([1.0] * 5)}, {"alpha": None, "gamma": gamma, **none}, l)
    smooth = D([0.02, 0.02, 0.92, 0.02, 0.02])
    w(23, "the smoothed target enters the gradient at equal logits: 1/5 - target", "crossEntropy", {"logits": torch.zeros(1, 5), "targets": I(2)}, {"labelSmoothing": 0.1},
      gradients={"logits": (0.2 - smooth)[None].tolist()})

    losses, mask = D([[0.2, 0.7, 0, 0], [0.4, 0.6, 0.9, 0]]), torch.tensor([[1, 1, 0, 0], [1, 1, 1, 0]], dtype=torch.uint8)
    for r, value in (("tokenMean", 0.56), ("batchMean", 1.4), ("sum", 2.8), ("meanCount", 0.35), ("sequenceMean", 0.5416666667)):
        w(25, f"masked token losses, {r}", "reduce", {"losses": losses}, {"mask": mask, "reduction": r}, value)
    w(25, "per-sequence means of the masked token losses", "reduce", {"losses": losses}, {"mask": mask, "reduction": "tokenMean", "segments": I(0, 4, 8)}, [0.45, 0.6333333333])
    l, weights = {"losses": D([0.1, 0.4, 2, 0.3])}, D([1, 1, 5, 1])
    w(26, "plain mean", "reduce", l, {}, 0.7)
    for r, value in (("weightedMean", 1.35), ("meanCount", 2.7), ("mean", 2.7), ("sum", 10.8)):
        w(26, f"weights 1, 1, 5, 1, {r}", "reduce", l, {"weights": weights, "reduction": r}, value)

    q, k = notebook_vectors()
    pair = {"queries": q, "keys": k}
    there = [0.319864747628, 0.135803403476, 0.693243505608, 0.091086769373, 0.653094893485, 0.057159168749]
    back = [0.126689763069, 0.341006982709, 0.923909717297, 0.050134720136, 0.494532307839, 0.072473703786]
    tau = {"temperature": D(0.2)}
    w(28, "InfoNCE rows at temperature .2", "infoNCE", pair, {"temperature": 0.2, **none}, there)
    w(28, "InfoNCE mean and the gradient to the temperature", "infoNCE", pair, tau, 0.325042081386, {"temperature": 1.030342805487})
    assert abs(-0.2**2 * 1.030342805487 - -0.041213712219) < 1e-12  # the printed d(1/tau)
    w(28, "InfoNCE rows from keys to queries", "infoNCE", {"queries": k, "keys": q}, {"temperature": 0.2, **none}, back)
    w(28, "symmetric InfoNCE mean", "infoNCE", pair, {"temperature": 0.2, "symmetric": True}, 0.329916640263)
    w(28, "symmetric InfoNCE rows are the means of both directions", "infoNCE", pair, {"temperature": 0.2, "symmetric": True, **none}, [(a + b) / 2 for a, b in zip(there, back)])
    w(28, "cosines of the positive pairs", "similarityMatrix", {"a": q[:, None], "b": k[:, None]}, {},
      outputs={"output": [[[x]] for x in (0.981372558557, 0.965723893105, 0.892400943719, 0.998231704249, 0.994607171283, 0.987595143447)]})
    unit = lambda x: x / x.norm(dim=1, keepdim=True)
    for t, value in ((1, 0.348816321967), (0.5, 0.517699324716), (0.2, 0.746171361033), (0.1, 0.82011484702)):
        w(30, f"mean positive probability at temperature {t}, as the expected cost of an identity matrix", "costMatrix",
          {"logits": unit(q) @ unit(k).T / t, "targets": torch.arange(6)}, {"costs": torch.eye(6)}, value)

    a, pos, neg = D([[0.0, 0.0]]), D([[0.5, 0.2]]), D([[1.5, 1.0]])
    w(32, "the easy triplet on squared distances is 0", "triplet", {"anchors": a, "positives": pos, "negatives": neg}, {"margin": 0.5, "distance": "squared"}, 0)
    w(32, "squared distance to the positive", "mse", {"predictions": a, "targets": pos}, {"reduction": "sum"}, 0.29)
    w(32, "squared distance to the negative", "mse", {"predictions": a, "targets": neg}, {"reduction": "sum"}, 3.25)
    w(32, "the same triplet at margin 2 on plain L2 distances with torch's eps (the printed number was taken in float32)", "triplet", {"anchors": a, "positives": pos, "negatives": neg}, {"margin": 2, "eps": 1e-6}, 0.7357407808)
    w(32, "the same triplet at margin 2 on squared distances", "triplet", {"anchors": a, "positives": pos, "negatives": neg}, {"margin": 2, "distance": "squared"}, 0)
    rank = {"first": D([3, 0.2, 1.5]), "second": D([1, 1.2, 1]), "targets": D([1, 1, -1])}
    w(33, "margin ranking losses", "marginRanking", rank, {"margin": 1, **none}, [0, 2, 1.5])
    w(33, "margin ranking mean", "marginRanking", rank, {"margin": 1}, 1.166666666667)
    pairs = {"policyChosen": D([-2, -1]), "policyRejected": D([-3, -0.5]), "referenceChosen": D([-2.5, -1.2]), "referenceRejected": D([-2.6, -0.8])}
    win = [-0.047751517521, -0.050249997917]
    w(34, "DPO pair losses and gradients", "dpo", pairs, {"beta": 0.1, **none}, [0.649159339026, 0.698159680508], {"policyChosen": win, "policyRejected": [-x for x in win]})
    w(34, "DPO mean", "dpo", pairs, {"beta": 0.1}, 0.673659509767)
    for lam, total, share in ((1, 0.585, 0.0598), (5, 0.725, 0.2414), (10, 0.9, 0.3889), (20, 1.25, 0.56)):
        terms = {"losses": D([0.55, 0.035])}
        w(36, f"total at lambda {lam}", "combine", terms, {"weights": D([1.0, lam])}, total)
        w(36, f"shares at lambda {lam}, printed in percent", "combine", terms, {"weights": D([1.0, lam])}, outputs={"shares": [round(1 - share, 4), share]})
    three = {"losses": D([0.55, 0.04, 1.8])}
    w(37, "total of three terms", "combine", three, {"weights": D([1, 10, 0.2])}, 1.31)
    w(37, "shares of three terms, printed in percent", "combine", three, {"weights": D([1, 10, 0.2])}, outputs={"shares": [0.4198, 0.3053, 0.2748]})
    micro = {"losses": D([0.2, 0.4, 0.6, 0.8])}
    w(41, "accumulated sum", "reduce", micro, {"reduction": "sum"}, 2)
    w(41, "accumulated mean", "reduce", micro, {}, 0.5)
    w(41, "the sum over the fixed denominator 4 is the mean", "reduce", micro, {"reduction": {"denominator": 4}}, 0.5)

    g = {"means": D([0.1, 0.8, 2.5]), "targets": D([0, 1, 2]), "variances": D([-1, 0, 0.5])}
    log = {"parameter": "logSigma"}
    w(43, "Gaussian NLL with learned log-sigma, full", "gaussianNLL", g, {**log, "full": True, **none}, [-0.044116186301, 0.938938533205, 1.464923463351])
    w(43, "Gaussian NLL with learned log-sigma, full, mean", "gaussianNLL", g, {**log, "full": True}, 0.786581936752)
    w(43, "Gaussian NLL without the constant, and its gradients", "gaussianNLL", g, {**log, **none}, [-0.963054719505, 0.02, 0.545984930146],
      {"means": [0.738905609893, -0.2, 0.183939720586], "variances": [0.926109439011, 0.96, 0.908030139707]})
    b = {"logits": D([-2, -1, 0.5, 1, 2]), "targets": D([0, 0, 0, 1, 1])}
    base = [0.126928011043, 0.313261687518, 0.97407698418, 0.313261687518, 0.126928011043]
    w(45, "imbalanced pairs without weight", "bceWithLogits", b, none, base)
    w(45, "imbalanced pairs with posWeight 4 and their gradient", "bceWithLogits", b, {"posWeight": 4, **none}, base[:3] + [1.253046750073, 0.507712044172],
      {"logits": [0.119202922022, 0.26894142137, 0.622459331202, -1.07576568548, -0.476811688088]})
    w(45, "imbalanced pairs, mean without weight", "bceWithLogits", b, {}, 0.37089127626)
    w(45, "imbalanced pairs, mean with posWeight 4", "bceWithLogits", b, {"posWeight": 4}, 0.635005095397)
    w(47, "the smallest expected log-loss at true probability .7", "bce", {"probabilities": D([0.699447236181]), "targets": D([0.7])}, {}, 0.61086502904)

    z = {"logits": D([[2, 1, 0]]), "targets": I(0)}
    table = {0.5: ([0.866813332197, 0.117310427826, 0.015876239976], 0.1429316285, 0.356384511184),
             1: (None, 0.407605964444, 0.424336124247), 2: ([0.506480391056, 0.307195885718, 0.186323723226], 0.680269670642, 0.305224280838)}
    for t, (p, l, norm) in table.items():
        w(49, f"loss at temperature {t}", "crossEntropy", z, {"temperature": t}, l)
        # the printed norm is the length of the gradient
        found = compute("crossEntropy", "norm", z, {"temperature": t})["gradients"]["logits"].norm().item()
        assert abs(found - norm) < 1e-11, (t, found, norm)
        if p:
            gradient = ((D(p) - D([1.0, 0, 0])) / t)[None].tolist()
            w(49, f"gradient at temperature {t} from the printed probabilities: (p - onehot)/t", "crossEntropy", z, {"temperature": t}, gradients={"logits": gradient})
            w(49, f"probabilities at temperature {t}", "softmax", {"logits": z["logits"] / t}, {}, outputs={"output": [p]})
    z = {"logits": D([[3, 0, -1, -2]]), "targets": I(0)}
    w(51, "no smoothing", "crossEntropy", z, {"labelSmoothing": 0}, 0.072172421993, {"logits": [[-0.069629534349, 0.046320417981, 0.017040329482, 0.006268786887]]})
    w(51, "smoothing .1", "crossEntropy", z, {"labelSmoothing": 0.1}, 0.372172421993, {"logits": [[0.005370465651, 0.021320417981, -0.007959670518, -0.018731213113]]})
    w(51, "smoothing .1 as the printed probability target", "crossEntropy", {"logits": z["logits"], "targets": D([[0.925, 0.025, 0.025, 0.025]])}, {}, 0.372172421993)
    w(51, "smoothing .3", "crossEntropy", z, {"labelSmoothing": 0.3}, 0.972172421993)
    w(51, "smoothing .3 as the printed probability target", "crossEntropy", {"logits": z["logits"], "targets": D([[0.775, 0.075, 0.075, 0.075]])}, {}, 0.972172421993)
    scores = {"scores": D([[2, -3, -2.5, -2], [2, 1.8, 1.6, 1.4]])}
    w(53, "easy and hard negatives", "infoNCEScores", scores, none, [0.035524064368, 1.111154121782],
      {"scores": [[-0.034900490559, 0.006502789343, 0.010721287109, 0.017676414107], [-0.670821170699, 0.269508830811, 0.220655168011, 0.180657171876]]})
    x = {"images": q, "texts": k}
    v = lambda *a, **kw: worked("002", "cell 28, contrastive values", *a, **kw)
    v("CLIP at scale 5 (d log-scale is 5 times the printed d scale)", "clip", x, {"logitScale": D(math.log(5))}, 0.329916640263, {"logitScale": 5 * -0.038942049194})
    v("CLIP at scale 1/.07", "clip", x, {"logitScale": D(math.log(1 / 0.07))}, 0.244885542398)
    v("CLIP at scale 1/.07, gradient to the log-scale", "clip", x, {"logitScale": D(math.log(1 / 0.07))}, gradients={"logitScale": 0.00068905509})
    v("SigLIP at scale 10, bias -10", "sigLIP", x, {"scale": D(10.0), "bias": D(-10.0)}, 1.031469459827, {"scale": -0.429922957043, "bias": -0.437973333361})
    for t, value in ((0.5, 1.062521547037), (0.2, 0.548692080551), (0.07, 0.38153122144)):
        v(f"NT-Xent over 2N rows at temperature {t}", "ntXent", {"a": q, "b": k}, {"temperature": t}, value)
    for labels, value in (([0, 0, 1, 1, 2, 2], 2.081929408124), ([0, 0, 0, 1, 1, 1], 3.387670971692)):
        v(f"SupCon at temperature .2, labels {labels}", "supCon", {"features": q, "labels": I(*labels)}, {"temperature": 0.2}, value)
    half = torch.tensor([1] * 6 + [0] * 6, dtype=torch.uint8)
    for words, m, value in (("first", half, -0.734448036742), ("second", 1 - half, -0.587198002106)):
        v(f"DCL at temperature .2, mean over the rows of the {words} view", "dcl", {"a": q, "b": k}, {"temperature": 0.2, "mask": m}, value)


def notebook_vectors():
    numpy.random.seed(42)
    q = numpy.random.normal(size=(6, 4))
    k = q + 0.25 * numpy.random.normal(size=(6, 4))
    return torch.tensor(q), torch.tensor(k)


def others():
    w = worked
    none = {"reduction": "none"}
    zero = lambda n: D([0.0] * n)
    w("000", "s2.2", "MSE gradients 2r/n of errors .1 and -.5", "mse", {"predictions": D([0.1, -0.5]), "targets": zero(2)}, {}, gradients={"predictions": [0.2 / 2, -1.0 / 2]})
    errors = {"predictions": D([0.1, 1, 10]), "targets": zero(3)}
    w("000", "s3.3", "MSE gradients of errors .1, 1, 10", "mse", errors, {}, gradients={"predictions": [0.2 / 3, 2 / 3, 20 / 3]})
    w("000", "s3.3", "MAE gradients of errors .1, 1, 10", "mae", errors, {}, gradients={"predictions": [1 / 3] * 3})
    logit = lambda p: math.log(p) - math.log1p(-p)
    w("000", "s5.3", "binary cross-entropy gradients p - y at p .9 and .1", "bceWithLogits", {"logits": D([logit(0.9), logit(0.1), logit(0.9), logit(0.1)]), "targets": D([1, 1, 0, 0])},
      none, gradients={"logits": [-0.1, -0.9, 0.9, 0.1]})
    w("000", "s5.4", "-ln .99 and -ln .01", "bce", {"probabilities": D([0.99, 0.01]), "targets": D([1.0, 1.0])}, none, [0.010050335854, 4.605170185988])
    pt = [0.9, 0.5, 0.1]
    z = {"logits": D([logit(p) for p in pt]), "targets": D([1.0] * 3)}
    o = {"alpha": None, "gamma": 2, **none}
    w("000", "s7.3", "focal loss at p_t .9, .5, .1, gamma 2", "sigmoidFocal", z, o, [0.001053605, 0.173286795, 1.865093925])
    w("000", "s7.3", "focal factors .01, .25, .81 times -ln p_t", "sigmoidFocal", z, o, [f * -math.log(p) for f, p in zip((0.01, 0.25, 0.81), pt)])
    slopes = (-0.032183214243, -1.19314718056, -12.244653167389)
    w("000", "s7.3", "the printed dFL/dp_t times dp_t/dz = p_t (1 - p_t)", "sigmoidFocal", z, o, gradients={"logits": [s * p * (1 - p) for s, p in zip(slopes, pt)]})
    w("000", "s11.1", "the smoothed target enters the gradient at equal logits: 1/4 - target", "crossEntropy", {"logits": torch.zeros(1, 4), "targets": I(2)}, {"labelSmoothing": 0.1},
      gradients={"logits": (0.25 - D([[0.025, 0.025, 0.925, 0.025]])).tolist()})
    r = {"predictions": D([2.5, 0, 4]), "targets": D([3, -1, 2])}
    w("003", "MSE", "MSE and gradient", "mse", r, {}, 1.75, {"predictions": [-1 / 3, 2 / 3, 4 / 3]})
    w("003", "MSE", "MAE", "mae", r, {}, 1.166666667)
    w("003", "MSE", "MAE gradient", "mae", r, {}, gradients={"predictions": [-1 / 3, 1 / 3, 1 / 3]})
    w("003", "MSE", "Huber", "huber", r, {"delta": 1}, 0.708333333)
    w("003", "MSE", "Huber gradient", "huber", r, {"delta": 1}, gradients={"predictions": [-1 / 6, 1 / 3, 1 / 3]})
    w("003", "reduction", "cross-entropy without reduction on (4, 3) has shape (4), equal logits here", "crossEntropy", {"logits": torch.zeros(4, 3), "targets": I(0, 2, 1, 2)}, none, [math.log(3)] * 4)
    w("003", "reduction", "the mean of weighted losses divides by 4, not by the weights' 4.5", "crossEntropy", {"logits": torch.zeros(4, 3), "targets": I(0, 2, 1, 2)},
      {"sampleWeight": D([1, 0.5, 2, 1]), "reduction": "meanCount"}, math.log(3) * 4.5 / 4)
    w("004", "s1.3", "an error of 30 costs 900", "mse", {"predictions": D([30.0]), "targets": zero(1)}, {}, 900)
    w("004", "s1.3", "the cost adds .001 times the squared norm", "l2Penalty", {"parameters": D([1, -2, 3])}, {"lambda": 0.001}, 0.014)
    p = D([0.10, 0.70, 0.98])
    nats = {"inputs": torch.stack([p, 1 - p], 1), "targets": D([[1.0, 0.0]] * 3)}
    w("004", "s2.2", "-ln p of .10, .70, .98, in nats", "klDivergence", nats, {"inputForm": "probs", **none}, [2.302585, 0.356675, 0.020203])
    w("004", "s2.2", "-log2 p of .10, .70, .98: the true bits", "klDivergence", nats, {"inputForm": "probs", "unit": "bits", **none}, [3.321928, 0.514573, 0.029146])
    w("004", "s3.1", "power grid: tau .9 at +10 and -10", "quantile", {"predictions": zero(2), "targets": D([10.0, -10.0])}, {"tau": 0.9, **none}, [9, 1])
    pt = [0.98, 0.70, 0.20]
    w("004", "s3.2", "focal factors 4e-4, .09, .64 times -ln p_t", "sigmoidFocal", {"logits": D([logit(x) for x in pt]), "targets": D([1.0] * 3)}, o,
      [f * -math.log(x) for f, x in zip((4e-4, 0.09, 0.64), pt)])
    w("004", "s2.1", "Huber with delta 3 at 2, 3, 9999", "huber", {"predictions": D([2.0, 3.0, 9999.0]), "targets": zero(3)}, {"delta": 3, **none}, [2, 4.5, 29992.5])
    w("004", "s4.3", "at equilibrium both discriminator terms are ln 2", "combine", {"losses": D([LN2, LN2])}, {"weights": D([1.0, 1.0])}, 1.386294361120)
    for role in ("discriminatorReal", "discriminatorFake"):
        w("004", "s4.3", f"equilibrium D = .5, {role}: half of 2 ln 2", "gan", {"logits": D([0.0, 0.0])}, {"role": role}, 1.386294361120 / 2)
    fake = {"logits": D([-1.5, 0, 1])}
    w("004", "s4.3", "the discriminator's loss as one binary cross-entropy over both batches", "bceWithLogits", {"logits": D([2, 0.5, -1, -1.5, 0, 1]), "targets": D([1, 1, 1, 0, 0, 0])},
      {"reduction": {"denominator": 3}}, 1.374029609601)
    w("004", "s4.3", "generator, minimax", "gan", fake, {"variant": "minimax", "role": "generator"}, -0.735940715354)
    w("004", "s4.3", "generator, non-saturating", "gan", fake, {"variant": "nonSaturating", "role": "generator"}, 0.90260738202)
    w("004", "s5.3", "-ln 1e-8", "bce", {"probabilities": D([1e-8]), "targets": D([1.0])}, {}, 18.420680743952)
    w("001", "GIoU", "generalised IoU of [0,0,2,2] and [1,1,3,4]", "iou", {"boxes": D([[0, 0, 2, 2]]), "targets": D([[1, 1, 3, 4]])}, {"variant": "giou"}, 1.138888888889,
      {"boxes": [[-0.108024691358, -0.045524691358, -0.182098765432, -0.182098765432]]})


def build():
    families = {"cross_entropy": "crossEntropy", "elementwise": "mse", "row": "nll", "pairwise": "infoNCE", "generative": "iou"}
    for family, one in families.items():
        if one not in BOOKS:
            importlib.import_module(family).build()
    notebook()
    others()
    write(os.path.join(HERE, "worked.json"), CASES)
    print(f"worked: {len(CASES)} cases, {sum('digits' in c for c in CASES)} with fewer digits")
    for line in REPORT:
        print("  disagreement:", line)


if __name__ == "__main__":
    build()
