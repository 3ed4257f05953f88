import { isReached, isSkipped, type Figure, type Measured, type Outcome, type Target } from "./figure.ts";

/** One figure with its baselines below it, ready to be printed. */
export function formatOutcome(outcome: Outcome): string {
  if (isSkipped(outcome)) return `${outcome.what}\n    not measured: ${outcome.skipped}\n`;
  const { what, ours, target, baselines, note } = outcome;
  const lines = [
    what,
    `    ${formatMeasured(ours)}${target ? `   ${formatTarget(target, ours)}: ${verdict(outcome)}` : ""}`,
    ...baselines.map((baseline) => `    ${formatMeasured(baseline)}`),
  ];
  if (note !== undefined) lines.push(`    (${note})`);
  return `${lines.join("\n")}\n`;
}

/** How many figures were reached, which were not, and what was not measured. */
export function formatSummary(outcomes: readonly Outcome[]): string {
  const figures = outcomes.filter((outcome): outcome is Figure => !isSkipped(outcome));
  const judged = figures.filter(({ target }) => target !== undefined);
  const missed = judged.filter((figure) => isReached(figure) === false);
  const skipped = outcomes.filter(isSkipped);
  const lines = [`${judged.length - missed.length} of ${judged.length} targets reached`];
  for (const { what, ours, target } of missed) {
    if (target) lines.push(`  NOT REACHED  ${what}: ${number(ours)} ${ours.unit} (${formatTarget(target, ours)})`);
  }
  for (const { what, skipped: why } of skipped) lines.push(`  NOT MEASURED ${what}: ${why}`);
  return lines.join("\n");
}

function verdict(figure: Figure): string {
  return isReached(figure) === true ? "reached" : "NOT REACHED";
}

function formatTarget(target: Target, { unit }: Measured): string {
  return "atMost" in target
    ? `target ≤ ${rounded(target.atMost)} ${unit}`
    : `target ≥ ${rounded(target.atLeast)} ${unit}`;
}

function formatMeasured(value: Measured): string {
  const { name, unit, range, samples, statistic, cpuMs } = value;
  const details = [
    range && `${number(value, range[0])}–${number(value, range[1])}`,
    samples !== undefined && `n=${samples}`,
    cpuMs !== undefined && `${cpuMs.toFixed(3)} ms CPU/request`,
  ].filter((detail) => typeof detail === "string");
  const main = `${name.padEnd(46)} ${(statistic ?? "").padStart(6)} ${number(value).padStart(8)} ${unit.padEnd(5)}`;
  return details.length > 0 ? `${main} [${details.join(", ")}]` : main;
}

function rounded(bound: number): string {
  return Number.isInteger(bound) ? String(bound) : bound.toFixed(2);
}

/** Three significant digits are more than the noise leaves; requests are counted whole. */
function number({ value, unit }: Measured, shown = value): string {
  if (unit === "open") return shown.toFixed(0);
  if (unit === "ms" && Math.abs(shown) < 1) return shown.toFixed(3);
  if (unit === "req/s") return shown.toFixed(0);
  if (Math.abs(shown) >= 100) return shown.toFixed(0);
  return shown.toFixed(Math.abs(shown) >= 10 ? 1 : 2);
}
