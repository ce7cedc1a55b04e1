/** A question with its answers, or the losses that an answer ends on, best first. */
export interface Branch {
  readonly question: string;
  readonly answers: readonly Answer[];
}
export interface Answer {
  readonly text: string;
  readonly next?: Branch;
  readonly losses?: readonly string[];
  /** Why this one, and what to mind. */
  readonly because?: string;
  /** Options that belong to the answer. */
  readonly options?: Readonly<Record<string, number | string | boolean>>;
}

const end = (
  text: string,
  losses: string,
  because: string,
  options: Answer["options"] = {},
): Answer => ({
  text,
  losses: losses.split(" "),
  because,
  options,
});

/** What is your task? */
export const tree: Branch = {
  question: "What is your task?",
  answers: [
    {
      text: "Predict a number",
      next: {
        question: "What are the numbers like?",
        answers: [
          end(
            "Clean, with Gaussian noise",
            "mse",
            "The squared error is the likelihood of Gaussian noise; its best answer is the mean.",
          ),
          end(
            "Full of outliers",
            "huber mae smoothL1",
            "Beyond delta an error pulls with constant force, so one bad reading cannot take over.",
          ),
          end(
            "I want a percentile, such as the 90th",
            "quantile",
            "Asymmetric slopes make the best answer the tau-quantile.",
            { tau: 0.9 },
          ),
          end(
            "The loss must be smooth to second order",
            "logCosh",
            "Quadratic near zero, linear far out, and twice differentiable everywhere.",
          ),
          end(
            "I also want to know how uncertain it is",
            "gaussianNLL",
            "The model predicts a variance; claiming too much certainty is what costs.",
          ),
          end(
            "Counts",
            "poissonNLL",
            "The likelihood of counts; the model predicts the log of the rate.",
          ),
          end(
            "Over several orders of magnitude",
            "msle mape",
            "Relative errors count, not absolute ones.",
          ),
        ],
      },
    },
    {
      text: "Decide between classes",
      next: {
        question: "What are the classes like?",
        answers: [
          end(
            "Yes or no, or several labels at once",
            "bceWithLogits bce multilabelSoftMargin",
            "One independent decision per label, from logits: never take the sigmoid yourself.",
          ),
          end(
            "One of many, about equally frequent",
            "crossEntropy",
            "Logits in, class numbers as targets; softmax and logarithm are inside.",
          ),
          end(
            "One of many, and most examples are easy or of one class",
            "softmaxFocal sigmoidFocal crossEntropy",
            "Easy examples are faded out; class weights in crossEntropy are the simpler remedy.",
          ),
          end(
            "A wide margin matters, as in an SVM",
            "hinge multiMargin squaredHinge",
            "Examples beyond the margin have no gradient at all.",
          ),
          end(
            "The labels are noisy",
            "generalizedCrossEntropy crossEntropy",
            "Between cross-entropy and absolute error: wrong labels pull less.",
          ),
          end(
            "Mistakes have different costs",
            "costMatrix",
            "Minimises the expected cost from your table of what each mistake costs.",
          ),
          end(
            "The next token of a large vocabulary",
            "linearCrossEntropy crossEntropy",
            "Fused loss and gradient in one pass; shift and ignoreIndex are options.",
            {},
          ),
          end(
            "A sequence without an alignment",
            "ctc",
            "Sums over every way to lay the labels along the frames.",
          ),
          end(
            "An order, not a class",
            "listwiseSoftmax marginRanking",
            "Compares the items of a list, or of a pair, with each other.",
          ),
        ],
      },
    },
    {
      text: "Learn embeddings for search or recognition",
      next: {
        question: "How does your data say what belongs together?",
        answers: [
          end(
            "In pairs, alike or not",
            "contrastive cosineEmbedding",
            "Alike pairs are drawn together, others pushed out to a margin.",
          ),
          end(
            "In triplets: anchor, positive, negative",
            "triplet tripletMining",
            "The negative has to be farther than the positive by a margin; mining finds the hard ones.",
          ),
          end(
            "In large batches of pairs",
            "infoNCE ntXent clip sigLIP dcl",
            "All other pairs of the batch serve as negatives; a larger batch is a better bound.",
          ),
          end(
            "By class labels",
            "supCon tripletMining",
            "Everything of one class is a positive of everything else of it.",
          ),
        ],
      },
    },
    {
      text: "Generate",
      next: {
        question: "With which model?",
        answers: [
          end(
            "A variational autoencoder",
            "elbo gaussianKL",
            "Reconstruction plus beta times the divergence from the prior.",
          ),
          end(
            "A generative adversarial network",
            "gan",
            "Discriminator and generator each have a role; five variants.",
          ),
        ],
      },
    },
    {
      text: "Align a language model",
      next: {
        question: "What do you have?",
        answers: [
          end(
            "Pairs of a preferred and a rejected answer",
            "dpo",
            "Learns directly from preferences; no reward model, little compute.",
          ),
          end(
            "A reward model and compute for PPO",
            "ppoClip klPenalty valueClip",
            "The clipped objective, with a penalty that holds the policy to its reference.",
          ),
        ],
      },
    },
    {
      text: "Find boxes or masks in images",
      next: {
        question: "What is predicted?",
        answers: [
          end("Boxes", "iou smoothL1", "giou has a gradient even where boxes do not touch.", {
            variant: "giou",
          }),
          end(
            "Masks",
            "dice tversky",
            "Overlap of areas: small objects count as much as large ones.",
          ),
          end(
            "Classes of many candidate boxes",
            "sigmoidFocal",
            "Most candidates are easy background; focal fades them out.",
          ),
        ],
      },
    },
    {
      text: "Match a distribution",
      next: {
        question: "Which one?",
        answers: [
          end(
            "A teacher model's logits",
            "distillation",
            "Softened by a temperature, with the gradient's scale kept.",
          ),
          end(
            "Given probabilities",
            "klDivergence crossEntropy",
            "Forward or reverse; cross-entropy with soft targets differs by a constant.",
          ),
          end(
            "Symmetric and bounded",
            "jsd totalVariation",
            "Finite even where the distributions do not overlap.",
          ),
        ],
      },
    },
  ],
};
