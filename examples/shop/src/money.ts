/** Rounds to two decimals, half away from zero. */
export function roundToCents(amount: number): number {
  return (Math.sign(amount) * Math.round(Math.abs(amount) * 100)) / 100;
}

/** Formats for a receipt, e.g. `€12.30`. */
export function format(amount: number): string {
  return `€${amount.toFixed(2)}`;
}
