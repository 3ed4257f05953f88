import { createRequire } from "node:module";
import { FaasifyError } from "../core/errors.ts";
import type { ProviderId } from "../core/invocation.ts";
import type { DeploymentPlace, FaasProvider } from "./provider.ts";
import { type AwsOptions, withPlace } from "./providers/aws/aws-options.ts";
import type * as awsBundle from "./providers/aws/main.ts";
import type { LocalOptions } from "./providers/local/platform-process.ts";

/** Loads a provider's code only when the user first needs it. */
type LoadProvider = (place: DeploymentPlace | undefined) => Promise<FaasProvider>;

export interface ProviderOptions {
  readonly local: LocalOptions;
  readonly aws: {
    /** Absolute path of dist/provider-aws.cjs. */
    readonly bundle: string;
    /** Read for every use: a changed setting needs no reload. */
    readonly options: () => AwsOptions;
  };
}

/** Finds a provider by the name the user gives as target. */
export interface ProviderRegistry {
  /**
   * @param place - of a deployment; absent: where the user deploys to now
   * @throws FaasifyError `target-unknown`, `dependency-missing`
   */
  get(target: string, place?: DeploymentPlace): Promise<FaasProvider>;
}

export function createRegistry({ local, aws }: ProviderOptions): ProviderRegistry {
  const loaded = new Map<string, Promise<FaasProvider>>();
  /** Each is made once for the same options. */
  const once = (key: string, make: () => Promise<FaasProvider>): Promise<FaasProvider> => {
    const provider = loaded.get(key) ?? make();
    loaded.set(key, provider);
    return provider;
  };
  const loaders: Readonly<Record<ProviderId, LoadProvider>> = {
    local: () =>
      once("local", async () => (await import("./providers/local/local-provider.ts")).createLocalProvider(local)),
    aws: async (place) => {
      const options = withPlace(aws.options(), place);
      return once(`aws ${JSON.stringify(options)}`, async () => loadBundle(aws.bundle).createAwsProvider(options));
    },
  };
  const isKnown = (target: string): target is ProviderId => Object.hasOwn(loaders, target);

  return {
    get: async (target, place) => {
      if (isKnown(target)) return loaders[target](place);
      throw new FaasifyError("target-unknown", `There is no target called "${target}"`, {
        remedy: `Use one of: ${Object.keys(loaders).join(", ")}`,
      });
    },
  };
}

/** A bundle of its own: the SDK is many times as large as everything else that deploys. */
function loadBundle(file: string): typeof awsBundle {
  try {
    return createRequire(file)(file) as typeof awsBundle;
  } catch (cause) {
    throw new FaasifyError("dependency-missing", `${file} cannot be loaded (${String(cause)})`, {
      remedy: "Install FaaSify again",
      cause,
    });
  }
}
