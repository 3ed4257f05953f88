/**
 * Thirty scenarios, message for message: `test/scenarios/golden/NAME.txt`. The same scenarios run in the editor suite, on VS
 * Code's own debugger too, which sees what `test/scenarios/seen.json` has. `npm run golden` writes both anew.
 */
import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { expect, it } from "vitest";
import { breakpointsOf, play, type Port } from "../scenarios/run-scenario.ts";
import { type Scenario, scenarios } from "../scenarios/scenarios.ts";
import { transcriptOf } from "../scenarios/transcript.ts";
import { type Client, connect, copyProject, createHostTarget, eventually, launch } from "./debug-harness.ts";

const golden = path.join(import.meta.dirname, "../scenarios/golden");

it.each(scenarios)("$name", async (scenario) => {
  const folder = copyProject();
  const sources = path.join(folder, "src");
  const client = await connect(createHostTarget(folder));
  const { port, messages } = recorded(client);
  const configuration = { function: `${path.join(sources, "scenarios.ts")}#${scenario.run}`, args: scenario.args };
  await launch(client, configuration, () => prepare(scenario, port, sources));

  const seen = await play(scenario, port, { folder: sources });

  expect(seen).toHaveLength(scenario.stops.length);
  await client.disconnectRequest();
  const name = scenario.name.replaceAll(" ", "-");
  await expect(transcriptOf(messages(), folder)).toMatchFileSnapshot(path.join(golden, `${name}.txt`));
  await expect(`${JSON.stringify(seen, undefined, 2)}\n`).toMatchFileSnapshot(path.join(golden, `${name}.json`));
});

async function prepare(scenario: Scenario, port: Port, folder: string): Promise<void> {
  for (const [file, breakpoints] of breakpointsOf(scenario, { folder }))
    await port.send("setBreakpoints", { source: { path: file }, breakpoints });
  const { exceptions } = scenario;
  await port.send("setExceptionBreakpoints", { filters: exceptions ? [exceptions] : [] });
}

/** The client, and each message of the scenario: what it sends is put among what it gets. */
function recorded(client: Client): { port: Port; messages: () => DebugProtocol.ProtocolMessage[] } {
  const sent: { readonly at: number; readonly request: DebugProtocol.ProtocolMessage }[] = [];
  const port: Port = {
    send: async (command, args) => {
      const request = { type: "request", seq: 0, command, arguments: args };
      sent.push({ at: client.transcript.length, request });
      return (await client.send(command, args)).body;
    },
    stop: async () => {
      const event = await eventually("a stop or the end", () =>
        client.events.find(({ event, seq }) => seq > lastSeq && (event === "stopped" || event === "terminated")),
      );
      lastSeq = event.seq;
      return event.event === "stopped" ? (event as DebugProtocol.StoppedEvent).body : undefined;
    },
  };
  let lastSeq = 0;
  const messages = () => {
    const got = client.transcript.map((text) => JSON.parse(text) as DebugProtocol.ProtocolMessage);
    return sent.toReversed().reduce((all, { at, request }) => all.toSpliced(at, 0, request), got);
  };
  return { port, messages };
}
