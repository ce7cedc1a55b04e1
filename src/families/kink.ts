/** The option of losses whose slope jumps: which one-sided slope counts at the kink itself. */
export const kink = {
  default: "zero",
  values: ["zero", "torch"],
  doc: "The slope at the kink itself: 0, or what PyTorch gives there.",
} as const;
