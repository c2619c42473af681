export { type ComplexNumbers, eigenvalues, spectralRadius } from "./eigenvalues.js";
export { matrixProduct } from "./matrix.js";
export { orthonormalise } from "./orthonormalise.js";
export { singularValues } from "./singular-values.js";
export { type SymmetricEigen, symmetricEigen } from "./symmetric-eigen.js";
