/** What a session's secret begins with when its frames are encrypted: the shim must know before it hears anybody. */
const SEALED_PREFIX = "sealed:";

export function isSealed(secret: string): boolean {
  return secret.startsWith(SEALED_PREFIX);
}

export function sealedSecret(secret: string): string {
  return SEALED_PREFIX + secret;
}
