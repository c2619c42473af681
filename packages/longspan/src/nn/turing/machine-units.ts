import { NetOfUnits, type RationalWeights, type Terms } from "./net-of-units.js";
import type { NumberedRule, TuringTable } from "./turing-machine.js";

/** The names of the units in which a configuration stands, every fourth step. */
export const unitNames = {
  state: (state: number) => `state ${state}`,
  scanned: (tape: number, symbol: number) => `scanned ${tape} ${symbol}`,
  stack: (tape: number, side: Side) => `stack ${tape} ${side}`,
};

/** A tape is two stacks and the scanned symbol between them. */
export type Side = "left" | "right";
const sides: readonly Side[] = ["left", "right"];

/**
 * The net that is a machine. A stack of symbols s_1 (on top), s_2, ... is one number between 0 and 1, in base B, twice the number of symbols:
 *
 *     q = sum over i of (2 s_i + 1) / B^i,    0 for the empty stack
 *
 * With two symbols the base is 4. Digits are odd, so that there is a gap below every number that begins with another symbol, and sigma can
 * tell the symbols apart exactly. States and scanned symbols have a unit each, which is 1 for the one that it is. A step of the machine
 * passes through four layers, each of which reads the one before:
 *
 *     read     is the top of a stack at least symbol j?   sigma(B q - 2 j)
 *     decide   which rule applies?                        sigma(state + scanned symbols - how many of these)
 *     move     for each stack what it may become, 0 but for the one that the rule asks for:
 *              push b   sigma(q / B + (2 b + 1) / B + asked - 1)
 *              pop      sigma(B q - (2 top + 1) + asked - 1)
 *              keep     sigma(q + asked - 1)
 *     gather   sums these; state and scanned symbols too
 *
 * All units are units of one net: each is 0 while its layer is not the one that works, since no bias is above zero.
 */
export function machineUnits(table: TuringTable): RationalWeights {
  const net = new NetOfUnits();
  readInput(net, table);
  read(net, table);
  decide(net, table);
  move(net, table);
  gather(net, table);
  return net.weights();
}

/** The inputs: x0 is a bit, x1 is 1 as long as there are any. The n-th bit becomes the n-th digit of a stack, from the top. */
function readInput(net: NetOfUnits, { symbols }: TuringTable): void {
  const base = 2 * symbols.length;
  const digit = (bit: string) => 2 * symbols.indexOf(bit) + 1;
  // What a digit at this position counts: 1 / B^n.
  net.unit(
    "input position",
    [
      ["input position", [1, base]],
      ["x1", 1],
      ["bias", -1],
    ],
    [1, base],
  );
  net.unit("input 0", [
    ["input position", digit("0")],
    ["x1", 1],
    ["x0", -1],
    ["bias", -1],
  ]);
  net.unit("input 1", [
    ["input position", digit("1")],
    ["x0", 1],
    ["bias", -1],
  ]);
  net.unit("input stack", [
    ["input stack", 1],
    ["input 0", 1],
    ["input 1", 1],
    ["input end", -1],
  ]);
  net.unit(
    "input",
    [
      ["input", 1],
      ["x1", 1],
      ["bias", -1],
    ],
    1,
  );
  net.unit("input end", [
    ["input", 1],
    ["x1", -1],
  ]);
  net.unit("load stack", [
    ["input stack", 1],
    ["input end", 1],
    ["bias", -1],
  ]);
  net.unit("load", [["input end", 1]]);
}

function read(net: NetOfUnits, table: TuringTable): void {
  const base = 2 * table.symbols.length;
  carry(net, "read", configuration(table), "");
  for (const [tape, side] of stacksOf(table))
    for (let j = 0; j < table.symbols.length; j++)
      net.unit(`read ${top(tape, side, j)}`, [
        [unitNames.stack(tape, side), base],
        ["bias", -2 * j],
      ]);
}

function decide(net: NetOfUnits, table: TuringTable): void {
  const tops = stacksOf(table).flatMap(([tape, side]) =>
    Array.from(table.symbols, (_, j) => top(tape, side, j)),
  );
  const kept = configuration(table).filter((name) => !name.startsWith("state"));
  carry(net, "decide", [...kept, ...tops], "read ");
  for (const [r, { state, reads, emit }] of rulesOf(table).entries()) {
    const symbols = reads.flatMap(
      (symbol, tape): Terms => (symbol < 0 ? [] : [[`read ${unitNames.scanned(tape, symbol)}`, 1]]),
    );
    net.unit(rule(r), [[`read ${unitNames.state(state)}`, 1], ...symbols, ["bias", -symbols.length]]);
    if (emit !== undefined) net.output(rule(r), 1);
    if (emit === 1) net.output(rule(r), 0);
  }
}

