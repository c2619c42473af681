// The model that reads dates.

import { attentionModel } from "../pairs.mjs";
import { digits, letters } from "./dates.mjs";

export const setting = { features: 24, hidden: 48 };
export const model = attentionModel({ source: letters.size, target: digits.size, ...setting });
