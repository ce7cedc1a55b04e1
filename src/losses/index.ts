// detection

export { iou } from "./iou.js";

// elementwise

export { bce } from "./bce.js";
export { bceWithLogits } from "./bceWithLogits.js";
export { dpo } from "./dpo.js";
export { gan } from "./gan.js";
export { gaussianKL } from "./gaussianKL.js";
export { gaussianKLFull } from "./gaussianKLFull.js";
export { gaussianNLL } from "./gaussianNLL.js";
export { hinge } from "./hinge.js";
export { hingeEmbedding } from "./hingeEmbedding.js";
export { huber } from "./huber.js";
export { klPenalty } from "./klPenalty.js";
export { l2Penalty } from "./l2Penalty.js";
export { logCosh } from "./logCosh.js";
export { mae } from "./mae.js";
export { mape } from "./mape.js";
export { marginRanking } from "./marginRanking.js";
export { mse } from "./mse.js";
export { msle } from "./msle.js";
export { poissonNLL } from "./poissonNLL.js";
export { ppoClip } from "./ppoClip.js";
export { quantile } from "./quantile.js";
export { sigmoidFocal } from "./sigmoidFocal.js";
export { smoothL1 } from "./smoothL1.js";
export { softMargin } from "./softMargin.js";
export { squaredHinge } from "./squaredHinge.js";
export { valueClip } from "./valueClip.js";

// generative

export { elbo } from "./elbo.js";

// pairwise

export { clip } from "./clip.js";
export { contrastive } from "./contrastive.js";
export { cosineEmbedding } from "./cosineEmbedding.js";
export { dcl } from "./dcl.js";
export { infoNCE } from "./infoNCE.js";
export { infoNCEScores } from "./infoNCEScores.js";
export { ntXent } from "./ntXent.js";
export { sigLIP } from "./sigLIP.js";
export { similarityMatrix } from "./similarityMatrix.js";
export { supCon } from "./supCon.js";
export { triplet } from "./triplet.js";
export { tripletMining } from "./tripletMining.js";

// preference

export { sequenceLogProbs } from "./sequenceLogProbs.js";

// reduction

export { combine } from "./combine.js";
export { reduce } from "./reduce.js";

// row

export { costMatrix } from "./costMatrix.js";
export { crossEntropy } from "./crossEntropy.js";
export { ctc } from "./ctc.js";
export { dice } from "./dice.js";
export { distillation } from "./distillation.js";
export { entropy } from "./entropy.js";
export { generalizedCrossEntropy } from "./generalizedCrossEntropy.js";
export { jsd } from "./jsd.js";
export { klDivergence } from "./klDivergence.js";
export { linearCrossEntropy } from "./linearCrossEntropy.js";
export { listwiseSoftmax } from "./listwiseSoftmax.js";
export { logSoftmax } from "./logSoftmax.js";
export { logSumExp } from "./logSumExp.js";
export { multilabelMargin } from "./multilabelMargin.js";
export { multilabelSoftMargin } from "./multilabelSoftMargin.js";
export { multiMargin } from "./multiMargin.js";
export { nll } from "./nll.js";
export { poly } from "./poly.js";
export { softmax } from "./softmax.js";
export { softmaxFocal } from "./softmaxFocal.js";
export { totalVariation } from "./totalVariation.js";
export { tversky } from "./tversky.js";
