import { FaasifyError } from "../core/errors.ts";
import type { ProviderId } from "../core/invocation.ts";
import type { FaasProvider } from "./provider.ts";
import type { LocalOptions } from "./providers/local/platform-process.ts";

/** Loads a provider's code only when the user first needs it. */
type LoadProvider = () => Promise<FaasProvider>;

export interface ProviderOptions {
  readonly local: LocalOptions;
}

/** Finds a provider by the name the user gives as target. Each is made once. */
export interface ProviderRegistry {
  /** @throws FaasifyError `target-unknown` */
  get(target: string): Promise<FaasProvider>;
}

export function createRegistry({ local }: ProviderOptions): ProviderRegistry {
  const loaders: Readonly<Record<ProviderId, LoadProvider>> = {
    local: async () => (await import("./providers/local/local-provider.ts")).createLocalProvider(local),
  };
  const loaded = new Map<ProviderId, Promise<FaasProvider>>();
  const isKnown = (target: string): target is ProviderId => Object.hasOwn(loaders, target);

  return {
    get: async (target) => {
      if (!isKnown(target)) {
        throw new FaasifyError("target-unknown", `There is no target called "${target}"`, {
          remedy: `Use one of: ${Object.keys(loaders).join(", ")}`,
        });
      }
      const provider = loaded.get(target) ?? loaders[target]();
      loaded.set(target, provider);
      return provider;
    },
  };
}
