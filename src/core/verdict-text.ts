/** How a verdict is said to people: the same words in lenses, hovers and on the command line. */
import type { Capture, FunctionModel, Reason, Verdict } from "./function-model.ts";

const labels: Readonly<Record<Verdict, string>> = {
  pure: "can move",
  effects: "can move, with side effects",
  stateful: "can move, but uses state",
  local: "stays here",
  entry: "entry point",
};

/** A few words: `can move`, `stays here`. */
export function verdictLabel(verdict: Verdict): string {
  return labels[verdict];
}

/** One line: the verdict and, where there is one, its first reason; and whether calling it remotely is worth it. */
export function verdictSummary(model: FunctionModel): string {
  const slower = slowerRemotely(model);
  if (!slower) return summaryOf(model);
  return `${summaryOf(model)}${model.verdict === "pure" ? ", but" : ";"} ${slower.message}`;
}

/** Why a function that can move had better not, as far as its cost goes. Undefined as well when its author wants it to. */
export function slowerRemotely({ reasons, directive }: FunctionModel): Reason | undefined {
  return directive?.place === "remote" ? undefined : reasons.find(({ about }) => about === "cost");
}

function summaryOf({ verdict, effects, reasons }: FunctionModel): string {
  const [first, ...others] = reasons.filter(({ about }) => about === undefined);
  if (verdict === "effects") return `${labels.effects}: ${effects.join(", ")}`;
  if (verdict === "pure" || !first) return labels[verdict];
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  return `${labels[verdict]}: ${first.message}${more}`;
}

/** Everything that analysis found, as Markdown: verdict, reasons with lines, captures and effects. */
export function verdictMarkdown(model: FunctionModel): string {
  const sections = [`**FaaSify:** ${labels[model.verdict]}`];
  if (model.reasons.length > 0) {
    sections.push(model.reasons.map(({ message, line }) => `- ${escapeMarkdown(message)} (line ${line})`).join("\n"));
  }
  if (model.effects.length > 0) sections.push(`Side effects: ${model.effects.join(", ")}`);
  if (model.captures.length > 0) sections.push(`Captures: ${model.captures.map(captureText).join(", ")}`);
  return sections.join("\n\n");
}

function captureText({ name, kind, from, line }: Capture): string {
  const place = line === undefined ? from : `${from.split(/[\\/]/).at(-1)}:${line}`;
  return `\`${name}\` (${kind}, ${escapeMarkdown(place)})`;
}

/** Reasons quote names in backticks, which stay; the rest must not become markup. */
function escapeMarkdown(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/[\\*_{}[\]<>#|]/g, String.raw`\$&`)))
    .join("");
}
