/** What a request must bring: clients' mistakes are answered as such, before a handler meets them. */
import * as v from "valibot";
import { FaasifyError } from "../core/errors.ts";

const integer = v.pipe(v.number(), v.integer());
const maybeInteger = v.optional(integer);
const text = v.string();
const maybeText = v.optional(text);
const maybeFlag = v.optional(v.boolean());
const format = v.optional(v.looseObject({ hex: maybeFlag }));
const source = v.looseObject({ name: maybeText, path: maybeText, sourceReference: maybeInteger });
const conditions = { condition: maybeText, hitCondition: maybeText, mode: maybeText };
const accessTypes = v.picklist(["read", "write", "readWrite"]);
const step = v.looseObject({
  threadId: integer,
  singleThread: maybeFlag,
  granularity: v.optional(v.picklist(["statement", "line", "instruction"])),
  targetId: maybeInteger,
});
const inFrame = { frameId: maybeInteger, format };

/** By command, as the protocol has them; what it leaves to each adapter is checked where it is used. */
const schemas: Readonly<Record<string, v.GenericSchema>> = {
  initialize: v.looseObject({
    pathFormat: maybeText,
    linesStartAt1: maybeFlag,
    columnsStartAt1: maybeFlag,
    supportsProgressReporting: maybeFlag,
    supportsInvalidatedEvent: maybeFlag,
    supportsMemoryEvent: maybeFlag,
    supportsANSIStyling: maybeFlag,
  }),
  cancel: v.optional(v.looseObject({ requestId: maybeInteger, progressId: maybeText })),
  disconnect: v.optional(v.looseObject({ terminateDebuggee: maybeFlag, suspendDebuggee: maybeFlag })),
  setBreakpoints: v.looseObject({
    source,
    breakpoints: v.optional(
      v.array(v.looseObject({ line: integer, column: maybeInteger, logMessage: maybeText, ...conditions })),
    ),
  }),
  setFunctionBreakpoints: v.looseObject({ breakpoints: v.array(v.looseObject({ name: text, ...conditions })) }),
  dataBreakpointInfo: v.looseObject({ name: text, variablesReference: maybeInteger, frameId: maybeInteger }),
  setDataBreakpoints: v.looseObject({
    breakpoints: v.array(
      v.looseObject({
        dataId: text,
        accessType: v.optional(accessTypes),
        condition: maybeText,
        hitCondition: maybeText,
      }),
    ),
  }),
  breakpointLocations: v.looseObject({ source, line: integer, endLine: maybeInteger }),
  setExceptionBreakpoints: v.looseObject({
    filters: v.array(text),
    filterOptions: v.optional(v.array(v.looseObject({ filterId: text, condition: maybeText }))),
  }),
  stackTrace: v.looseObject({ threadId: integer, startFrame: maybeInteger, levels: maybeInteger }),
  scopes: v.looseObject({ frameId: integer }),
  variables: v.looseObject({
    variablesReference: integer,
    filter: v.optional(v.picklist(["indexed", "named"])),
    start: maybeInteger,
    count: maybeInteger,
    format,
  }),
  setVariable: v.looseObject({ variablesReference: integer, name: text, value: text, format }),
  setExpression: v.looseObject({ expression: text, value: text, ...inFrame }),
  evaluate: v.looseObject({ expression: text, context: maybeText, ...inFrame }),
  completions: v.looseObject({ text, column: integer, line: maybeInteger, frameId: maybeInteger }),
  exceptionInfo: v.looseObject({ threadId: integer }),
  source: v.looseObject({ sourceReference: integer }),
  modules: v.optional(v.looseObject({ startModule: maybeInteger, moduleCount: maybeInteger })),
  readMemory: v.looseObject({ memoryReference: text, offset: maybeInteger, count: integer }),
  writeMemory: v.looseObject({ memoryReference: text, offset: maybeInteger, data: text, allowPartial: maybeFlag }),
  continue: v.looseObject({ threadId: integer, singleThread: maybeFlag }),
  next: step,
  stepIn: step,
  stepOut: step,
  pause: v.looseObject({ threadId: integer }),
  restartFrame: v.looseObject({ frameId: integer }),
  stepInTargets: v.looseObject({ frameId: integer }),
  terminateThreads: v.looseObject({ threadIds: v.optional(v.array(integer)) }),
};

/**
 * The arguments of a request, where `null` is the same as nothing: some clients write it so.
 *
 * @throws FaasifyError `wrong-usage` that names what is wrong
 */
export function checkedArguments(command: string, args: unknown): unknown {
  const schema = schemas[command];
  if (!schema) return args ?? {};
  const given = withoutNulls(args);
  const parsed = v.safeParse(schema, given);
  if (parsed.success) return given ?? {};
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue) ?? "arguments";
  throw new FaasifyError("wrong-usage", `${command}: ${path} is malformed (${issue.message})`, {
    remedy: "This is a mistake of the debug client; report it to its authors",
  });
}

function withoutNulls(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, withoutNulls(member)]),
  );
}
