import { executor } from "faasify";
import functions from "./functions.cjs";
import { measure } from "./measure.mjs";

const { add, spin } = functions;

await measure({
  add: (a, b) => executor().call(add, a, b),
  spinAll: (items) => executor().map(spin, items, { concurrency: 2 }),
});
