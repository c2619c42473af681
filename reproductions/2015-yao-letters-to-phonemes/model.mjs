// The model that reads letters and writes phonemes.

import { attentionModel } from "../pairs.mjs";
import { letters, phonemes } from "./dictionary.mjs";

export const setting = { features: 64, hidden: 192 };
export const model = attentionModel({ source: letters.size, target: phonemes.size, ...setting });
