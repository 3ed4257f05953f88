/** What `faasify verify --json` says, checked and in words. Pure. */
import * as v from "valibot";

const reportSchema = v.object({
  seed: v.number(),
  cases: v.number(),
  equal: v.number(),
  different: v.number(),
  nondeterministic: v.number(),
  threw: v.number(),
  differences: v.array(
    v.object({
      case: v.number(),
      input: v.string(),
      outcome: v.picklist(["different", "nondeterministic"]),
      path: v.string(),
      original: v.string(),
      deployed: v.string(),
      because: v.exactOptional(v.string()),
    }),
  ),
});

export type VerificationReport = v.InferOutput<typeof reportSchema>;

/** Undefined when the text is no report. */
export function parseVerification(text: string): VerificationReport | undefined {
  try {
    const result = v.safeParse(reportSchema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

/** Real differences first, each with its case. */
export function verificationText(name: string, report: VerificationReport): string {
  const { cases, equal, different, nondeterministic, threw, seed, differences } = report;
  const counts = [
    `${equal} of ${cases} cases equal`,
    ...(different > 0 ? [`${different} different`] : []),
    ...(nondeterministic > 0 ? [`${nondeterministic} nondeterministic`] : []),
    ...(threw > 0 ? [`${threw} throw, here and deployed`] : []),
  ];
  const listed = differences
    .toSorted((a, b) => Number(b.outcome === "different") - Number(a.outcome === "different"))
    .map(({ case: number, input, path, original, deployed, because }) =>
      [
        `case ${number}  ${name}(${input})`,
        `  ${path}:`,
        `    here      ${original}`,
        `    deployed  ${deployed}`,
        ...(because === undefined ? [] : [`  nondeterministic: ${because}`]),
      ].join("\n"),
    );
  return `${[`${name}: ${counts.join(", ")} (seed ${seed})`, ...listed].join("\n\n")}\n`;
}
