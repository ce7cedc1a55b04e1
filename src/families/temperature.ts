/** The option `temperature` of the contrastive losses. */
export const temperatureOption = <const T extends number>(value: T) =>
  ({
    tensor: "one number",
    default: value,
    above: 0,
    role: "wrt",
    doc: "Divides the similarities; as a tensor it can have a gradient.",
  }) as const;
