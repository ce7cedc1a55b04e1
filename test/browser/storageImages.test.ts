import { expect, test } from "vitest";
import { crossEntropy, openBackend, tensor } from "../../src/index.js";
import { sizeOf } from "../../src/tensor.js";
import { openSoftware } from "../against.js";
import { fill, randomFrom } from "../random.js";

const reference = await openBackend({ kind: "cpu" });
const backend = await openSoftware();

// Once the loads of 16-bit words took the classes of an image for neighbours, and read other pixels.
test.each([
  ["f16", [2, 21, 3, 5]],
  ["bf16", [1, 150, 4, 4]],
  ["f16", [2, 2, 7, 1]],
] as const)(
  "an image of %s logits, %j, has the loss and gradient of its pixels",
  async (dtype, shape) => {
    const size = sizeOf(shape);
    const random = randomFrom(7);
    const logits = tensor(
      fill(size, () => 8 * random() - 4),
      shape,
      { dtype },
    );
    const [images, classes, height, width] = shape;
    const labels = Int32Array.from({ length: images * height * width }, (_, at) => at % classes);
    const targets = tensor(labels, [images, height, width]);
    const options = { classAxis: 1, reduction: "none", gradients: true } as const;
    const got = await crossEntropy(logits, targets, { ...options, backend });
    const want = await crossEntropy(logits, targets, { ...options, backend: reference });
    for (const name of ["loss", "logits"] as const) {
      const read = async ({ loss, gradients }: typeof got): Promise<Float64Array> =>
        (await (name === "loss" ? loss : gradients.logits).read()) as Float64Array;
      const have = await read(got);
      const exact = await read(want);
      const worst = exact.reduce(
        (far, x, at) => Math.max(far, Math.abs((have[at] as number) - x)),
        0,
      );
      expect(worst).toBeLessThan(name === "loss" ? 4e-6 : 3e-7);
    }
    got.destroy();
  },
);

// Once a tensor was taken for a bare { buffer, offset, size }, its size for bytes.
test("a plan takes tensors that lie on the GPU", async () => {
  const first = await crossEntropy.plan(
    { logits: [4, 9], targets: [4] },
    { backend, gradients: true },
  );
  const logits = Float32Array.from({ length: 36 }, (_, at) => Math.sin(at));
  const gradient = first.run({ logits, targets: [0, 3, 8, 1] }).gradients.logits;
  const second = await crossEntropy.plan({ logits: [4, 9], targets: [4] }, { backend });
  const onGpu = await second.run({ logits: gradient, targets: [0, 3, 8, 1] }).loss.item();
  const copied = (await gradient?.read()) as Float32Array;
  const { loss } = await crossEntropy(tensor(copied, [4, 9]), [0, 3, 8, 1], { backend: reference });
  expect(Math.abs(onGpu - (await loss.item()))).toBeLessThan(1e-6);
  first.destroy();
  second.destroy();
});
