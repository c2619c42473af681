/** A loss that is not finite though all gradients were. */
export class NonFiniteLossError extends Error {
  override name = "NonFiniteLossError";

  constructor(
    readonly firstStep: number,
    readonly lastStep: number,
  ) {
    super(
      `the loss is not finite at one of the steps ${firstStep} to ${lastStep}, although the gradients are finite. Remedies: a smaller learning rate, or a look at the batches of these steps`,
    );
  }
}
