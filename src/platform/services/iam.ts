/** Roles and their policies, as tools make them for functions. They are kept and given back; they limit nothing here. */
import { randomBytes } from "node:crypto";
import * as v from "valibot";
import { ACCOUNT } from "../state/function-record.ts";
import type { Collection } from "../state/state-store.ts";
import {
  list,
  number,
  object,
  requiredText,
  ServiceError,
  text,
  type Json,
  type Operation,
  type Service,
} from "./service.ts";

export const roleSchema = v.object({
  name: v.string(),
  id: v.string(),
  path: v.string(),
  createdMs: v.number(),
  description: v.optional(v.string()),
  maxSessionSeconds: v.number(),
  /** JSON text. */
  trustPolicy: v.string(),
  /** ARNs. */
  attached: v.array(v.string()),
  /** JSON text by name. */
  inline: v.record(v.string(), v.string()),
  tags: v.record(v.string(), v.string()),
});

type Role = Readonly<v.InferOutput<typeof roleSchema>>;

export const policySchema = v.object({
  name: v.string(),
  id: v.string(),
  path: v.string(),
  createdMs: v.number(),
  /** JSON text. */
  document: v.string(),
});

type Policy = Readonly<v.InferOutput<typeof policySchema>>;

const NAME = /^[\w+=,.@-]{1,64}$/;
const HOUR_SECONDS = 3_600;

export function createIam(roles: Collection<Role>, policies: Collection<Policy>): Service {
  const shelf = new RoleShelf(roles);
  return {
    xmlNamespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    operations: {
      ...roleOperations(shelf),
      ...roleTagOperations(shelf),
      ...rolePolicyOperations(shelf),
      ...policyOperations(policies, shelf),
    },
  };
}

class RoleShelf {
  readonly #collection: Collection<Role>;
  readonly #roles: Map<string, Role>;

  constructor(collection: Collection<Role>) {
    this.#collection = collection;
    this.#roles = new Map(collection.all().map((role) => [role.name, role]));
  }

