import path from "node:path";
import type { Message } from "esbuild";
import { FaasifyError } from "../core/errors.ts";
import { packageFolderOf, type LeftOut } from "./resisting-packages.ts";

/** Turns what esbuild rejected with into a failure that says where and what to do; anything else is returned as it is. */
export function describeBuildFailure(label: string, cause: unknown, project: string): unknown {
  const messages = (cause as { errors?: readonly Message[] } | undefined)?.errors;
  const [first] = messages ?? [];
  if (!messages || !first) return cause;
  const more = messages.length > 1 ? ` (and ${messages.length - 1} more)` : "";
  const specifier = /^Could not resolve "(.*)"$/s.exec(first.text)?.[1];
  if (specifier !== undefined) {
    return new FaasifyError(
      "dependency-missing",
      `"${specifier}" cannot be found, imported at ${place(first, project)}${more}`,
      {
        remedy: missingRemedy(specifier),
        cause,
      },
    );
  }
  return new FaasifyError(
    "build-failed",
    `${label} cannot be bundled: ${first.text} at ${place(first, project)}${more}`,
    {
      remedy: "Correct the source at that place",
      cause,
    },
  );
}

/** Packages whose own code esbuild cannot bundle, if nothing else is wrong: they may work as they are. */
export function packagesToBlame(cause: unknown, project: string): LeftOut {
  const messages = (cause as { errors?: readonly Message[] } | undefined)?.errors ?? [];
  const found = new Map<string, string>();
  for (const { text, location } of messages) {
    const folder = location ? packageFolderOf(path.resolve(project, location.file)) : undefined;
    // What is not there is missing in `node_modules`, too.
    if (folder === undefined || text.startsWith("Could not resolve")) return new Map();
    found.set(folder, "has code that cannot be bundled");
  }
  return found;
}

function place({ location }: Message, project: string): string {
  if (!location) return "an unknown place";
  return `${path.resolve(project, location.file)}:${location.line}`;
}

function missingRemedy(specifier: string): string {
  if (/^(?:\.|\/|[a-zA-Z]:)/.test(specifier)) return "Correct the path of the import, or create the file";
  if (/^[#~]/.test(specifier)) return "Define the alias under imports in package.json, or under paths in tsconfig.json";
  const packageName = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  return `Run npm install ${packageName} in the project`;
}
