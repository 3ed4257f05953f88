/** The provider as it is loaded when a function is first deployed to AWS: `dist/provider-aws.cjs`. The SDK is in here, and nowhere else. */
export { createAwsProvider } from "./aws-provider.ts";
