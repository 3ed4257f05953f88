/**
 * What the debugger asked at one pause it will ask at the next: the same objects are open, the same watches are shown. So
 * the questions are learned, and answered ahead when the thread pauses again. An object is known by the way that leads to
 * it, because V8 gives it another id at each pause.
 */

export type Params = Readonly<Record<string, unknown>>;
export type CdpAnswer = { readonly result: Params } | { readonly error: Params };
export type Serve = (method: string, params: Params) => Promise<CdpAnswer>;

/** An answer to a question that was not asked yet, word for word as it would be. */
export interface AnswerAhead {
  readonly id: number;
  readonly method: string;
  readonly params: Params;
  readonly answer: CdpAnswer;
}

export interface Replay {
  /** A pause begins: `callFrameId` is the frame that the user sees first, `scopes` what was fetched of it. */
  begin(callFrameId: string | undefined, scopes: Readonly<Record<string, Params>>): void;
  /** The debugger has asked something and got an answer. */
  learn(method: string, params: Params, answer: CdpAnswer): void;
  /** Answers what was learned, into `answers`, until that is done or the signal says that it takes too long. */
  run(serve: Serve, answers: AnswerAhead[], signal: AbortSignal): Promise<void>;
  /** Nobody asks these any more. */
  forget(ids: readonly number[]): void;
}

interface Question {
  readonly id: number;
  readonly method: string;
  readonly params: Params;
  /** Of the object that it is about; undefined for an expression. */
  readonly path: string | undefined;
}

const MAX_QUESTIONS = 60;
/** What has more members is asked for when it is looked at. */
const MAX_PROPERTIES = 200;
/** An expression that takes longer is evaluated when it is asked for: a stop must not wait for it. */
const EXPRESSION_MS = 100;
const propertyCommands = new Set(["Runtime.getProperties", "Faasify.getProperties"]);
const VARIABLE = "v";

export function createReplay(): Replay {
  /** By what is asked and where; the oldest first. */
  const questions = new Map<string, Question>();
  const ways = createWays();
  let frame: string | undefined;
  let lastId = 0;

  /** The same question at this pause; undefined if its object is not there. */
  const renew = ({ params, path }: Question): Params | undefined => {
    if (path === undefined) return { ...params, callFrameId: frame };
    const objectId = ways.objectAt(path);
    return objectId === undefined ? undefined : { ...params, objectId };
  };
  return {
    begin: (callFrameId, scopes) => {
      frame = callFrameId;
      ways.clear();
      for (const members of Object.values(scopes)) ways.addMembers(VARIABLE, members);
    },
    learn: (method, params, answer) => {
      const isExpression = isPureExpression(method, params) && params["callFrameId"] === frame;
      const path = propertyCommands.has(method) ? ways.pathOf(params["objectId"]) : undefined;
      if (!isExpression && path === undefined) return;
      const key = keyOf(method, params, path);
      ways.addAnswer(key, path, answer);
      if (isLarge(answer) || questions.has(key)) return;
      questions.set(key, { id: ++lastId, method, params, path });
      const [oldest] = questions.keys();
      if (questions.size > MAX_QUESTIONS && oldest !== undefined) questions.delete(oldest);
    },
    run: async (serve, answers, signal) => {
      for (const [key, question] of questions) {
        if (signal.aborted || frame === undefined) return;
        const { id, method, path } = question;
        const params = renew(question);
        if (!params) continue;
        const answer = await serve(method, path === undefined ? { ...params, timeout: EXPRESSION_MS } : params);
        const isUseful = !isTerminated(answer) && !isLarge(answer);
        if (!isUseful) questions.delete(key);
        if (signal.aborted) return;
        ways.addAnswer(key, path, answer);
        if (isUseful) answers.push({ id, method, params, answer });
      }
    },
    forget: (ids) => {
      for (const [key, { id }] of questions) if (ids.includes(id)) questions.delete(key);
    },
  };
}

/** The ways that lead to the objects of one pause. */
interface Ways {
  pathOf(objectId: unknown): string | undefined;
  objectAt(path: string): unknown;
  addMembers(path: string, members: Params): void;
  /** @param key - begins the ways from an expression's value */
  addAnswer(key: string, path: string | undefined, answer: CdpAnswer): void;
  clear(): void;
}

function createWays(): Ways {
  const paths = new Map<unknown, string>();
  const objects = new Map<string, unknown>();
  const add = (path: string, objectId: unknown): void => {
    if (objectId === undefined || objects.has(path)) return;
    objects.set(path, objectId);
    paths.set(objectId, path);
  };
  const addMembers = (path: string, members: Params): void => {
    // Entries of maps and sets are behind one more handle.
    const all = [...membersOf(members), ...membersOf({ result: members["internalProperties"] })];
    for (const { name, value } of all) add(`${path}/${name}`, value?.objectId);
  };
  return {
    pathOf: (objectId) => paths.get(objectId),
    objectAt: (path) => objects.get(path),
    addMembers,
    addAnswer: (key, path, answer) => {
      if (!("result" in answer)) return;
      if (path !== undefined) addMembers(path, answer.result);
      else add(key, (answer.result["result"] as RemoteObject | undefined)?.objectId);
    },
    clear: () => {
      paths.clear();
      objects.clear();
    },
  };
}

function keyOf(method: string, params: Params, path: string | undefined): string {
  return path === undefined
    ? `${method} ${JSON.stringify({ ...params, callFrameId: "" })}`
    : `${method} ${path} ${JSON.stringify({ ...params, objectId: "" })}`;
}

function isLarge(answer: CdpAnswer): boolean {
  return "result" in answer && membersOf(answer.result).length > MAX_PROPERTIES;
}

interface RemoteObject {
  readonly objectId?: unknown;
}

interface Member {
  readonly name: string;
  readonly value?: RemoteObject;
}

function membersOf({ result }: Params): readonly Member[] {
  return Array.isArray(result) ? (result as readonly Member[]) : [];
}

function isTerminated(answer: CdpAnswer): boolean {
  return "error" in answer && String(answer.error["message"]).includes("terminated");
}

/** Watches and hovers: V8 refuses what would change anything. */
function isPureExpression(method: string, params: Params): boolean {
  return method === "Debugger.evaluateOnCallFrame" && params["throwOnSideEffect"] === true;
}
