/** The layers: memory holds them, the store makes them last. */
import { ACCOUNT, REGION } from "../state/function-record.ts";
import type { LayerRecord, LayerVersionRecord } from "../state/layer-record.ts";
import type { Collection } from "../state/state-store.ts";

export class LayerShelf {
  readonly #collection: Collection<LayerRecord>;
  readonly #layers: Map<string, LayerRecord>;

  constructor(collection: Collection<LayerRecord>) {
    this.#collection = collection;
    this.#layers = new Map(collection.all().map((layer) => [layer.name, layer]));
  }

  /** In the order of their names; only those with a version left. */
  all(): LayerRecord[] {
    return [...this.#layers.values()]
      .filter(({ versions }) => versions.length > 0)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(name: string): LayerRecord | undefined {
    return this.#layers.get(name);
  }

  find(name: string, version: number): LayerVersionRecord | undefined {
    return this.#layers.get(name)?.versions.find((each) => each.version === version);
  }

  /** `arn:…:layer:name:version` of this account; undefined for any other. */
  findByArn(arn: string): { readonly name: string; readonly version: LayerVersionRecord } | undefined {
    const [, region, account, name = "", number] = LAYER_VERSION_ARN.exec(arn) ?? [];
    const version = region === REGION && account === ACCOUNT ? this.find(name, Number(number)) : undefined;
    return version && { name, version };
  }

  add(name: string, draft: Omit<LayerVersionRecord, "version">): LayerVersionRecord {
    const { nextVersion, versions } = this.#layers.get(name) ?? { nextVersion: 1, versions: [] };
    const version = { ...draft, version: nextVersion };
    this.#save({ name, nextVersion: nextVersion + 1, versions: [...versions, version] });
    return version;
  }

  remove(name: string, version: number): void {
    const layer = this.#layers.get(name);
    if (layer) this.#save({ ...layer, versions: layer.versions.filter((each) => each.version !== version) });
  }

  codeIds(): string[] {
    return [...this.#layers.values()].flatMap(({ versions }) => versions.map(({ codeId }) => codeId));
  }

  #save(layer: LayerRecord): void {
    this.#collection.save(layer.name, layer);
    this.#layers.set(layer.name, layer);
  }
}

const LAYER_VERSION_ARN = /^arn:aws:lambda:([a-z0-9-]+):(\d{12}):layer:([a-zA-Z0-9-_]+):(\d+)$/;
