import { isRecord, kind, type RequiredKind } from "../../check/index.js";
import { finding } from "./finding.js";
import { SeriesError } from "./series-error.js";
import type { Covariate, CovariateRole } from "./time-series.js";

/** How a covariate is read. */
export interface CovariateConfig {
  readonly name: string;
  readonly role: CovariateRole;
  /** By default, what the first value is: a number, or a category. */
  readonly kind?: "number" | "category";
  /** The categories of a model that is there already: another one is unknown to it, as if it were missing. */
  readonly categories?: readonly string[] | null;
}

/** More categories are more likely a text. */
const mostCategories = 1000;

/** Reads the values of a covariate. */
export class CovariateColumn {
  readonly name: string;
  readonly role: CovariateRole;
  readonly missing = finding();
  readonly unseen = finding();
  private isCategory: boolean | null;
  private readonly categories: string[];
  private readonly known: Map<string, number>;
  private readonly isFixed: boolean;

  constructor({ name, role, kind, categories }: CovariateConfig) {
    this.name = name;
    this.role = role;
    this.isFixed = categories !== undefined;
    this.isCategory =
      categories === null
        ? false
        : categories !== undefined || (kind === undefined ? null : kind === "category");
    this.categories = [...(categories ?? [])];
    this.known = new Map(this.categories.map((category, k) => [category, k]));
  }

  /** A value as a number; NaN where it is missing, or a category is unknown. @param before values of the same series */
  read(value: string | number | null, at: number, before: readonly number[], id: string): number {
    const number = this.numberOf(value, at);
    const first = this.role === "static" ? before.find((other) => !Number.isNaN(other)) : undefined;
    if (first !== undefined && number !== first && !Number.isNaN(number))
      throw new SeriesError(
        at,
        this.name,
        `${JSON.stringify(value)} is not what it was for ${JSON.stringify(id)} before; what is static is the same in all records of a series`,
      );
    return number;
  }

  private numberOf(value: string | number | null, at: number): number {
    if (value === null || value === "" || Number.isNaN(value)) {
      this.missing.add(at, this.name);
      return Number.NaN;
    }
    const number = typeof value === "number" ? value : Number(value.trim() === "" ? Number.NaN : value);
    this.isCategory ??= Number.isNaN(number);
    if (!this.isCategory) {
      if (Number.isFinite(number)) return number;
      throw new SeriesError(
        at,
        this.name,
        `${JSON.stringify(value)} is no number, as those before it are; if these are categories, say so`,
      );
    }
    return this.category(String(value), at);
  }

  private category(text: string, at: number): number {
    const found = this.known.get(text);
    if (found !== undefined) return found;
    if (this.isFixed) {
      this.unseen.add(at, `${JSON.stringify(text)} of ${this.name}`);
      return Number.NaN;
    }
    if (this.categories.length === mostCategories)
      throw new SeriesError(
        at,
        this.name,
        `there are more than ${mostCategories} categories; leave the column out`,
      );
    this.known.set(text, this.categories.length);
    return this.categories.push(text) - 1;
  }

  readonly done = (): Covariate => ({
    name: this.name,
    role: this.role,
    categories: this.isCategory ? this.categories : null,
  });
}

/** How a covariate is read, as far as it is checked. */
export const covariateConfigKind: RequiredKind = kind(
  "a covariate: { name, role }, with a role of past, future or static",
  (value) =>
    isRecord(value) &&
    typeof value.name === "string" &&
    (value.role === "past" || value.role === "future" || value.role === "static"),
);
