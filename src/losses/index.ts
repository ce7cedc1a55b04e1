// detection

export { iou } from "./iou.js";

// pairwise

export { clip } from "./clip.js";
export { contrastive } from "./contrastive.js";
export { cosineEmbedding } from "./cosineEmbedding.js";
export { dcl } from "./dcl.js";
export { infoNCE } from "./infoNCE.js";
export { ntXent } from "./ntXent.js";
export { sigLIP } from "./sigLIP.js";
export { similarityMatrix } from "./similarityMatrix.js";
export { supCon } from "./supCon.js";
export { triplet } from "./triplet.js";
export { tripletMining } from "./tripletMining.js";

// row

export { costMatrix } from "./costMatrix.js";
export { crossEntropy } from "./crossEntropy.js";
export { ctc } from "./ctc.js";
export { distillation } from "./distillation.js";
export { entropy } from "./entropy.js";
export { generalizedCrossEntropy } from "./generalizedCrossEntropy.js";
export { jsd } from "./jsd.js";
export { klDivergence } from "./klDivergence.js";
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
