import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { FaasifyError } from "../core/errors.ts";
import type { CliContext } from "./context.ts";

/** Exit statuses of the command line; scripts rely on them. */
export const EXIT = { done: 0, functionFailed: 1, wrongUsage: 2, failed: 3, bug: 70, interrupted: 130 } as const;

export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What stands behind the name in the usage line. */
  readonly usage: string;
  /** What `--help` says below the usage line. */
  readonly help: string;
  readonly options: ParseArgsOptionsConfig;
  /** Returns the exit status. */
  run(input: CommandInput, context: CliContext): Promise<number>;
}

export interface CommandInput {
  readonly positionals: readonly string[];
  /** `--json`: one document on stdout, and nothing else. */
  readonly json: boolean;
  text(option: string): string | undefined;
  /** Of an option that may be given several times. */
  texts(option: string): readonly string[];
  flag(option: string): boolean;
}

/** Options that every command has. */
export const commonOptions = {
  json: { type: "boolean" },
  data: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const satisfies ParseArgsOptionsConfig;

/** @throws FaasifyError `wrong-usage` */
export function parseCommandLine(command: Command, args: readonly string[]): CommandInput {
  try {
    const options: ParseArgsOptionsConfig = { ...command.options, ...commonOptions };
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    // An unset variable of a script: `--out "$OUT"` must not mean the working directory.
    const empty = Object.keys(values).find((option) => values[option] === "");
    if (empty !== undefined) throw new Error(`Option '--${empty}' is empty`);
    return {
      positionals,
      json: values["json"] === true,
      text: (option) => {
        const value = values[option];
        return typeof value === "string" ? value : undefined;
      },
      texts: (option) => [values[option]].flat().filter((value) => typeof value === "string"),
      flag: (option) => values[option] === true,
    };
  } catch (error) {
    const [what] = (error as Error).message.split(". ");
    throw wrongUsage(command, what ?? "The command line is not understood");
  }
}

export function wrongUsage({ name }: Pick<Command, "name">, message: string): FaasifyError {
  return new FaasifyError("wrong-usage", message.replace(/\.$/, ""), { remedy: `Run faasify ${name} --help` });
}

export interface NumberRange {
  readonly min: number;
  readonly max: number;
}

/** Of TCP; 0 picks a free one. */
export const ports: NumberRange = { min: 0, max: 65_535 };

/** @throws FaasifyError `wrong-usage` unless it is missing, or a whole number in that range */
export function numberOption(
  command: Command,
  input: CommandInput,
  option: string,
  { min, max }: NumberRange,
): number | undefined {
  const text = input.text(option);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw wrongUsage(command, `--${option} needs a whole number from ${min} to ${max}, not "${text}"`);
}
