/** What every contestant is asked: prints one JSON line. `first`: only the first result, whose time its parent takes. */
const [, , what, amount] = process.argv;

/** @param contestant - `add(a, b)` calls once; `spinAll(items)` works on all items by two at a time */
export async function measure({ add, spinAll }) {
  if ((await add(1, 2)) !== 3) throw new Error("the sum is wrong");
  if (what === "first") console.log(JSON.stringify({ done: true }));
  else if (what === "warm") console.log(JSON.stringify({ times: await warmTimes(add, Number(amount)) }));
  else console.log(JSON.stringify({ ms: await allItems(spinAll, Number(amount)) }));
}

async function warmTimes(add, calls) {
  for (let i = 0; i < 200; i++) await add(i, 1);
  const times = [];
  for (let i = 0; i < calls; i++) {
    const start = performance.now();
    await add(i, 1);
    times.push(performance.now() - start);
  }
  return times;
}

async function allItems(spinAll, items) {
  await spinAll([1, 1, 1, 1]);
  const start = performance.now();
  const results = await spinAll(Array.from({ length: items }, () => 20));
  if (results.length !== items || results.some((value) => value !== 20)) throw new Error("results are missing");
  return performance.now() - start;
}
