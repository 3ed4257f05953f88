import { roundToCents } from "./money.ts";

/** Share of the price that is added as value added tax. */
const vatRate = 0.2;

export interface Item {
  readonly name: string;
  readonly price: number;
  readonly quantity: number;
}

export interface Receipt {
  readonly net: number;
  readonly vat: number;
  readonly total: number;
}

/** Adds up a cart. */
export function checkout(items: Item[], coupon = ""): Receipt {
  let net = 0;
  for (const item of items) {
    net += item.price * item.quantity;
  }
  const discount = discountFor(coupon, net);
  net = roundToCents(net - discount);
  const vat = roundToCents(net * vatRate);
  console.log(`${items.length} items, discount ${discount}`);
  return { net, vat, total: roundToCents(net + vat) };
}

function discountFor(coupon: string, net: number): number {
  const percent = coupon === "WELCOME" ? 10 : 0;
  return roundToCents((net * percent) / 100);
}

/** Greets a customer: the smallest function that can move. */
export const greet = (name: string): string => `Hello, ${name}!`;
