import type { Deployment } from "./provider.ts";

/** For people: `local`, `aws eu-central-1`, `aws us-east-1 at http://127.0.0.1:4566 as test`. */
export function targetText({ target, place }: Pick<Deployment, "target" | "place">): string {
  if (!place) return target;
  const { region, endpoint, profile } = place;
  return [
    target,
    region,
    ...(endpoint === undefined ? [] : [`at ${endpoint}`]),
    ...(profile === undefined ? [] : [`as ${profile}`]),
  ].join(" ");
}
