import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { FaasifyError } from "../../core/errors.ts";
import { EXIT, numberOption, ports, wrongUsage, type Command, type CommandInput } from "../command.ts";

/** Shorter keys could be guessed. */
const MIN_KEY_LENGTH = 32;
const LOOPBACK = new Set(["127.0.0.1", "localhost", "::1"]);

export const relay: Command = {
  name: "relay",
  summary: "Carry debug sessions of functions that cannot reach the editor",
  usage: "[--host H] [--port N] [--cert FILE --cert-key FILE] [--behind-tunnel]",
  help: [
    "Runs until Ctrl+C where both the functions and the editor reach it. Frames are encrypted between function and",
    'editor: the relay cannot read them. Debug sessions use it with "relay": "wss://HOST:PORT" in their configuration.',
    "",
    "FAASIFY_RELAY_KEY holds the access key, here and for the editor; without it one is made up and printed.",
    "",
    "  --host H         127.0.0.1 by default; another one needs a certificate, or --behind-tunnel",
    "  --port N         0 picks a free one (the default)",
    "  --cert FILE      certificate chain in PEM, for wss:",
    "  --cert-key FILE  its private key in PEM",
    "  --behind-tunnel  something in front ends TLS",
  ].join("\n"),
  options: {
    host: { type: "string" },
    port: { type: "string" },
    cert: { type: "string" },
    "cert-key": { type: "string" },
    "behind-tunnel": { type: "boolean" },
  },
  run: async (input, context) => {
    if (input.positionals.length > 0) throw wrongUsage(relay, "There is nothing to name");
    const host = input.text("host") ?? "127.0.0.1";
    const port = numberOption(relay, input, "port", ports) ?? 0;
    const tls = await readCertificate(input);
    if (!tls && !LOOPBACK.has(host) && !input.flag("behind-tunnel"))
      throw wrongUsage(relay, `On ${host} the relay needs --cert and --cert-key, or --behind-tunnel`);
    const given = givenKey();
    const accessKey = given ?? randomBytes(32).toString("hex");
    const { serveRelay } = await context.debugAdapter();
    const server = await serveRelay({
      accessKey,
      host,
      port,
      ...(tls && { tls }),
      refused: (problem) => context.note(`refused: ${problem}`),
    });
    context.print(`listening on ${server.url}`);
    if (given === undefined) context.print(`FAASIFY_RELAY_KEY=${accessKey}`);
    if (!context.signal.aborted) await once(context.signal, "abort");
    await server[Symbol.asyncDispose]();
    return EXIT.done;
  },
};

function givenKey(): string | undefined {
  const key = process.env["FAASIFY_RELAY_KEY"];
  if (key === undefined || key.length >= MIN_KEY_LENGTH) return key;
  throw wrongUsage(relay, `FAASIFY_RELAY_KEY is shorter than ${MIN_KEY_LENGTH} characters`);
}

async function readCertificate(
  input: CommandInput,
): Promise<{ readonly certificate: string; readonly key: string } | undefined> {
  const [certificate, key] = [input.text("cert"), input.text("cert-key")];
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) throw wrongUsage(relay, "--cert and --cert-key belong together");
  return { certificate: await readText(certificate), key: await readText(key) };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new FaasifyError("file-not-found", `${file} cannot be read`, { remedy: "Name an existing file", cause });
  }
}
