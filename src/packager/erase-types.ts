/** TypeScript → JavaScript, for a Node that does not run TypeScript. */
import { transform } from "esbuild";

/** @param toCommonJs - what it imports is required: as compilers do it for a project of CommonJS */
export async function eraseTypes(text: string, file: string, toCommonJs: boolean): Promise<string> {
  const { code } = await transform(text, {
    loader: file.endsWith("x") ? "tsx" : "ts",
    sourcefile: file,
    sourcemap: "inline",
    target: "node20",
    ...(toCommonJs && { format: "cjs" }),
  });
  return code;
}
