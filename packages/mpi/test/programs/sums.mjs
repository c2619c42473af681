// Run by mpirun: what a collective does, as JSON by the first rank.
import { joinMpi } from "longspan-mpi";

const collective = await joinMpi();
const { rank, size } = collective;
// Sums whose bits depend on the order and on the width of the addition.
const numbers = Float32Array.from(
  { length: 100_003 },
  (_, i) => Math.sin(i + 1) * 10 ** ((i * 7 + rank * 3) % 9),
);
const small = Float64Array.of(rank + 0.5, 1);
let ticks = 0;
const timer = setInterval(() => ticks++, 1);
// Both are under way at once, in this order on every rank.
await Promise.all([collective.sum(numbers), collective.sum(small)]);
if (rank === size - 1) await new Promise((resolve) => setTimeout(resolve, 100));
const texts = await collective.gather(new TextEncoder().encode("x".repeat(rank) + rank));
clearInterval(timer);
const expected = Float32Array.from(numbers, (_, i) => {
  let total = 0;
  for (let r = 0; r < size; r++) total += Math.fround(Math.sin(i + 1) * 10 ** ((i * 7 + r * 3) % 9));
  return total;
});
const same = await collective.gather(new Uint8Array(numbers.buffer));
const empty = await collective.gather(new Uint8Array(0));
await collective.sum(new Float32Array(0));
if (rank === 0)
  console.log(
    JSON.stringify({
      size,
      library: collective.library.split(/[,\n]/)[0],
      right: numbers.every((x, i) => Object.is(x, expected[i])),
      small: [...small],
      texts: texts.map((bytes) => new TextDecoder().decode(bytes)),
      sameBits: same.every((bytes) => Buffer.compare(Buffer.from(bytes), Buffer.from(same[0])) === 0),
      empty: empty.map((bytes) => bytes.length),
      // The event loop went on while the last rank kept the others waiting.
      alive: ticks > 20,
    }),
  );
await collective.close();
