import { closeSync, openSync, readSync } from "node:fs";
import { decodeUtf8, Utf8Error } from "longspan";
import { fileReason, suggestion } from "longspan/node";
import { isAlias, isMap, isScalar, isSeq, Lexer, type Node, Parser, parseDocument, Scalar } from "yaml";
import { Failure } from "../failure.js";
import type { Kind } from "./kinds.js";
import { nameOf, type Table } from "./setting.js";

/** A setting in a file. */
export interface FileSetting {
  readonly value: unknown;
  readonly path: string;
  /** Where its name stands, from 1. */
  readonly line: number;
  readonly column: number;
}

/** Bytes of the longest file that is read: far more than any settings take, far less than a text given by mistake. */
const longest = 65_536;

/**
 * Reads settings from a YAML file: one `name: value` per line. Nothing of YAML that builds or repeats values is taken (aliases,
 * tags of its own), so a file means what it shows.
 * @returns the settings by key, in the order of the file.
 * @throws Failure naming the file, the line and the column, the setting, what was given and what was expected.
 */
export function readSettingsFile(table: Table, path: string): ReadonlyMap<string, FileSetting> {
  const source = readSource(path);
  const positionOf = (offset: number) => {
    const before = source.slice(0, offset);
    return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
  };
  const fail = (offset: number, what: string): never => {
    const { line, column } = positionOf(offset);
    throw new Failure(`${path}, line ${line}, column ${column}: ${what}`);
  };
  checkDepth(source, fail);
  const root = parsed(source, fail, path);
  const names = new Map(Object.keys(table).map((key) => [nameOf(key), key]));
  const found = new Map<string, FileSetting>();
  for (const { key: keyNode, value: valueNode } of root.items) {
    const node = keyNode as Node;
    const at = node.range![0];
    if (!isScalar(node)) return fail(at, "the name of a setting must be a plain word");
    const name = String(node.value);
    const key = names.get(name);
    if (key === undefined)
      return fail(at, `unknown setting ${quoted(name)}${suggestion(name, [...names.keys()])}`);
    const { kind, commandLineOnly } = table[key]!;
    if (commandLineOnly) fail(at, `${name} belongs on the command line, as --${name}`);
    const earlier = found.get(key);
    if (earlier) fail(at, `${name} is given twice, first in line ${earlier.line}`);
    const value = accepted(name, kind, valueNode as Node | null, at, fail);
    found.set(key, { value, path, ...positionOf(at) });
  }
  return found;
}

/** Lists and groups in one another, counted generously, in a file that can still be meant as settings. */
const deepest = 20;

/** What comes after the lexer is recursive and ends the process on a deep enough file, so depth is looked at before. */
function checkDepth(source: string, fail: (offset: number, what: string) => never): void {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(source)) {
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > deepest) fail(parser.offset, "lists or groups are nested too deeply");
  }
}

function parsed(source: string, fail: (offset: number, what: string) => never, path: string) {
  const { errors, warnings, contents } = parseDocument(source, {
    prettyErrors: false,
    uniqueKeys: false, // The walk below tells both places of a repeated name.
  });
  const [problem] = [...errors, ...warnings];
  if (problem?.code === "MULTIPLE_DOCS")
    return fail(problem.pos[0], "a second document begins here; a file of settings has one");
  if (problem) return fail(problem.pos[0], problem.message.trim());
  if (contents === null || (isScalar(contents) && contents.value === null))
    throw new Failure(`${path} holds no settings; expected lines such as "hidden: 128"`);
  if (isMap(contents)) return contents;
  return fail(contents.range![0], `expected settings such as "hidden: 128", found ${described(contents)}`);
}

function accepted<T>(
  name: string,
  kind: Kind<T>,
  node: Node | null,
  nameAt: number,
  fail: (offset: number, what: string) => never,
): T {
  const expected = `expected ${kind.expected}`;
  if (node === null) return fail(nameAt, `${name} has no value, ${expected}`);
  const at = node.range![0];
  if (isAlias(node)) return fail(at, `${name} is an alias, *${node.source}; write the value itself`);
  if (!isScalar(node)) return fail(at, `${name} is ${described(node)}, ${expected}`);
  if (node.value === null) return fail(nameAt, `${name} has no value, ${expected}`);
  const value = kind.accept(node.value);
  if (value !== undefined) return value;
  let hint = "";
  if (typeof node.value === "string") {
    const isQuoted = node.type === Scalar.QUOTE_DOUBLE || node.type === Scalar.QUOTE_SINGLE;
    hint = kind.hint?.(node.value) ?? "";
    if (isQuoted && kind.parse(node.value) !== undefined) hint = "; write it without quotes";
  } else if (kind.accept("text") !== undefined) hint = "; put it in quotes";
  return fail(at, `${name} is ${described(node)}, ${expected}${hint}`);
}

function described(node: Node): string {
  if (isMap(node)) return "a group of settings";
  if (isSeq(node)) return "a list";
  if (isScalar(node)) return typeof node.value === "string" ? quoted(node.value) : node.source!;
  return "an alias";
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);
}

function readSource(path: string): string {
  const bytes = new Uint8Array(longest + 1);
  let length = 0;
  try {
    const file = openSync(path, "r");
    try {
      for (let n = -1; n !== 0 && length < bytes.length; length += n)
        n = readSync(file, bytes, length, bytes.length - length, null);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new Failure(`cannot read ${path}: ${fileReason(error)}`);
  }
  if (length > longest)
    throw new Failure(`${path} is too long for a file of settings: it has more than ${longest} bytes`);
  try {
    return decodeUtf8(bytes.subarray(0, length));
  } catch (error) {
    throw new Failure(`${path}: ${error instanceof Utf8Error ? error.message : fileReason(error)}`);
  }
}
