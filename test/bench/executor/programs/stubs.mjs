/** Started with `faasify/register`: what a call of a stub takes, one that blocks and one that does not. */
import { add, addLater } from "./stub-functions.mjs";

const calls = Number(process.argv[2]);

async function times(call) {
  for (let i = 0; i < 100; i++) await call(i);
  const found = [];
  for (let i = 0; i < calls; i++) {
    const start = performance.now();
    await call(i);
    found.push(performance.now() - start);
  }
  return found;
}

console.log(JSON.stringify({ sync: await times((i) => add(i, 1)), async: await times((i) => addLater(i, 1)) }));
