// Dates as people write them, and as ISO 8601 has them. The days are those of 1950 to 2049, so that two digits say which year is meant.

import { alphabet, draws } from "../pairs.mjs";

const months = "January February March April May June July August September October November December".split(
  " ",
);
const days = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const roman = "I II III IV V VI VII VIII IX X XI XII".split(" ");
const two = (n) => String(n).padStart(2, "0");
const ordinal = (n) =>
  `${n}${n % 10 === 1 && n !== 11 ? "st" : n % 10 === 2 && n !== 12 ? "nd" : n % 10 === 3 && n !== 13 ? "rd" : "th"}`;

/** Each way of writing: y year, m month from 1, d day of the month, w day of the week. Slashes are American, dots are not. */
const ways = [
  ({ y, m, d }) => `${months[m - 1]} ${d}, ${y}`,
  ({ y, m, d }) => `${d} ${months[m - 1]} ${y}`,
  ({ y, m, d }) => `${ordinal(d)} of ${months[m - 1]} ${y}`,
  ({ y, m, d }) => `the ${ordinal(d)} of ${months[m - 1]}, ${y}`,
  ({ y, m, d }) => `${months[m - 1]} ${ordinal(d)}, ${y}`,
  ({ y, m, d, w }) => `${days[w]}, ${months[m - 1]} ${d}, ${y}`,
  ({ y, m, d, w }) => `${days[w]} ${d} ${months[m - 1]} ${y}`,
  ({ y, m, d }) => `${d} ${months[m - 1].slice(0, 3)} ${y}`,
  ({ y, m, d }) => `${d}-${months[m - 1].slice(0, 3)}-${two(y % 100)}`,
  ({ y, m, d, w }) => `${days[w].slice(0, 3)} ${d} ${months[m - 1].slice(0, 3)} ${two(y % 100)}`,
  ({ y, m, d }) => `${months[m - 1].slice(0, 3)} ${d} '${two(y % 100)}`,
  ({ y, m, d }) => `${m}/${d}/${y}`,
  ({ y, m, d }) => `${two(m)}/${two(d)}/${two(y % 100)}`,
  ({ y, m, d }) => `${d}.${m}.${y}`,
  ({ y, m, d }) => `${two(d)}.${two(m)}.${two(y % 100)}`,
  ({ y, m, d }) => `${d}. ${roman[m - 1]} ${y}`,
  ({ y, m, d }) => `${y}/${two(m)}/${two(d)}`,
  ({ y, m, d }) => `${y}${two(m)}${two(d)}`,
  ({ y, m, d }) => `${y}, ${months[m - 1]} ${d}`,
];
const cases = [(text) => text, (text) => text, (text) => text.toLowerCase(), (text) => text.toUpperCase()];

export const letters = alphabet(
  [..." ,./'-0123456789", ..."abcdefghijklmnopqrstuvwxyz", ..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"],
  0,
);
/** 0 and 1 are begin and end. */
export const digits = alphabet("0123456789-", 2);

const first = Date.UTC(1950, 0, 1) / 86_400_000;
const many = Date.UTC(2050, 0, 1) / 86_400_000 - first;

/** Every tenth day is for tests, whatever the way it is written in: those that training never sees. */
const isForTests = (day) => day % 10 === 7;

/** One pair. @param kind "train", "check" or "test" @param key of random draws */
export function pairOf(kind, draw) {
  let day;
  do day = draw.below(many);
  while (isForTests(day) !== (kind !== "train"));
  const date = new Date((first + day) * 86_400_000);
  const of = {
    y: date.getUTCFullYear(),
    m: date.getUTCMonth() + 1,
    d: date.getUTCDate(),
    w: date.getUTCDay(),
  };
  const text = draw.of(cases)(draw.of(ways)(of));
  const iso = `${of.y}-${two(of.m)}-${two(of.d)}`;
  return { text, iso, source: letters.read(text), target: digits.read(iso) };
}

/** So many pairs of a key. */
export function pairsOf(kind, key, count) {
  const draw = draws(key);
  return Array.from({ length: count }, () => pairOf(kind, draw));
}