function move(net: NetOfUnits, table: TuringTable): void {
  const { symbols, states } = table;
  const base = 2 * symbols.length;
  for (const state of states.keys())
    net.unit(
      `move ${unitNames.state(state)}`,
      asked(table, ({ next }) => next === state),
    );
  for (let tape = 0; tape < table.tapes; tape++) {
    const moves = (to: number) => asked(table, (r) => r.moves[tape] === to);
    const writes = (to: number, symbol: number) =>
      asked(table, (r) => r.moves[tape] === to && r.writes[tape] === symbol);
    for (const side of sides) {
      const stack: string = `decide ${unitNames.stack(tape, side)}`;
      const [away, towards] = side === "left" ? [1, -1] : [-1, 1];
      const name = (what: string) => `move ${what} ${tape} ${side}`;
      for (let b = 0; b < symbols.length; b++) {
        const pushed: Terms = [
          [stack, [1, base]],
          ["bias", [2 * b + 1, base]],
        ];
        net.unit(name(`push ${b}`), [...pushed, ...writes(away, b), ["bias", -1]]);
        // The rule leaves what was there: b, if that was scanned.
        const scanned = `decide ${unitNames.scanned(tape, b)}`;
        net.unit(name(`return ${b}`), [...pushed, ...writes(away, -1), [scanned, 1], ["bias", -2]]);
        net.unit(name(`scan ${b}`), [...moves(towards), ...isTop(table, tape, side, b)]);
      }
      // 2 top + 1 is twice the number of symbols that the top is at least, less 1; nothing, if there is no top.
      const topDigit = Array.from(symbols, (_, j): Terms[number] => [
        `decide ${top(tape, side, j)}`,
        j === 0 ? -1 : -2,
      ]);
      net.unit(name("pop"), [[stack, base], ...topDigit, ...moves(towards), ["bias", -1]]);
      net.unit(name("keep"), [[stack, 1], ...moves(0), ["bias", -1]]);
    }
    for (let b = 0; b < symbols.length; b++) {
      net.unit(`move write ${tape} ${b}`, writes(0, b));
      net.unit(`move leave ${tape} ${b}`, [
        ...writes(0, -1),
        [`decide ${unitNames.scanned(tape, b)}`, 1],
        ["bias", -1],
      ]);
    }
  }
}

function gather(net: NetOfUnits, { symbols, states, tapes }: TuringTable): void {
  // Before the start there is one state more, whose only rule moves the first head onto the input.
  const before = states.length;
  for (const state of states.keys())
    net.unit(unitNames.state(state), [[`move ${unitNames.state(state)}`, 1]]);
  net.unit(unitNames.state(before), [["load", 1]]);
  for (let tape = 0; tape < tapes; tape++) {
    for (const b of symbols.split("").keys()) {
      const scans = sides.map((side): Terms[number] => [`move scan ${b} ${tape} ${side}`, 1]);
      const stays: Terms = [
        [`move write ${tape} ${b}`, 1],
        [`move leave ${tape} ${b}`, 1],
      ];
      net.unit(unitNames.scanned(tape, b), [
        ...scans,
        ...stays,
        ...(b === 0 ? ([["load", 1]] as const) : []),
      ]);
    }
    for (const side of sides) {
      const pushes = symbols.split("").flatMap(
        (_, b): Terms => [
          [`move push ${b} ${tape} ${side}`, 1],
          [`move return ${b} ${tape} ${side}`, 1],
        ],
      );
      const loaded: Terms = tape === 0 && side === "right" ? [["load stack", 1]] : [];
      net.unit(unitNames.stack(tape, side), [
        ...pushes,
        [`move pop ${tape} ${side}`, 1],
        [`move keep ${tape} ${side}`, 1],
        ...loaded,
      ]);
    }
  }
}

/** The rules of the table, and two more: from before the start onto the input, and the halt, which stays. */
function rulesOf({ states, tapes, rules }: TuringTable): readonly NumberedRule[] {
  const any = new Array<number>(tapes).fill(-1);
  const still = new Array<number>(tapes).fill(0);
  const halt = states.length - 1;
  return [
    ...rules,
    { state: states.length, reads: any, writes: any, moves: [1, ...still.slice(1)], next: 0 },
    { state: halt, reads: any, writes: any, moves: still, next: halt },
  ];
}

/** 1 if the rule that applies is one of some. */
function asked(table: TuringTable, some: (rule: NumberedRule) => boolean): Terms {
  return rulesOf(table).flatMap((r, i): Terms => (some(r) ? [[rule(i), 1]] : []));
}

/** With `asked`: 1 where that is 1 and symbol b is on top. An empty stack has the blank on top. */
function isTop({ symbols }: TuringTable, tape: number, side: Side, b: number): Terms {
  const above: Terms = b + 1 < symbols.length ? [[`decide ${top(tape, side, b + 1)}`, -1]] : [];
  return b === 0 ? above : [[`decide ${top(tape, side, b)}`, 1], ...above, ["bias", -1]];
}

function carry(net: NetOfUnits, layer: string, names: readonly string[], from: string): void {
  for (const name of names) net.unit(`${layer} ${name}`, [[`${from}${name}`, 1]]);
}

function configuration(table: TuringTable): readonly string[] {
  const scanned = Array.from({ length: table.tapes }, (_, tape) =>
    Array.from(table.symbols, (_, b) => unitNames.scanned(tape, b)),
  );
  return [
    ...Array.from({ length: table.states.length + 1 }, (_, state) => unitNames.state(state)),
    ...scanned.flat(),
    ...stacksOf(table).map(([tape, side]) => unitNames.stack(tape, side)),
  ];
}

function stacksOf({ tapes }: TuringTable): readonly (readonly [tape: number, side: Side])[] {
  return Array.from({ length: tapes }, (_, tape) => sides.map((side) => [tape, side] as const)).flat();
}

const rule = (number: number) => `decide rule ${number}`;
const top = (tape: number, side: Side, j: number) => `top ${tape} ${side} ${j}`;
