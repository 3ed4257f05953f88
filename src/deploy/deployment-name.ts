import { createHash } from "node:crypto";
import path from "node:path";
import { formatFunctionRef, type FunctionRef } from "../core/function-ref.ts";

/** Lambda's limit on a function's name. */
const MAX_NAME_LENGTH = 64;
const DEBUG_SUFFIX = "--debug";
const HASH_LENGTH = 8;

/**
 * The name at a provider: `cart-checkout-1a2b3c4d`. Its letters are for people; the hash of the absolute path and the
 * name keeps functions of equal names apart.
 */
export function deploymentName(ref: FunctionRef): string {
  const hash = createHash("sha256").update(formatFunctionRef(ref)).digest("hex").slice(0, HASH_LENGTH);
  const room = MAX_NAME_LENGTH - DEBUG_SUFFIX.length - HASH_LENGTH - 2;
  const file = slug(path.parse(ref.file).name).slice(0, Math.floor(room / 2));
  const name = slug(ref.name).slice(0, room - file.length);
  return [file, name, hash].filter((part) => part !== "").join("-");
}

/** The deployment of its own that a debug session launches; further sessions of the function number theirs from 2. */
export function debugDeploymentName(ref: FunctionRef, number = 1): string {
  const suffix = number === 1 ? DEBUG_SUFFIX : `${DEBUG_SUFFIX}-${number}`;
  const name = deploymentName(ref);
  const excess = name.length + suffix.length - MAX_NAME_LENGTH;
  // The hash at the end tells functions apart.
  return (excess > 0 ? name.slice(excess) : name) + suffix;
}

function slug(text: string): string {
  return text
    .normalize("NFKD")
    .replaceAll(/[^a-zA-Z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
}
