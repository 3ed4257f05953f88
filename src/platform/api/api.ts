/** What the operations of Lambda's REST API work on. */
import type { Clock } from "../clock.ts";
import { invalidParameter } from "../http/lambda-error.ts";
import type { CodeStore } from "../state/code-store.ts";
import { LATEST } from "../state/function-record.ts";
import type { Catalogue } from "./catalogue.ts";
import type { LayerShelf } from "./layer-shelf.ts";
import type { FunctionName } from "./names.ts";

export interface Api {
  readonly catalogue: Catalogue;
  readonly layers: LayerShelf;
  readonly code: CodeStore;
  readonly clock: Clock;
  /** Signs the links to deployed code. */
  readonly secret: string;
  /** How many invocations may run at once, of all functions. */
  readonly maxConcurrency: number;
  /** Where files of queues and topics are. */
  readonly queueFolder: string;
}

/** For operations on the function as a whole; published versions never change. @throws LambdaError */
export function mustBeUnqualified({ qualifier }: FunctionName): void {
  if (qualifier === undefined || qualifier === LATEST) return;
  throw invalidParameter(
    "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.",
  );
}
