/**
 * Gives the process the caller's environment variables.
 *
 * @param environment - `null` is not set
 * @returns puts back what was there
 */
export function setEnvironment(environment: Readonly<Record<string, string | null>>): () => void {
  const before = Object.keys(environment).map((name) => [name, process.env[name]] as const);
  for (const [name, value] of Object.entries(environment)) set(name, value ?? undefined);
  return () => {
    for (const [name, value] of before) set(name, value);
  };
}

function set(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
