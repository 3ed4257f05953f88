import { checkout, greet } from "./cart.ts";
import { format } from "./money.ts";

function main(): void {
  console.log(greet("Ada"));
  const receipt = checkout([{ name: "book", price: 12.5, quantity: 2 }], "WELCOME");
  console.log(`total ${format(receipt.total)}`);
}

main();
