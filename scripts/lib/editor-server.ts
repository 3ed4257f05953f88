/** Starts and stops the VS Code server of editor-host.ts. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream, cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import type { EditorHost } from "../editor-host.ts";
import { killGroup, repository, run, StepError, tail } from "./run.ts";

export interface EditorServer extends AsyncDisposable {
  /** Whoever knows it may run programs as this user, as long as the server runs. */
  readonly token: string;
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly logFile: string;
  /** Resolves when the server has ended, for whatever reason. */
  readonly ended: Promise<void>;
}

export interface EditorServerOptions {
  /** The server keeps its data, settings, extensions and logs below this folder. */
  readonly folder: string;
  /** Of the server and so of the extension host and everything that the extension starts. */
  readonly env: NodeJS.ProcessEnv;
  /** Needed to load an extension from its source folder and to run tests in it; switches off notification toasts. */
  readonly testDriver?: boolean;
  /** 0 picks a free one. */
  readonly port?: number;
}

/** Starts the server in a process group of its own, on the loopback interface, and waits until it listens. */
export async function startEditorServer(host: EditorHost, options: EditorServerOptions): Promise<EditorServer> {
  const { folder, env, testDriver = false, port = 0 } = options;
  const settings = path.join(folder, "user/User/settings.json");
  mkdirSync(path.dirname(settings), { recursive: true });
  cpSync(path.join(repository, "test/editor/host/settings.json"), settings, { force: false });
  const logFile = path.join(folder, "server.log");
  const log = createWriteStream(logFile);
  const token = randomBytes(16).toString("hex");
  const child = spawn(
    host.node,
    [
      "out/server-main.js",
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
      "--connection-token",
      token,
      // Otherwise the extension host of a closed page lives on for hours.
      "--reconnection-grace-time",
      "0",
      "--telemetry-level",
      "off",
      ...serverFolders(folder),
      ...(testDriver ? ["--enable-smoke-test-driver"] : []),
    ],
    { cwd: host.vscodeFolder, env, detached: true, stdio: ["ignore", "pipe", "pipe"] },
  );
  child.stderr.pipe(log);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const stop = async (): Promise<void> => {
    killGroup(child.pid, "SIGTERM");
    const timer = setTimeout(() => killGroup(child.pid), 5_000);
    await ended;
    clearTimeout(timer);
    // The extension host may outlive its server by a moment.
    killGroup(child.pid);
  };
  try {
    const listening = await waitForPort(child.stdout, ended, log);
    return { origin: `http://127.0.0.1:${listening}`, token, logFile, ended, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw new StepError(`${String(error)}\n${tail(logFile)}`, { cause: error });
  }
}

/** Installs a VSIX as a user would, for a server that is started later on the same folder. */
export async function installExtension(host: EditorHost, folder: string, vsix: string): Promise<void> {
  await run(host.node, ["out/server-main.js", "--install-extension", vsix, ...serverFolders(folder)], {
    cwd: host.vscodeFolder,
    logFile: path.join(folder, "install-extension.log"),
    limitMs: 60_000,
  });
}

/** Copies what the server, its extension hosts and the extensions logged, and returns the log of FaaSify's own channel. */
export function keepLogs(server: EditorServer, folder: string): string {
  mkdirSync(folder, { recursive: true });
  cpSync(server.logFile, path.join(folder, "server.log"));
  const logs = path.join(path.dirname(server.logFile), "user/logs");
  if (!existsSync(logs)) return "";
  cpSync(logs, path.join(folder, "logs"), { recursive: true });
  const own = readdirSync(logs, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith("FaaSify.log"));
  return own.map((name) => tail(path.join(logs, name), 60)).join("\n");
}

/** The address of a workspace in the browser; `payload` is VS Code's own way to hand options to its page. */
export function workspaceUrl(
  server: EditorServer,
  folder: string,
  payload: readonly (readonly [key: string, value: string])[] = [],
): string {
  const query = new URLSearchParams({ tkn: server.token, folder, payload: JSON.stringify(payload) });
  return `${server.origin}/?${query.toString()}`;
}

/** How the page names a file on the server's machine. */
export function remoteUri(server: EditorServer, file: string): string {
  return `vscode-remote://${new URL(server.origin).host}${file}`;
}

function serverFolders(folder: string): string[] {
  return [
    "--accept-server-license-terms",
    "--server-data-dir",
    path.join(folder, "server-data"),
    "--user-data-dir",
    path.join(folder, "user"),
    "--extensions-dir",
    path.join(folder, "extensions"),
  ];
}

function waitForPort(stdout: NodeJS.ReadableStream, ended: Promise<void>, log: NodeJS.WritableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    stdout.on("data", (chunk: Buffer) => {
      log.write(chunk);
      text += chunk.toString();
      const port = /Extension host agent listening on (\d+)/.exec(text)?.[1];
      if (port !== undefined) resolve(port);
    });
    void ended.then(() => reject(new Error("VS Code's server ended before it listened")));
    setTimeout(() => reject(new Error("VS Code's server did not listen within 240 s")), 240_000).unref();
  });
}
