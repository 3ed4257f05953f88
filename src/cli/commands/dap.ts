import { once } from "node:events";
import { createDebugGuardian } from "../../deploy/debug-guardian.ts";
import { createDebugTarget } from "../../deploy/debug-target.ts";
import { EXIT, numberOption, ports, wrongUsage, type Command } from "../command.ts";
import { placeOptions } from "../target.ts";

export const dap: Command = {
  name: "dap",
  summary: "Serve the debug adapter to any DAP client",
  usage: "[--port N]",
  help: [
    "Speaks the Debug Adapter Protocol on stdin and stdout, one session. The launch attributes are those of the",
    'editor\'s "faasify" configurations: {"request": "launch", "function": "/abs/file.ts#name", "args": […]}.',
    "",
    "  --port N  serve any number of sessions on this port of 127.0.0.1 instead (0 picks one), until Ctrl+C",
    "  --region R, --profile P, --endpoint URL, --role ARN",
    '              which AWS, for configurations with "target": "aws"',
  ].join("\n"),
  options: { ...placeOptions, port: { type: "string" } },
  run: async (input, context) => {
    if (input.positionals.length > 0) throw wrongUsage(dap, "There is nothing to name");
    const port = numberOption(dap, input, "port", ports);
    const { folders, log, signal } = context;
    const guardian = createDebugGuardian({
      cliBundle: context.bundle,
      dataFolder: folders.root,
      nodePath: context.local.nodePath,
    });
    const target = createDebugTarget(await context.deployer(), { journalFolder: folders.journal, log, guardian });
    const { serveStdio, serveTcp } = await context.debugAdapter();
    if (port === undefined) {
      await serveStdio(target);
      return EXIT.done;
    }
    const server = await serveTcp(target, port);
    context.print(`listening on 127.0.0.1:${server.port}`);
    if (!signal.aborted) await once(signal, "abort");
    await server.close();
    return EXIT.done;
  },
};
