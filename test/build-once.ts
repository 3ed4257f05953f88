/** Before the tests that run the bundles in dist/: builds them, unless who started the tests has done so. */
import { buildAll } from "../scripts/build.ts";

export async function setup(): Promise<void> {
  if (process.env["FAASIFY_BUILT"] !== "true") await buildAll();
}
