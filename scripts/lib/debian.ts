/** What the real editor and its tests need from the operating system. */
import { existsSync } from "node:fs";
import path from "node:path";
import { run, StepError } from "./run.ts";

interface Requirement {
  /** Any one of these commands will do. */
  readonly commands: readonly string[];
  readonly debianPackage: string;
}

const compiler: readonly Requirement[] = [
  { commands: ["python3"], debianPackage: "python3" },
  { commands: ["make"], debianPackage: "make" },
  { commands: ["g++", "c++"], debianPackage: "g++" },
];

const browser: Requirement = {
  commands: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
  debianPackage: "chromium",
};

/** Makes sure that native modules can be compiled. */
export const ensureCompiler = (): Promise<void> => ensure(compiler);

/**
 * Makes sure that there is a Chromium, and returns its path.
 *
 * @param environment - `CHROMIUM` names another executable
 */
export async function ensureChromium(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const named = environment["CHROMIUM"];
  if (named !== undefined && named !== "") {
    if (!existsSync(named)) throw new StepError(`CHROMIUM names ${named}, which does not exist`);
    return named;
  }
  await ensure([browser]);
  const found = browser.commands.map(findOnPath).find((file) => file !== undefined);
  if (found === undefined) throw new StepError("Chromium was installed but is not on the PATH: name it in CHROMIUM");
  return found;
}

/** The absolute path of a command, or undefined. */
export function findOnPath(command: string): string | undefined {
  const suffixes = process.platform === "win32" ? [".cmd", ".exe"] : [""];
  return (process.env["PATH"] ?? "")
    .split(path.delimiter)
    .filter((folder) => folder !== "")
    .flatMap((folder) => suffixes.map((suffix) => path.join(folder, command + suffix)))
    .find((file) => existsSync(file));
}

/** Installs what is missing, where that can be done without asking: as root on Debian. Otherwise says what to do. */
async function ensure(requirements: readonly Requirement[]): Promise<void> {
  const missing = requirements.filter(({ commands }) => !commands.some((command) => findOnPath(command)));
  if (missing.length === 0) return;
  const packages = missing.map(({ debianPackage }) => debianPackage);
  const commands = missing.map((requirement) => requirement.commands[0]).join(", ");
  const install = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  if (process.getuid?.() !== 0 || findOnPath("apt-get") === undefined) {
    throw new StepError(`Missing on this machine: ${commands}. On Debian or Ubuntu: sudo ${install}`);
  }
  console.log(`Installing ${packages.join(", ")} (apt-get) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const logFile = path.join(import.meta.dirname, "../../.cache/apt-get.log");
  await run("apt-get", ["update", "-qq"], { env, logFile, limitMs: 300_000 });
  await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], {
    env,
    logFile,
    limitMs: 900_000,
  });
}
