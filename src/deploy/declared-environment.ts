/** Which environment variables a function gets when it is deployed: those that it reads by name, from who deploys it. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names only, sorted: values are nobody's business but the function's. */
export interface EnvironmentReport {
  /** As the user has said for this deployment. */
  readonly given: readonly string[];
  /** As they are set where it was deployed from. */
  readonly taken: readonly string[];
  /** As they were when it was deployed before: here they are not set. */
  readonly kept: readonly string[];
  /** Set here, but they look like secrets, and nobody has said that they may leave. */
  readonly withheld: readonly string[];
  /** The function finds nothing. */
  readonly unset: readonly string[];
}

export interface EnvironmentSources {
  /** Names that the function reads. */
  readonly declared: readonly string[];
  readonly caller: Environment;
  /** Of the deployment before. */
  readonly before: Readonly<Record<string, string>>;
  readonly given: Readonly<Record<string, string>>;
}

/** Its values replace what was deployed before; what the platform sets itself is left to it. */
export function declaredEnvironment({ declared, caller, before, given }: EnvironmentSources): {
  readonly values: Readonly<Record<string, string>>;
  readonly report: EnvironmentReport;
} {
  const report = { given: Object.keys(given).toSorted(), taken: [], kept: [], withheld: [], unset: [] } as {
    -readonly [Group in keyof EnvironmentReport]: string[];
  };
  const values: Record<string, string> = { ...before, ...given };
  for (const name of declared.toSorted()) {
    const value = caller[name];
    if (Object.hasOwn(given, name) || isPlatforms(name)) continue;
    if (value !== undefined && !isSecret(name, value)) {
      values[name] = value;
      report.taken.push(name);
    } else if (Object.hasOwn(before, name)) report.kept.push(name);
    else if (value === undefined) report.unset.push(name);
    else report.withheld.push(name);
  }
  return { values, report };
}

/** AWS Lambda, and what is like it, sets these itself and refuses others' values; so it does other kinds of names. */
function isPlatforms(name: string): boolean {
  const own =
    /^(?:_HANDLER|_X_AMZN_TRACE_ID|LAMBDA_\w+|AWS_(?:DEFAULT_REGION|REGION|EXECUTION_ENV|LAMBDA_\w+|ACCESS_KEY(?:_ID)?|SECRET_ACCESS_KEY|SESSION_TOKEN))$/;
  return own.test(name) || !/^[a-zA-Z][a-zA-Z0-9_]+$/.test(name);
}

const secretName =
  /(?:^|_)(?:SECRETS?|TOKENS?|PASS(?:WORD|WD|PHRASE)?|CREDENTIALS?|PRIVATE|AUTH|SIGNATURE|SALT|DSN|(?:\w*_)?(?:API|APP|ACCESS|ENCRYPTION|SIGNING)?KEYS?)(?:_|$)|_PWD$/i;
/** `postgres://user:password@host` */
const secretValue = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i;

function isSecret(name: string, value: string): boolean {
  return secretName.test(name) || secretValue.test(value);
}

/** One line for people; undefined when there is nothing to tell. */
export function environmentText({ given, taken, kept, withheld, unset }: EnvironmentReport): string | undefined {
  const parts = [
    ...(given.length > 0 ? [`${given.join(", ")} as given`] : []),
    ...(taken.length > 0 ? [`${taken.join(", ")} as set here`] : []),
    ...(kept.length > 0 ? [`${kept.join(", ")} as deployed before`] : []),
    ...(withheld.length > 0
      ? [`without ${withheld.join(", ")}, which may be secret (send it with --env ${withheld[0]})`]
      : []),
    ...(unset.length > 0 ? [`${unset.join(", ")} not set`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join("; ");
}
