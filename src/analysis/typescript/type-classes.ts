/** The classes of the project that a type names. Syntax only, through aliases, interfaces and imports of the project. */
import { ts } from "ts-morph";
import { declarationBehind, type Declared } from "./lookup.ts";
import type { Module } from "./module.ts";
import { findTypeDeclaration } from "./value-types.ts";
import type { Workspace } from "./workspace.ts";

export interface TypePlace {
  readonly workspace: Workspace;
  readonly module: Module;
}

export interface NamedTypes {
  readonly classes: readonly Declared[];
  /** Interfaces: classes that say to implement them may stand for them. */
  readonly interfaces: readonly string[];
}

/** Everything that the types mention, transitively. */
export function namedTypes(place: TypePlace, types: readonly (ts.TypeNode | undefined)[]): NamedTypes {
  const search = new TypeSearch();
  for (const type of types) if (type) search.visit(place, type);
  return search;
}

class TypeSearch implements NamedTypes {
  readonly classes: Declared[] = [];
  readonly interfaces: string[] = [];
  readonly #seen = new Set<ts.Node>();

  visit(place: TypePlace, node: ts.Node): void {
    if (this.#seen.has(node)) return;
    this.#seen.add(node);
    if (ts.isTypeReferenceNode(node)) this.#reference(place, node.typeName.getText());
    else if (ts.isImportTypeNode(node)) this.#importType(place, node);
    else if (ts.isExpressionWithTypeArguments(node) && ts.isIdentifier(node.expression)) {
      this.#reference(place, node.expression.text);
    }
    ts.forEachChild(node, (child) => this.visit(place, child));
  }

  #reference(place: TypePlace, text: string): void {
    const [name = "", ...chain] = text.split(".");
    const declared = declarationBehind(place.workspace, place.module, { name, chain });
    if (declared) this.#declared(declared);
    else if (chain.length === 0) this.#type(place, name);
  }

  #type(place: TypePlace, name: string): void {
    const found = findTypeDeclaration(place, name);
    if (!found || this.#seen.has(found.declaration)) return;
    if (ts.isClassDeclaration(found.declaration)) {
      const { module } = found.place;
      const binding = module.bindings.get(found.declaration.name?.text ?? "");
      if (binding) this.#declared({ module, binding });
      return;
    }
    if (ts.isInterfaceDeclaration(found.declaration)) this.interfaces.push(name);
    this.visit(found.place, found.declaration);
  }

  /** JSDoc: `import("./shapes.js").Point`. */
  #importType(place: TypePlace, { argument, qualifier }: ts.ImportTypeNode): void {
    if (!qualifier || !ts.isIdentifier(qualifier) || !ts.isLiteralTypeNode(argument)) return;
    if (!ts.isStringLiteral(argument.literal)) return;
    const resolution = place.workspace.resolve(place.module, argument.literal.text);
    const module = resolution.kind === "source" ? place.workspace.tryModule(resolution.file) : undefined;
    if (!module) return;
    this.#reference({ ...place, module }, module.exports.get(qualifier.text)?.local ?? qualifier.text);
  }

  #declared(declared: Declared): void {
    const isClass = declared.binding.kind === "class" || ts.isVariableDeclaration(declared.binding.declaration);
    if (isClass && !this.classes.some(({ binding }) => binding === declared.binding)) this.classes.push(declared);
  }
}
