// pairwise
export { clip } from "./clip.js";
export { crossEntropy } from "./crossEntropy.js";
export { dcl } from "./dcl.js";
export { infoNCE } from "./infoNCE.js";
export { ntXent } from "./ntXent.js";
export { sigLIP } from "./sigLIP.js";
export { supCon } from "./supCon.js";
export { tripletMining } from "./tripletMining.js";
