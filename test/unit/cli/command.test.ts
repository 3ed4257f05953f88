import { describe, expect, it } from "vitest";
import { numberOption, parseCommandLine, ports, type Command } from "../../../src/cli/command.ts";

const command: Command = {
  name: "try",
  summary: "Try something",
  usage: "",
  help: "",
  options: { port: { type: "string" }, watch: { type: "boolean" } },
  run: async () => 0,
};

describe("a command line", () => {
  it("has positionals, texts and flags", () => {
    const input = parseCommandLine(command, ["a.ts#f", "--port", "80", "--watch", "--json", "b.ts"]);

    expect(input.positionals).toEqual(["a.ts#f", "b.ts"]);
    expect(input.json).toBe(true);
    expect(input.flag("watch")).toBe(true);
    expect(input.flag("help")).toBe(false);
    expect(numberOption(command, input, "port", ports)).toBe(80);
    expect(input.text("data")).toBeUndefined();
  });

  it.each([[["--bogus"]], [["--port"]], [["--port="]], [["--data", ""]], [["--watch=yes"]]])(
    "that has a mistake is wrong usage: %j",
    (args) => {
      expect(() => parseCommandLine(command, args)).toThrow(
        expect.objectContaining({ code: "wrong-usage", remedy: "Run faasify try --help" }),
      );
    },
  );

  it.each(["-1", "1.5", "x", "1e3", "65536", "99999999999999999999"])("takes no such number: %j", (text) => {
    const input = parseCommandLine(command, [`--port=${text}`]);

    expect(() => numberOption(command, input, "port", ports)).toThrow(expect.objectContaining({ code: "wrong-usage" }));
  });
});
