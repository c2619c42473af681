// What is done about gradients that explode or vanish, by name.
//
// clip: longest gradient of all parameters together; null for no limit.
// omega: the weight of the regulariser Omega, in the form of the paper's program: squared norms, states and dL/dh(t) held constant,
//        the mean over the terms whose gradient is not zero; null for none.

export const arms = {
  sgd: { clip: null, omega: null },
  clip: { clip: 1, omega: null },
  omega: { clip: null, omega: 4 },
  "clip+omega": { clip: 1, omega: 4 },
};
