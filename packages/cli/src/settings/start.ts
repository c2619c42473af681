import { positive } from "./kinds.js";
import { setting, type Table } from "./setting.js";

const sparse = { setting: "start", oneOf: ["sparse-2013"] } as const;

/** What the start of Sutskever et al. (2013) leaves to choose. */
export const sparseStartSettings = {
  radius: setting(positive, {
    group: "model",
    help: "spectral radius of the recurrent weights at the start",
    default: 1.1,
    needs: sparse,
  }),
  inputScale: setting(positive, {
    group: "model",
    help: "standard deviation of the input weights at the start",
    default: 0.001,
    placeholder: "<s>",
    needs: sparse,
  }),
} satisfies Table;
