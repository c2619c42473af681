import { check, isRecord, kind, type RequiredKind } from "../../check/index.js";
import { formatShape, ShapeError, type Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import { type Structure, StructureError } from "../../unfold/index.js";
import { structureKind } from "../../unfold/kinds.js";
import { checkSource, type Sequences } from "../sequence-to-sequence/check-sequences.js";

/** Questions, and for each the sentences of its story, of any number and length. `packStories` makes them of words. */
export interface Stories {
  /** A node per question, which carries the set `sentences`: the sentences of its story, in their order. */
  readonly structure: Structure;
  /** The words of all sentences, those of the first question's story first: a chain per sentence, x int32 [words]. */
  readonly sentences: Sequences;
  /** How long before the question each sentence was told, 0 for the last: int32 [sentences]. */
  readonly times: Value;
  /** The words of the questions: a chain per question, x int32 [words]. */
  readonly questions: Sequences;
}

/** Checks that stories fit together. @throws ShapeError or StructureError naming what does not */
export function checkStories(what: string, stories: unknown): asserts stories is Stories {
  check(what, "stories", stories, storiesKind);
  const { structure, sentences, times, questions } = stories as Stories;
  check(what, "stories.structure", structure, structureKind);
  checkSource(`${what}: stories.sentences`, sentences);
  checkSource(`${what}: stories.questions`, questions);
  check(what, "stories.times", times, valueKind);
  const set = structure.sets.find(({ name }) => name === "sentences");
  if (!set || structure.nodes !== structure.sequences)
    throw new StructureError(
      `${what}: stories.structure has ${structure.nodes} nodes in ${structure.sequences} sequences${set ? "" : ', and no set "sentences"'}; expected a node per question that carries the set "sentences"`,
    );
  const [count, shown] = [set.sequenceOf.length, sentences.structure.sequences];
  if (shown !== count)
    throw new StructureError(
      `${what}: stories.sentences has ${shown} sentences, and the set "sentences" of stories.structure has ${count} members`,
    );
  if (questions.structure.sequences !== structure.sequences)
    throw new StructureError(
      `${what}: stories.questions has ${questions.structure.sequences} questions, stories.structure has ${structure.sequences}`,
    );
  if (times.dtype !== "int32" || times.rank !== 1 || times.shape[0] !== count)
    throw new ShapeError(
      `${what}: stories.times is ${times.dtype} ${formatShape(times.shape)}, expected int32 [${count}]: a number per sentence`,
    );
}

/** Stories, as far as networks need to ask before they look at the parts. */
const storiesKind: RequiredKind = kind(
  "stories { structure, sentences, times, questions }, as packStories gives",
  isRecord,
);
