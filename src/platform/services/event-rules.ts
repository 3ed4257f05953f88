/** Rules of EventBridge with a schedule, on the default bus: a schedule for each target. Patterns of events have nothing to match here. */
import * as v from "valibot";
import type { Catalogue } from "../api/catalogue.ts";
import { parseDestination } from "../events/destinations.ts";
import { parseTiming } from "../events/schedule-time.ts";
import type { Schedules } from "../events/schedules.ts";
import { ACCOUNT, REGION } from "../state/function-record.ts";
import type { Collection } from "../state/state-store.ts";
import { list, object, ServiceError, text, type Json, type Service } from "./service.ts";

const targetSchema = v.object({
  id: v.string(),
  arn: v.string(),
  roleArn: v.optional(v.string()),
  /** JSON text. */
  input: v.optional(v.string()),
});

export const ruleSchema = v.object({
  name: v.string(),
  expression: v.string(),
  enabled: v.boolean(),
  description: v.optional(v.string()),
  tags: v.record(v.string(), v.string()),
  createdMs: v.number(),
  targets: v.array(targetSchema),
});

type Rule = Readonly<v.InferOutput<typeof ruleSchema>>;
type Target = v.InferOutput<typeof targetSchema>;

const BUS = "default";
const NAME = /^[.\-_A-Za-z0-9]{1,64}$/;
/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const MAX_TARGETS = 5;

const ruleArn = (name: string): string => `arn:aws:events:${REGION}:${ACCOUNT}:rule/${name}`;
const scheduleName = (rule: string, target: string): string => `rule/${rule}/${target}`;

export interface EventRulesOptions {
  readonly rules: Collection<Rule>;
  readonly schedules: Pick<Schedules, "save" | "delete">;
  readonly catalogue: Pick<Catalogue, "find">;
}

export function createEventRules(options: EventRulesOptions): Service {
  const shelf = new RuleShelf(options);
  return {
    xmlNamespace: "",
    operations: {
      ...ruleOperations(shelf),
      ...targetOperations(shelf, options.catalogue),
      ...tagOperations(shelf),
    },
  };
}

class RuleShelf {
  readonly #options: EventRulesOptions;
  readonly #rules: Map<string, Rule>;

  constructor(options: EventRulesOptions) {
    this.#options = options;
    this.#rules = new Map(options.rules.all().map((rule) => [rule.name, rule]));
  }

