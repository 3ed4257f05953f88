// The same for @google-cloud/functions-framework, which knows HTTP only.
import { handler } from "./hello.mjs";

export const hello = async (request, response) => {
  response.json(await handler(request.body));
};
