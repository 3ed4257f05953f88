/** How many invocations may run at once: of one function, and of the account. */
import { invalidParameter, validationFailed } from "../http/lambda-error.ts";
import { emptyReply, jsonReply, type Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";
import { MAX_UNPACKED_BYTES } from "../state/code-store.ts";
import { LATEST } from "../state/function-record.ts";
import { mustBeUnqualified, type Api } from "./api.ts";
import { MAX_ZIP_BYTES } from "./catalogue.ts";
import { concurrencySchema, parseBody } from "./input.ts";
import { constraint, type FunctionName } from "./names.ts";

/** Lambda keeps so many for functions without a reservation; of a smaller account a tenth. */
const MIN_UNRESERVED = 100;
const TOTAL_CODE_BYTES = 80_530_636_800;

export function putConcurrency(api: Api, { body }: ApiRequest, wanted: FunctionName): Reply {
  const { ReservedConcurrentExecutions: reserved } = parseBody(body, concurrencySchema);
  if (reserved === undefined) {
    throw validationFailed([
      "Value null at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must not be null",
    ]);
  }
  if (!Number.isInteger(reserved) || reserved < 0) {
    const rule = "Member must have value greater than or equal to 0";
    throw validationFailed([constraint(reserved, "reservedConcurrentExecutions", rule)]);
  }
  mustBeUnqualified(wanted);
  const { catalogue, maxConcurrency } = api;
  const record = catalogue.get({ name: wanted.name, qualifier: LATEST });
  const left = maxConcurrency - catalogue.reservedConcurrency + (record.reservedConcurrency ?? 0) - reserved;
  const minimum = Math.min(MIN_UNRESERVED, Math.floor(maxConcurrency / 10));
  if (left < minimum) {
    throw invalidParameter(
      `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${minimum}].`,
    );
  }
  catalogue.change(record.name, { reservedConcurrency: reserved });
  return jsonReply(200, { ReservedConcurrentExecutions: reserved });
}

export function getConcurrency({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  const { reservedConcurrency } = catalogue.get({ ...wanted, qualifier: undefined });
  return jsonReply(200, { ReservedConcurrentExecutions: reservedConcurrency });
}

export function deleteConcurrency({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  mustBeUnqualified(wanted);
  const { name } = catalogue.get({ ...wanted, qualifier: undefined });
  catalogue.change(name, { reservedConcurrency: undefined });
  return emptyReply(204);
}

export function getAccountSettings({ catalogue, maxConcurrency }: Api): Reply {
  return jsonReply(200, {
    AccountLimit: {
      TotalCodeSize: TOTAL_CODE_BYTES,
      CodeSizeUnzipped: MAX_UNPACKED_BYTES,
      CodeSizeZipped: MAX_ZIP_BYTES,
      ConcurrentExecutions: maxConcurrency,
      UnreservedConcurrentExecutions: maxConcurrency - catalogue.reservedConcurrency,
    },
    AccountUsage: { TotalCodeSize: catalogue.codeBytes, FunctionCount: catalogue.size },
  });
}
