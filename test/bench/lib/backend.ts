import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createDebugTarget } from "../../../src/deploy/debug-target.ts";
import type { Deployer } from "../../../src/deploy/deploy-function.ts";
import { createDeploymentStore } from "../../../src/deploy/deployment-store.ts";
import { createRegistry } from "../../../src/deploy/registry.ts";
import type { DebugTarget } from "../../../src/debug-adapter/debug-target.ts";
import { startLanguageServer, type LanguageServer } from "./language-server.ts";
import { startOwnPlatform, type OwnPlatform } from "./own-platform.ts";

/** What stands behind the editor's commands, put together as the extension does it, over a project of its own. */
export interface Backend extends AsyncDisposable {
  readonly platform: OwnPlatform;
  readonly server: LanguageServer;
  readonly deployer: Deployer;
  readonly debugTarget: DebugTarget;
  /** Absolute path of the project's only source file, {@link sourceWith}. */
  readonly file: string;
  /** Saves the file with another number in it. */
  save(percent: number): void;
}

/** The line of the `for` loop's body in {@link sourceWith}, from 1. */
export const breakpointLine = 13;

/** A small function with a helper and a constant; its result tells which text it was made of. */
export function sourceWith(percent: number): string {
  return `const percent = ${percent};

export interface Item {
  readonly name: string;
  readonly price: number;
  readonly quantity: number;
}

/** Adds up a cart. */
export function checkout(items: Item[]): { total: number; percent: number } {
  let total = 0;
  for (const item of items) {
    total += item.price * item.quantity;
  }
  return { total: roundToCents(total * (1 + percent / 100)), percent };
}

function roundToCents(amount: number): number {
  return Math.round(amount * 100) / 100;
}
`;
}

/** What {@link sourceWith} is called with: positional arguments. */
export const checkoutArguments = [[{ name: "book", price: 12.5, quantity: 2 }]];

export async function startBackend(): Promise<Backend> {
  await using started = new AsyncDisposableStack();
  const platform = started.use(await startOwnPlatform());
  const { dataFolder } = platform;
  const project = path.join(dataFolder, "project");
  const file = path.join(project, "src/cart.ts");
  const save = (percent: number): void => writeFileSync(file, sourceWith(percent));
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(path.join(project, "package.json"), '{ "name": "bench", "private": true, "type": "module" }\n');
  save(0);
  const server = started.use(await startLanguageServer(project, path.join(dataFolder, "artifacts")));
  const registry = createRegistry({
    local: platform.localOptions,
    aws: { bundle: path.resolve("dist/provider-aws.cjs"), options: () => ({}) },
  });
  const deployer: Deployer = {
    packageFunction: (ref, { debug }) => server.package({ function: ref, debug }),
    store: createDeploymentStore(path.join(dataFolder, "deployments")),
    provider: (target) => registry.get(target),
  };
  const debugTarget = createDebugTarget(deployer, { journalFolder: path.join(dataFolder, "journal") });
  const all = started.move();
  return {
    platform,
    server,
    deployer,
    debugTarget,
    file,
    save,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
