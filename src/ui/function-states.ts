/** What is known of each function besides its analysis: deployed, stale, busy, last result. Lenses and views show it. */
import * as vscode from "vscode";
import type { Activity, FunctionState, LastResult } from "../codelens/lenses.ts";
import { formatFunctionRef, type FunctionRef } from "../core/function-ref.ts";
import type { Deployment } from "../deploy/provider.ts";
import { targetText } from "../deploy/target-text.ts";
import { createDeploymentList, type DeploymentListOptions } from "./deployment-list.ts";

export interface FunctionStates extends vscode.Disposable {
  /** As read last, sorted by file and name. */
  readonly deployments: readonly Deployment[];
  /** Of several the one at the target of the settings. */
  deploymentOf(ref: FunctionRef): Deployment | undefined;
  isStale(deployment: Deployment): boolean;
  stateOf(ref: FunctionRef): FunctionState;
  setLast(ref: FunctionRef, last: LastResult): void;
  /** Shows `activity` at the function until `work` has settled. */
  during<T>(ref: FunctionRef, activity: Activity, work: () => Promise<T>): Promise<T>;
  /** Is anything going on? */
  readonly busy: boolean;
  /** Reads the deployments again. */
  reload(): Promise<void>;
  readonly onDidChange: vscode.Event<void>;
}

export interface FunctionStateOptions extends DeploymentListOptions {
  /** Where the settings say that it is deployed to. */
  readonly targetOf: (ref: FunctionRef) => string;
}

export function createFunctionStates({ targetOf, ...options }: FunctionStateOptions): FunctionStates {
  const list = createDeploymentList(options);
  const changed = new vscode.EventEmitter<void>();
  const activities = new Map<string, readonly Activity[]>();
  const results = new Map<string, LastResult>();
  const subscription = vscode.Disposable.from(
    list,
    changed,
    list.onDidChange(() => changed.fire()),
  );
  const deploymentsOf = (id: string): readonly Deployment[] =>
    list.all.filter((deployment) => formatFunctionRef(deployment.function) === id);
  const setActivities = (id: string, now: readonly Activity[]): void => {
    if (now.length > 0) activities.set(id, now);
    else activities.delete(id);
    changed.fire();
  };

  return {
    get deployments() {
      return list.all;
    },
    get busy() {
      return activities.size > 0;
    },
    deploymentOf: (ref) => {
      const found = deploymentsOf(formatFunctionRef(ref));
      return found.find(({ target }) => target === targetOf(ref)) ?? found[0];
    },
    isStale: (deployment) => list.isStale(deployment),
    stateOf: (ref) => {
      const id = formatFunctionRef(ref);
      const activity = activities.get(id)?.at(-1);
      const last = results.get(id);
      const deployments = deploymentsOf(id).map((found) => ({ target: targetText(found), stale: list.isStale(found) }));
      return { deployments, ...(activity && { activity }), ...(last && { last }) };
    },
    setLast: (ref, last) => {
      results.set(formatFunctionRef(ref), last);
      changed.fire();
    },
    during: async (ref, activity, work) => {
      const id = formatFunctionRef(ref);
      setActivities(id, [...(activities.get(id) ?? []), activity]);
      try {
        return await work();
      } finally {
        const rest = [...(activities.get(id) ?? [])];
        rest.splice(rest.lastIndexOf(activity), 1);
        setActivities(id, rest);
      }
    },
    reload: () => list.reload(),
    onDidChange: changed.event,
    dispose: () => subscription.dispose(),
  };
}
