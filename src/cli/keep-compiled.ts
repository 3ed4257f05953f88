import { enableCompileCache } from "node:module";
import path from "node:path";
import { dataFolder } from "../deploy/data-folder.ts";

/** Reading TypeScript's compiler takes a quarter of a second, of which compiling it is the larger part. */
export function keepCompiled(): void {
  enableCompileCache(path.join(dataFolder().root, "compiled"));
}
