/** Who the caller is: the only user that there is. */
import { randomUUID } from "node:crypto";
import { ACCOUNT } from "../state/function-record.ts";
import type { Credentials } from "../http/signature.ts";
import { requiredText, type Service } from "./service.ts";

const HOUR_MS = 3_600_000;

export function createSts(credentials: Credentials): Service {
  return {
    xmlNamespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    operations: {
      GetCallerIdentity: () => ({ Arn: `arn:aws:iam::${ACCOUNT}:root`, UserId: ACCOUNT, Account: ACCOUNT }),
      /** Whoever assumes a role stays who they are: roles limit nothing here. */
      AssumeRole: (input) => {
        const role = requiredText(input, "RoleArn");
        const session = requiredText(input, "RoleSessionName");
        return {
          Credentials: {
            AccessKeyId: credentials.accessKeyId,
            SecretAccessKey: credentials.secretAccessKey,
            SessionToken: randomUUID(),
            Expiration: new Date(Date.now() + HOUR_MS),
          },
          AssumedRoleUser: {
            AssumedRoleId: `${ACCOUNT}:${session}`,
            Arn: `${role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")}/${session}`,
          },
        };
      },
    },
  };
}
