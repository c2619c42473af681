export { type Eigenpairs, eigenpairs } from "./eigenpairs.js";
export { type ComplexNumbers, eigenvalues, spectralRadius } from "./eigenvalues.js";
export { checkMatrix, matrixProduct } from "./matrix.js";
export { orthonormalise } from "./orthonormalise.js";
export { powerNorms } from "./power-norms.js";
export { type Schur, schur } from "./schur.js";
export { singularValues } from "./singular-values.js";
export { type SymmetricEigen, symmetricEigen } from "./symmetric-eigen.js";
