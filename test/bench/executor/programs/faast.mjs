import { createRequire } from "node:module";
import { faast } from "faastjs";

import { measure } from "./measure.mjs";

// It finds the file of a module that was required, or that tells its own address.
const functions = createRequire(import.meta.url)("./functions.cjs");

const module = await faast("local", functions, { gc: "off", concurrency: 2, childProcess: true });
try {
  await measure({
    add: (a, b) => module.functions.add(a, b),
    spinAll: (items) => Promise.all(items.map((ms) => module.functions.spin(ms))),
  });
} finally {
  await module.cleanup();
}
