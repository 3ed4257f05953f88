import { FaasifyError } from "../../core/errors.ts";

/**
 * @returns the url without a slash at its end
 * @throws FaasifyError `wrong-usage` unless it is `wss:`, or `ws:` to this machine
 */
export function checkedRelayUrl(attribute: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = url !== undefined && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  const isSafe = url?.protocol === "wss:" || (url?.protocol === "ws:" && isLocal);
  if (isSafe && url.pathname === "/" && url.search === "" && url.hash === "") return url.origin;
  throw new FaasifyError("wrong-usage", `${attribute}: ${text} is not wss://HOST[:PORT]`, {
    remedy: "Correct the configuration in launch.json; ws: is allowed to this machine only",
  });
}