  all(): Rule[] {
    return [...this.#rules.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): Rule | undefined {
    return this.#rules.get(name);
  }

  /** @throws ServiceError ResourceNotFoundException */
  get(name: string): Rule {
    const rule = this.#rules.get(name);
    if (rule) return rule;
    throw new ServiceError("ResourceNotFoundException", `Rule ${name} does not exist on EventBus ${BUS}.`);
  }

  save(rule: Rule): void {
    const { rules, schedules } = this.#options;
    for (const { id } of this.#rules.get(rule.name)?.targets ?? []) {
      if (rule.targets.every((target) => target.id !== id)) schedules.delete(scheduleName(rule.name, id));
    }
    rules.save(rule.name, rule);
    this.#rules.set(rule.name, rule);
    for (const target of rule.targets) schedules.save(scheduleOf(rule, target));
  }

  /** It has no targets any more. */
  delete({ name }: Rule): void {
    this.#options.rules.delete(name);
    this.#rules.delete(name);
  }
}

function scheduleOf(rule: Rule, target: Target): Parameters<Schedules["save"]>[0] {
  const destination = functionOf(target.arn);
  return {
    name: scheduleName(rule.name, target.id),
    expression: rule.expression,
    timezone: "UTC",
    enabled: rule.enabled,
    deleteWhenDone: false,
    ruleArn: ruleArn(rule.name),
    target: {
      functionName: destination?.name ?? "",
      qualifier: destination?.qualifier,
      arn: target.arn,
      roleArn: target.roleArn,
      input: target.input,
    },
    createdMs: rule.createdMs,
    modifiedMs: Date.now(),
  };
}

function functionOf(arn: string): { readonly name: string; readonly qualifier: string | undefined } | undefined {
  const destination = parseDestination(arn, "/");
  return typeof destination !== "string" && destination.kind === "function" ? destination : undefined;
}

function ruleOperations(shelf: RuleShelf): Service["operations"] {
  const enable = (input: Json, enabled: boolean): Json => {
    shelf.save({ ...shelf.get(nameOf(input)), enabled });
    return {};
  };
  return {
    PutRule: (input) => putRule(shelf, input),
    DescribeRule: (input) => view(shelf.get(nameOf(input))),
    ListRules: (input) => {
      onDefaultBus(input);
      const prefix = text(input, "NamePrefix") ?? "";
      return {
        Rules: shelf
          .all()
          .filter(({ name }) => name.startsWith(prefix))
          .map(view),
      };
    },
    EnableRule: (input) => enable(input, true),
    DisableRule: (input) => enable(input, false),
    DeleteRule: (input) => {
      const rule = shelf.find(nameOf(input));
      if (rule && rule.targets.length > 0) throw invalid("Rule can't be deleted since it has targets.");
      if (rule) shelf.delete(rule);
      return {};
    },
  };
}

function putRule(shelf: RuleShelf, input: Json): Json {
  const name = nameOf(input);
  if (!NAME.test(name)) {
    throw invalid(
      `1 validation error detected: Value '${name}' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+`,
    );
  }
  if (text(input, "EventPattern") !== undefined) {
    throw invalid(
      "This platform has rules with a ScheduleExpression only: no events arrive on its bus that an EventPattern could match.",
    );
  }
  const expression = text(input, "ScheduleExpression");
  if (expression === undefined) throw invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.");
  if (expression.startsWith("at(") || typeof parseTiming(expression, "UTC") === "string") {
    throw invalid("Parameter ScheduleExpression is not valid.");
  }
  const known = shelf.find(name);
  shelf.save({
    name,
    expression,
    enabled: text(input, "State") !== "DISABLED",
    description: text(input, "Description"),
    tags: known?.tags ?? tagsOf(input),
    createdMs: known?.createdMs ?? Date.now(),
    targets: known?.targets ?? [],
  });
  return { RuleArn: ruleArn(name) };
}

function view({ name, expression, enabled, description }: Rule): Json {
  return {
    Name: name,
    Arn: ruleArn(name),
    ScheduleExpression: expression,
    State: enabled ? "ENABLED" : "DISABLED",
    ...(description !== undefined && { Description: description }),
    EventBusName: BUS,
  };
}

function targetOperations(shelf: RuleShelf, catalogue: Pick<Catalogue, "find">): Service["operations"] {
  return {
    PutTargets: (input) => {
      const rule = shelf.get(nameOf(input, "Rule"));
      const added = list(input, "Targets").map((target) => readTarget(object(target), catalogue));
      const kept = rule.targets.filter(({ id }) => added.every((target) => target.id !== id));
      if (kept.length + added.length > MAX_TARGETS) {
        throw new ServiceError("LimitExceededException", "The requested resource exceeds the maximum number allowed.");
      }
      shelf.save({ ...rule, targets: [...kept, ...added] });
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    RemoveTargets: (input) => {
      const rule = shelf.get(nameOf(input, "Rule"));
      const removed = list(input, "Ids");
      shelf.save({ ...rule, targets: rule.targets.filter(({ id }) => !removed.includes(id)) });
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    ListTargetsByRule: (input) => ({ Targets: shelf.get(nameOf(input, "Rule")).targets.map(targetView) }),
    ListRuleNamesByTarget: (input) => {
      const arn = text(input, "TargetArn");
      const rules = shelf.all().filter(({ targets }) => targets.some((target) => target.arn === arn));
      return { RuleNames: rules.map(({ name }) => name) };
    },
  };
}

/** What else a target of EventBridge may have, and would change what its function gets. */
const NOT_KNOWN = ["InputPath", "InputTransformer"];

/** @throws ServiceError ValidationException */
function readTarget(target: Json, catalogue: Pick<Catalogue, "find">): Target {
  const id = text(target, "Id") ?? "";
  const arn = text(target, "Arn") ?? "";
  const destination = functionOf(arn);
  if (!destination) throw invalid(`This platform's rules have functions as targets only: ${arn} is none.`);
  if (!catalogue.find(destination.name)) throw invalid(`The target ${arn} does not exist.`);
  const unknown = NOT_KNOWN.find((member) => target[member] !== undefined);
  if (unknown !== undefined) throw invalid(`This platform does not know ${unknown} of a target, only Input.`);
  const input = text(target, "Input");
  try {
    if (input !== undefined) JSON.parse(input);
  } catch {
    throw invalid(`JSON syntax error in Input for target ${id}.`);
  }
  return { id, arn, roleArn: text(target, "RoleArn"), input };
}

function targetView({ id, arn, roleArn, input }: Target): Json {
  return {
    Id: id,
    Arn: arn,
    ...(roleArn !== undefined && { RoleArn: roleArn }),
    ...(input !== undefined && { Input: input }),
  };
}

function tagOperations(shelf: RuleShelf): Service["operations"] {
  const addressed = (input: Json): Rule => shelf.get((text(input, "ResourceARN") ?? "").replace(/^.*:rule\//, ""));
  return {
    ListTagsForResource: (input) => ({
      Tags: Object.entries(addressed(input).tags).map(([Key, Value]) => ({ Key, Value })),
    }),
    TagResource: (input) => {
      const rule = addressed(input);
      shelf.save({ ...rule, tags: { ...rule.tags, ...tagsOf(input) } });
      return {};
    },
    UntagResource: (input) => {
      const rule = addressed(input);
      const removed = list(input, "TagKeys");
      shelf.save({
        ...rule,
        tags: Object.fromEntries(Object.entries(rule.tags).filter(([key]) => !removed.includes(key))),
      });
      return {};
    },
  };
}

function tagsOf(input: Json): Record<string, string> {
  return Object.fromEntries(
    list(input, "Tags").map((tag) => [text(object(tag), "Key") ?? "", text(object(tag), "Value") ?? ""]),
  );
}

/** @throws ServiceError if the request is for another bus */
function nameOf(input: Json, member = "Name"): string {
  onDefaultBus(input);
  return text(input, member) ?? "";
}

function onDefaultBus(input: Json): void {
  const bus = text(input, "EventBusName")?.replace(/^.*:event-bus\//, "") ?? BUS;
  if (bus !== BUS) throw new ServiceError("ResourceNotFoundException", `Event bus ${bus} does not exist.`);
}

const invalid = (message: string): ServiceError => new ServiceError("ValidationException", message);
