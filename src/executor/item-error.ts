import { describeError } from "../core/errors.ts";

/** Why a run over items has ended: what the function threw for one of them is its `cause`. */
export class ItemError extends Error {
  override readonly name = "ItemError";
  /** Of the item, from 0. */
  readonly index: number;

  constructor(index: number, cause: unknown) {
    super(`Item ${index}: ${describeError(cause)}`, { cause });
    this.index = index;
  }
}