  all(): Role[] {
    return [...this.#roles.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  has(name: string): boolean {
    return this.#roles.has(name);
  }

  /** The one that the request names. @throws ServiceError NoSuchEntity */
  of(input: Json): Role {
    const name = requiredText(input, "RoleName");
    const role = this.#roles.get(name);
    if (!role) throw noSuchEntity(`The role with name ${name} cannot be found.`);
    return role;
  }

  save(role: Role): void {
    this.#collection.save(role.name, role);
    this.#roles.set(role.name, role);
  }

  delete({ name }: Role): void {
    this.#collection.delete(name);
    this.#roles.delete(name);
  }
}

/** @throws ServiceError */
function createRole(input: Json): Role {
  const name = requiredText(input, "RoleName");
  if (!NAME.test(name)) {
    throw new ServiceError(
      "ValidationError",
      "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-",
    );
  }
  const description = text(input, "Description");
  return {
    name,
    id: `AROA${randomId()}`,
    path: text(input, "Path") ?? "/",
    createdMs: Date.now(),
    ...(description !== undefined && { description }),
    maxSessionSeconds: number(input, "MaxSessionDuration") ?? HOUR_SECONDS,
    trustPolicy: readDocument(input, "AssumeRolePolicyDocument"),
    attached: [],
    inline: {},
    tags: readTags(input),
  };
}

type Operations = Readonly<Record<string, Operation>>;

function roleOperations(roles: RoleShelf): Operations {
  return {
    CreateRole: (input) => {
      const role = createRole(input);
      if (roles.has(role.name)) {
        throw new ServiceError("EntityAlreadyExists", `Role with name ${role.name} already exists.`, 409);
      }
      roles.save(role);
      return { Role: roleView(role) };
    },
    GetRole: (input) => ({ Role: roleView(roles.of(input)) }),
    ListRoles: (input) => {
      const prefix = text(input, "PathPrefix") ?? "/";
      return {
        Roles: roles
          .all()
          .filter(({ path }) => path.startsWith(prefix))
          .map(roleView),
        IsTruncated: false,
      };
    },
    UpdateRole: (input) => {
      const description = text(input, "Description");
      const maxSessionSeconds = number(input, "MaxSessionDuration");
      const role = roles.of(input);
      roles.save({
        ...role,
        ...(description !== undefined && { description }),
        ...(maxSessionSeconds !== undefined && { maxSessionSeconds }),
      });
      return {};
    },
    UpdateAssumeRolePolicy: (input) => {
      roles.save({ ...roles.of(input), trustPolicy: readDocument(input, "PolicyDocument") });
      return {};
    },
    DeleteRole: (input) => {
      const role = roles.of(input);
      if (role.attached.length > 0) throw deleteConflict("Cannot delete entity, must detach all policies first.");
      if (Object.keys(role.inline).length > 0)
        throw deleteConflict("Cannot delete entity, must delete policies first.");
      roles.delete(role);
      return {};
    },
    ListInstanceProfilesForRole: (input) => {
      roles.of(input);
      return { InstanceProfiles: [], IsTruncated: false };
    },
  };
}

function roleTagOperations(roles: RoleShelf): Operations {
  return {
    TagRole: (input) => {
      const role = roles.of(input);
      roles.save({ ...role, tags: { ...role.tags, ...readTags(input) } });
      return {};
    },
    UntagRole: (input) => {
      const role = roles.of(input);
      const dropped = new Set(list(input, "TagKeys").map(String));
      const tags = Object.fromEntries(Object.entries(role.tags).filter(([key]) => !dropped.has(key)));
      roles.save({ ...role, tags });
      return {};
    },
    ListRoleTags: (input) => ({ Tags: tagViews(roles.of(input).tags), IsTruncated: false }),
  };
}

function rolePolicyOperations(roles: RoleShelf): Operations {
  return {
    AttachRolePolicy: (input) => {
      const role = roles.of(input);
      const arn = requiredText(input, "PolicyArn");
      roles.save({ ...role, attached: [...role.attached.filter((each) => each !== arn), arn] });
      return {};
    },
    DetachRolePolicy: (input) => {
      const role = roles.of(input);
      const arn = requiredText(input, "PolicyArn");
      if (!role.attached.includes(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
      roles.save({ ...role, attached: role.attached.filter((each) => each !== arn) });
      return {};
    },
    ListAttachedRolePolicies: (input) => ({
      AttachedPolicies: roles.of(input).attached.map((arn) => ({ PolicyName: arn.split("/").at(-1), PolicyArn: arn })),
      IsTruncated: false,
    }),
    PutRolePolicy: (input) => {
      const role = roles.of(input);
      const document = readDocument(input, "PolicyDocument");
      roles.save({ ...role, inline: { ...role.inline, [requiredText(input, "PolicyName")]: document } });
      return {};
    },
    GetRolePolicy: (input) => {
      const [role, name] = [roles.of(input), requiredText(input, "PolicyName")];
      return { RoleName: role.name, PolicyName: name, PolicyDocument: encodeURIComponent(inlineOf(role, name)) };
    },
    DeleteRolePolicy: (input) => {
      const [role, name] = [roles.of(input), requiredText(input, "PolicyName")];
      inlineOf(role, name);
      const { [name]: _dropped, ...inline } = role.inline;
      roles.save({ ...role, inline });
      return {};
    },
    ListRolePolicies: (input) => ({ PolicyNames: Object.keys(roles.of(input).inline), IsTruncated: false }),
  };
}

function policyOperations(policies: Collection<Policy>, roles: RoleShelf): Operations {
  const find = (input: Json): Policy => {
    const arn = requiredText(input, "PolicyArn");
    const policy = policies.all().find((each) => policyArn(each) === arn);
    if (!policy) throw noSuchEntity(`Policy ${arn} was not found.`);
    return policy;
  };
  return {
    CreatePolicy: (input) => {
      const name = requiredText(input, "PolicyName");
      const path = text(input, "Path") ?? "/";
      const document = readDocument(input, "PolicyDocument");
      const policy: Policy = { name, id: `ANPA${randomId()}`, path, createdMs: Date.now(), document };
      if (policies.all().some((each) => each.name === name)) {
        throw new ServiceError(
          "EntityAlreadyExists",
          `A policy called ${name} already exists. Duplicate names are not allowed.`,
          409,
        );
      }
      policies.save(name, policy);
      return { Policy: policyView(policy, 0) };
    },
    GetPolicy: (input) => {
      const policy = find(input);
      const uses = roles.all().filter(({ attached }) => attached.includes(policyArn(policy))).length;
      return { Policy: policyView(policy, uses) };
    },
    GetPolicyVersion: (input) => {
      const { document, createdMs } = find(input);
      return {
        PolicyVersion: {
          Document: encodeURIComponent(document),
          VersionId: "v1",
          IsDefaultVersion: true,
          CreateDate: new Date(createdMs),
        },
      };
    },
    ListPolicyVersions: (input) => {
      const { createdMs } = find(input);
      return {
        Versions: [{ VersionId: "v1", IsDefaultVersion: true, CreateDate: new Date(createdMs) }],
        IsTruncated: false,
      };
    },
    DeletePolicy: (input) => {
      const policy = find(input);
      if (roles.all().some(({ attached }) => attached.includes(policyArn(policy)))) {
        throw deleteConflict("Cannot delete a policy attached to entities.");
      }
      policies.delete(policy.name);
      return {};
    },
  };
}

function roleView(role: Role): Json {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: `arn:aws:iam::${ACCOUNT}:role${role.path}${role.name}`,
    CreateDate: new Date(role.createdMs),
    AssumeRolePolicyDocument: encodeURIComponent(role.trustPolicy),
    Description: role.description,
    MaxSessionDuration: role.maxSessionSeconds,
    Tags: Object.keys(role.tags).length > 0 ? tagViews(role.tags) : undefined,
    RoleLastUsed: {},
  };
}

const policyArn = ({ path, name }: Policy): string => `arn:aws:iam::${ACCOUNT}:policy${path}${name}`;

function policyView(policy: Policy, uses: number): Json {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policyArn(policy),
    Path: policy.path,
    DefaultVersionId: "v1",
    AttachmentCount: uses,
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    CreateDate: new Date(policy.createdMs),
    UpdateDate: new Date(policy.createdMs),
  };
}

function tagViews(tags: Readonly<Record<string, string>>): Json[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

function readTags(input: Json): Record<string, string> {
  return Object.fromEntries(
    list(input, "Tags").map((tag) => [text(object(tag), "Key") ?? "", text(object(tag), "Value") ?? ""]),
  );
}

function readDocument(input: Json, member: string): string {
  const document = requiredText(input, member);
  try {
    JSON.parse(document);
    return document;
  } catch {
    throw new ServiceError("MalformedPolicyDocument", "This policy contains invalid Json");
  }
}

function inlineOf(role: Role, name: string): string {
  const document = Object.hasOwn(role.inline, name) ? role.inline[name] : undefined;
  if (document === undefined) throw noSuchEntity(`The role policy with name ${name} cannot be found.`);
  return document;
}

const randomId = (): string => randomBytes(10).toString("hex").toUpperCase().slice(0, 17);
const noSuchEntity = (message: string): ServiceError => new ServiceError("NoSuchEntity", message, 404);
const deleteConflict = (message: string): ServiceError => new ServiceError("DeleteConflict", message, 409);
