/** How traffic moves from one version to another, step by step. The named ones are CodeDeploy's for Lambda. */

export interface CanaryStep {
  /** The share of invocations that goes to the canary, above 0 and below 1. */
  readonly weight: number;
  readonly forMs: number;
}

/** After the last step all traffic goes to the canary; without steps it does so at once. */
export interface CanarySchedule {
  readonly name: string;
  readonly steps: readonly CanaryStep[];
}

const MINUTE_MS = 60_000;
const PREFIX = "CodeDeployDefault.Lambda";

const canary = (minutes: number): CanarySchedule => ({
  name: `${PREFIX}Canary10Percent${minutes}Minutes`,
  steps: [{ weight: 0.1, forMs: minutes * MINUTE_MS }],
});

const linear = (minutes: number): CanarySchedule => ({
  name: `${PREFIX}Linear10PercentEvery${minutes}Minute${minutes === 1 ? "" : "s"}`,
  steps: Array.from({ length: 9 }, (_, index) => ({ weight: (index + 1) / 10, forMs: minutes * MINUTE_MS })),
});

/** @see https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html */
export const namedSchedules: readonly CanarySchedule[] = [
  canary(5),
  canary(10),
  canary(15),
  canary(30),
  linear(1),
  linear(2),
  linear(3),
  linear(10),
  { name: `${PREFIX}AllAtOnce`, steps: [] },
];

/** By CodeDeploy's name, or as SAM and CloudFormation write it, without what all have in front. */
export function findSchedule(name: string): CanarySchedule | undefined {
  return namedSchedules.find((schedule) => schedule.name === name || schedule.name === PREFIX + name);
}

/** The name without what all have in front: for people. */
export function shortName({ name }: Pick<CanarySchedule, "name">): string {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
}

/** One step of `percent` for a while, then all. */
export function oneStep(percent: number, forMs: number): CanarySchedule {
  return { name: `${percent} % for ${describeMs(forMs)}`, steps: [{ weight: percent / 100, forMs }] };
}

export function totalMs({ steps }: Pick<CanarySchedule, "steps">): number {
  return steps.reduce((sum, { forMs }) => sum + forMs, 0);
}

const units = { ms: 1, s: 1_000, m: MINUTE_MS, h: 60 * MINUTE_MS } as const;

/** `90s`, `5m`, `1.5h`; undefined if it is none of them or not above 0. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (!match) return undefined;
  const ms = Number(match[1]) * units[match[2] as keyof typeof units];
  return ms > 0 ? ms : undefined;
}

export function describeMs(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 2 * MINUTE_MS) return `${Math.round(ms / 1_000)} s`;
  return `${Math.round(ms / MINUTE_MS)} min`;
}
