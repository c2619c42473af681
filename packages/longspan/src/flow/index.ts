export {
  type ComplexNumbers,
  eigenvalues,
  type SymmetricEigen,
  singularValues,
  spectralRadius,
  symmetricEigen,
} from "./linear-algebra/index.js";
