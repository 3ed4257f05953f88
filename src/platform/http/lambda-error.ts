/** An answer that is an error, as Lambda's REST API gives it: status, `x-amzn-ErrorType` and a JSON body. */
export class LambdaError extends Error {
  override readonly name: string;
  readonly status: number;
  readonly body: string;
  /** Further headers: name, value, name, value … */
  readonly headers: readonly string[];

  constructor(status: number, type: string, body: Readonly<Record<string, string>>, headers: readonly string[] = []) {
    super(body["message"] ?? body["Message"] ?? type);
    this.name = type;
    this.status = status;
    this.body = JSON.stringify(body);
    this.headers = headers;
  }
}

const user = (type: string, status: number, message: string): LambdaError =>
  new LambdaError(status, type, { Type: "User", message });

export const resourceNotFound = (message: string): LambdaError =>
  new LambdaError(404, "ResourceNotFoundException", { Type: "User", Message: message });

export const functionNotFound = (arn: string): LambdaError => resourceNotFound(`Function not found: ${arn}`);

export const resourceConflict = (message: string): LambdaError => user("ResourceConflictException", 409, message);

export const invalidParameter = (message: string): LambdaError => user("InvalidParameterValueException", 400, message);

/** `problems`: "Value '64' at 'memorySize' failed to satisfy constraint: …" */
export const validationFailed = (problems: readonly string[]): LambdaError =>
  new LambdaError(400, "ValidationException", {
    message: `${problems.length} validation error${problems.length === 1 ? "" : "s"} detected: ${problems.join("; ")}`,
  });

export const invalidRequestContent = (message: string): LambdaError =>
  user("InvalidRequestContentException", 400, message);

export const invalidZipFile = (message: string): LambdaError => user("InvalidParameterValueException", 400, message);

export const preconditionFailed = (): LambdaError =>
  user(
    "PreconditionFailedException",
    412,
    "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
  );

export const requestEntityTooLarge = (limitBytes: number, operation: string): LambdaError =>
  user(
    "RequestEntityTooLargeException",
    413,
    `Request must be smaller than ${limitBytes} bytes for the ${operation} operation`,
  );

export const payloadTooLarge = (bytes: number, limitBytes: number, invocationType: string): LambdaError =>
  user(
    "RequestTooLargeException",
    413,
    `${bytes} byte payload is too large for the ${invocationType} invocation type (limit ${limitBytes} bytes)`,
  );

export const unsupportedMediaType = (contentType: string): LambdaError =>
  user("UnsupportedMediaTypeException", 415, `The content type ${contentType} is not supported: send application/json`);

export const tooManyRequests = (reason: string): LambdaError =>
  new LambdaError(429, "TooManyRequestsException", { Reason: reason, Type: "User", message: "Rate Exceeded." }, [
    "Retry-After",
    "1",
  ]);

export const accessDenied = (message: string): LambdaError =>
  new LambdaError(403, "AccessDeniedException", { Message: message });

export const serviceFailed = (message: string): LambdaError =>
  new LambdaError(500, "ServiceException", { Type: "Service", Message: message });

/** No such path or method. */
export const unknownOperation = (): LambdaError =>
  new LambdaError(404, "UnknownOperationException", {
    message: "Unable to determine service/operation name to be authorized",
  });

/** A signature that is missing, malformed or wrong; the types are those of AWS's front door. */
export const signatureProblem = (
  type:
    | "IncompleteSignatureException"
    | "InvalidSignatureException"
    | "MissingAuthenticationTokenException"
    | "UnrecognizedClientException",
  message: string,
): LambdaError => new LambdaError(403, type, { message });
