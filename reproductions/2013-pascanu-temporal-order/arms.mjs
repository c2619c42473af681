// What is done about gradients that explode or vanish, by name.
//
// clip: longest gradient of all parameters together; null for no limit.
// term: what is added to the loss, as a function of { model, problem, params, batch } that is differentiated in the parameters;
//       null for nothing.

export const arms = {
  sgd: { clip: null, term: null },
  clip: { clip: 1, term: null },
};
