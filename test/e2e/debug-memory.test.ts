import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { expect, it } from "vitest";
import { connect, copyProject, createHostTarget, lineOf, stopped, variablesOf } from "./debug-harness.ts";

it("reads and writes the memory behind buffers and their views", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/values.ts");
  const client = await connect(createHostTarget(folder));
  await client.initializeRequest({ adapterID: "faasify", supportsMemoryEvent: true, supportsInvalidatedEvent: true });
  await client.setBreakpointsRequest({
    source: { path: file },
    breakpoints: [{ line: lineOf(file, "return before + view") }],
  });
  const launched = client.launchRequest({ function: `${file}#buffers`, args: [16] } as object);
  await client.configurationDoneRequest();
  await launched;
  const stop = await stopped(client);
  const at = await variablesOf(client, stop.top.id);
  const referenceOf = (name: string): string => at.get(name)?.memoryReference ?? "none";
  const read = async (name: string, offset: number, count: number) => {
    const response: DebugProtocol.ReadMemoryResponse = await client.customRequest("readMemory", {
      memoryReference: referenceOf(name),
      offset,
      count,
    });
    const { body } = response;
    return { ...body, data: [...Buffer.from(body?.data ?? "", "base64")] };
  };

  expect(at.get("before")?.memoryReference).toBeUndefined();
  expect(await read("buffer", 3, 6)).toEqual({ address: "3", data: [0, 1, 2, 3, 4, 0] });
  expect(await read("bytes", 0, 10)).toEqual({ address: "0", data: [1, 2, 3, 4], unreadableBytes: 6 });
  expect(await read("view", 4, 2)).toEqual({ address: "4", data: [1, 2] });
  expect(await read("shared", 0, 4)).toEqual({ address: "0", data: [0, 0, 0, 0] });
  expect(await read("buffer", 100, 4)).toMatchObject({ data: [], unreadableBytes: 4 });

  const write = (data: number[], offset: number, allowPartial: boolean) =>
    client.customRequest("writeMemory", {
      memoryReference: referenceOf("bytes"),
      offset,
      allowPartial,
      data: Buffer.from(data).toString("base64"),
    });
  await expect(write([9, 9, 9], 2, false)).rejects.toThrow("does not fit");
  expect((await write([0, 1], 2, true)).body).toEqual({ bytesWritten: 2 });
  const memory = await client.next<DebugProtocol.MemoryEvent>("memory");
  expect(memory.body).toEqual({ memoryReference: referenceOf("bytes"), offset: 2, count: 2 });
  await client.next("invalidated");
  expect((await read("buffer", 4, 4)).data).toEqual([1, 2, 0, 1]);
  await client.continueRequest({ threadId: stop.threadId });
  await client.next("terminated");
  // 0x01020304 + 0x01020001 + 4
  expect(client.output("console")).toContain("buffers returned 33817353");
});
