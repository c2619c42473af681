export type {
  Address,
  Addressing,
  AddressingCall,
  AddressingSizes,
  AddressingSpecs,
} from "./addressing.js";
export * from "./content-addressing.js";
export * from "./draw-member.js";
export * from "./hard-addressing.js";
export * from "./interpolate.js";
export { type Members, rowMembers, setMembers } from "./members.js";
export * from "./scores.js";
export * from "./shift-weights.js";
export * from "./weights.js";
export * from "./window.js";
export * from "./window-addressing.js";
