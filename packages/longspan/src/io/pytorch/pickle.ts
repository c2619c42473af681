import { PickleBytes } from "./pickle-bytes.js";

/** Something that a pickle names: a class or function of Python. Nothing is called. */
export class PickledName {
  /** @param name such as `torch._utils._rebuild_tensor_v2` @param offset where it stands */
  constructor(
    readonly name: string,
    readonly offset: number,
  ) {}
}

/** Something else that a pickle stands for, as who reads it makes it. */
export abstract class PickledObject {}

/** What a pickle holds. Lists and tuples are arrays, dictionaries are maps. */
export type Pickled =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Pickled[]
  | Map<Pickled, Pickled>
  | PickledName
  | PickledObject;

/** What stands for what Python would make. Nothing of the pickle is run. */
export interface PickleMaker {
  /** What a call gives. @param offset where it stands */
  call(callee: Pickled, args: Pickled, offset: number): Pickled;
  /** What is stored elsewhere. */
  reference(id: Pickled, offset: number): Pickled;
}

/** Marks where the items of a list begin. */
const mark = Symbol("mark");

/**
 * Reads a pickle, Python's format for objects, as data. Nothing in it is run: names come back as such, and what calls stand for is up to `make`. Protocols 0 to 5 as far as
 * dictionaries, lists, tuples, texts, bytes and numbers need them.
 *
 * @param base where the pickle begins in its file, for messages
 * @throws WeightFileError for a pickle that is cut, damaged, or uses something else
 */
export function readPickle(bytes: Uint8Array, base: number, make: PickleMaker): Pickled {
  return new PickleReader(new PickleBytes(bytes, base), make).read();
}

class PickleReader {
  private readonly stack: (Pickled | typeof mark)[] = [];
  private readonly memo = new Map<number, Pickled>();

  constructor(
    private readonly bytes: PickleBytes,
    private readonly make: PickleMaker,
  ) {}

  read(): Pickled {
    for (;;) {
      const begin = this.bytes.at;
      const code = this.bytes.byte();
      if (code === 0x2e) {
        const result = this.pop();
        if (this.stack.length > 0)
          throw this.bytes.problem("the end of the pickle", "values that nobody took", begin);
        return result;
      }
      this.instruction(code, begin);
    }
  }

