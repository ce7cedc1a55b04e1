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

export { crossEntropy } from "./crossEntropy.js";
