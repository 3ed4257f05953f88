import { finished } from "node:stream/promises";
import { restoreAfter, restoreLeftovers } from "../../deploy/debug-target.ts";
import { EXIT, numberOption, wrongUsage, type Command } from "../command.ts";

/** What a process id can be. */
const processIds = { min: 1, max: 2 ** 31 - 1 };

export const restore: Command = {
  name: "restore",
  summary: "Put back what debug sessions of ended processes have left changed",
  usage: "[--after PID] [--json]",
  help: [
    "Every other command and the editor do the same at their start.",
    "",
    "  --after PID  wait until standard input ends, then put back what that process leaves. Every debug session",
    "               starts this beside itself, so that a killed editor leaves nothing behind",
  ].join("\n"),
  options: { after: { type: "string" } },
  run: async (input, context) => {
    if (input.positionals.length > 0) throw wrongUsage(restore, "There is nothing to name");
    const pid = numberOption(restore, input, "after", processIds);
    if (pid !== undefined) await finished(process.stdin.resume()).catch(() => undefined);
    const { folders, log, signal } = context;
    const options = { journalFolder: folders.journal, log };
    const deployer = await context.deployer({ restoring: false });
    const restored =
      pid === undefined
        ? await restoreLeftovers(deployer, options, signal)
        : await restoreAfter(deployer, { ...options, pid }, signal);
    context.print(input.json ? JSON.stringify({ restored }) : `Put back ${restored} function(s).`);
    return EXIT.done;
  },
};