  private instruction(code: number, begin: number): void {
    const { stack } = this;
    switch (String.fromCharCode(code)) {
      case "\x80": {
        const protocol = this.bytes.byte();
        if (protocol > 5)
          throw this.bytes.problem("a pickle of protocol 0 to 5", `protocol ${protocol}`, begin);
        return;
      }
      case "\x95":
        this.bytes.take(8);
        return;
      case "(":
        stack.push(mark);
        return;
      case "0":
        this.pop();
        return;
      case "1":
        this.toMark();
        return;
      case "2":
        stack.push(this.top());
        return;
      case "N":
        stack.push(null);
        return;
      case "\x88":
        stack.push(true);
        return;
      case "\x89":
        stack.push(false);
        return;
      case "K":
        stack.push(this.bytes.byte());
        return;
      case "M":
        stack.push(this.bytes.view.getUint16(this.bytes.take(2), true));
        return;
      case "J":
        stack.push(this.bytes.view.getInt32(this.bytes.take(4), true));
        return;
      case "\x8a":
        stack.push(this.bytes.long(this.bytes.byte()));
        return;
      case "\x8b":
        stack.push(this.bytes.long(this.bytes.length(4)));
        return;
      case "G":
        stack.push(this.bytes.view.getFloat64(this.bytes.take(8), false));
        return;
      case "X":
        stack.push(this.bytes.text(this.bytes.length(4)));
        return;
      case "\x8c":
        stack.push(this.bytes.text(this.bytes.byte()));
        return;
      case "\x8d":
        stack.push(this.bytes.text(this.bytes.length(8)));
        return;
      case "U":
        stack.push(this.bytes.text(this.bytes.byte()));
        return;
      case "T":
        stack.push(this.bytes.text(this.bytes.length(4)));
        return;
      case "C":
        stack.push(this.bytes.some(this.bytes.byte()));
        return;
      case "B":
        stack.push(this.bytes.some(this.bytes.length(4)));
        return;
      case "\x8e":
        stack.push(this.bytes.some(this.bytes.length(8)));
        return;
      case "}":
        stack.push(new Map());
        return;
      case "]":
      case ")":
      case "\x8f":
        stack.push([]);
        return;
      case "l":
      case "t":
      case "\x91":
        stack.push(this.toMark());
        return;
      case "d":
        stack.push(this.entries(new Map(), this.toMark(), begin));
        return;
      case "\x85":
        stack.push([this.pop()]);
        return;
      case "\x86":
        stack.push(this.popped(2));
        return;
      case "\x87":
        stack.push(this.popped(3));
        return;
      case "a":
        this.append([this.pop()], begin);
        return;
      case "e":
      case "\x90":
        this.append(this.toMark(), begin);
        return;
      case "s":
        this.set(this.popped(2), begin);
        return;
      case "u":
        this.set(this.toMark(), begin);
        return;
      case "q":
        this.memo.set(this.bytes.byte(), this.top());
        return;
      case "r":
        this.memo.set(this.bytes.view.getUint32(this.bytes.take(4), true), this.top());
        return;
      case "\x94":
        this.memo.set(this.memo.size, this.top());
        return;
      case "h":
        stack.push(this.remembered(this.bytes.byte(), begin));
        return;
      case "j":
        stack.push(this.remembered(this.bytes.view.getUint32(this.bytes.take(4), true), begin));
        return;
      case "c":
        stack.push(new PickledName(`${this.bytes.line()}.${this.bytes.line()}`, this.bytes.base + begin));
        return;
      case "\x93": {
        const [module, name] = this.popped(2);
        if (typeof module !== "string" || typeof name !== "string")
          throw this.bytes.problem("the name of a class", "something else", begin);
        stack.push(new PickledName(`${module}.${name}`, this.bytes.base + begin));
        return;
      }
      case "Q":
        stack.push(this.make.reference(this.pop(), this.bytes.base + begin));
        return;
      case "R":
      case "\x81": {
        const [callee, args] = this.popped(2);
        stack.push(this.make.call(callee!, args!, this.bytes.base + begin));
        return;
      }
      case "\x92": {
        const [callee, args] = this.popped(3);
        stack.push(this.make.call(callee!, args!, this.bytes.base + begin));
        return;
      }
      case "b":
        // The attributes of an object, which carry no weights: of state dictionaries, the versions of their modules.
        this.pop();
        return;
      default:
        throw this.bytes.problem(
          "an instruction that the pickles of weights have",
          `0x${code.toString(16).padStart(2, "0")}`,
          begin,
        );
    }
  }

  /** Appends to the list on top, or to an object, of which only its call is kept. */
  private append(items: readonly Pickled[], begin: number): void {
    const list = this.top();
    if (list instanceof PickledObject) return;
    if (!Array.isArray(list)) throw this.bytes.problem("a list to append to", "something else", begin);
    for (const item of items) list.push(item);
  }

  /** Sets entries of the dictionary on top. */
  private set(items: readonly Pickled[], begin: number): void {
    const map = this.top();
    if (map instanceof PickledObject) return;
    if (!(map instanceof Map))
      throw this.bytes.problem("a dictionary to set entries of", "something else", begin);
    this.entries(map, items, begin);
  }

  private entries(
    map: Map<Pickled, Pickled>,
    items: readonly Pickled[],
    begin: number,
  ): Map<Pickled, Pickled> {
    if (items.length % 2 > 0)
      throw this.bytes.problem("keys with their values", "a key without a value", begin);
    for (let i = 0; i < items.length; i += 2) map.set(items[i]!, items[i + 1]!);
    return map;
  }

  private remembered(index: number, begin: number): Pickled {
    if (!this.memo.has(index))
      throw this.bytes.problem("a value that stood before", `number ${index}, which did not`, begin);
    return this.memo.get(index)!;
  }

  private toMark(): Pickled[] {
    const from = this.stack.lastIndexOf(mark);
    if (from < 0) throw this.bytes.problem("a mark before the items", "none");
    const items = this.stack.splice(from + 1) as Pickled[];
    this.stack.pop();
    return items;
  }

  private pop(): Pickled {
    const value = this.stack.pop();
    if (value === undefined || value === mark) throw this.bytes.problem("a value", "none");
    return value;
  }

  private popped(count: number): Pickled[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  private top(): Pickled {
    const value = this.stack.at(-1);
    if (value === undefined || value === mark) throw this.bytes.problem("a value", "none");
    return value;
  }
}
