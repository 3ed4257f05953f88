/** Which names a piece of syntax declares: JavaScript's scoping rules, without a type checker. */
import { ts } from "ts-morph";

/** The identifiers that a binding name introduces: `{ a, b: [c] }` → a, c. */
export function boundNames(name: ts.BindingName): ts.Identifier[] {
  if (ts.isIdentifier(name)) return [name];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? boundNames(element.name) : []));
}

const nothing: ReadonlySet<string> = new Set();

/** Names that `node` declares for everything inside it; empty for nodes that are no scope. */
export function namesDeclaredBy(node: ts.Node): ReadonlySet<string> {
  const declare = ts.isFunctionLike(node) ? addFunctionNames : scopes[node.kind];
  if (!declare) return nothing;
  const names = new Set<string>();
  declare(node as never, names);
  return names;
}

type Declare<T extends ts.Node> = (node: T, names: Set<string>) => void;

const addLoopVariables: Declare<ts.ForStatement | ts.ForInOrOfStatement> = ({ initializer }, names) => {
  if (initializer && ts.isVariableDeclarationList(initializer)) addVariables(initializer, names);
};
const addClassName: Declare<ts.ClassLikeDeclaration> = ({ name }, names) => {
  if (name) names.add(name.text);
};

/** What declares names, besides functions. */
const scopes: Readonly<Partial<Record<ts.SyntaxKind, Declare<never>>>> = {
  [ts.SyntaxKind.Block]: (node: ts.Block, names) => addLexicalNames(node.statements, names),
  [ts.SyntaxKind.ModuleBlock]: (node: ts.ModuleBlock, names) => addLexicalNames(node.statements, names),
  [ts.SyntaxKind.CaseBlock]: (node: ts.CaseBlock, names) => {
    for (const clause of node.clauses) addLexicalNames(clause.statements, names);
  },
  [ts.SyntaxKind.ForStatement]: addLoopVariables,
  [ts.SyntaxKind.ForInStatement]: addLoopVariables,
  [ts.SyntaxKind.ForOfStatement]: addLoopVariables,
  [ts.SyntaxKind.CatchClause]: ({ variableDeclaration }: ts.CatchClause, names) => {
    if (variableDeclaration) addBinding(variableDeclaration.name, names);
  },
  // The name of a class declaration is one of the scope around it: what its own code does to it is done to that.
  [ts.SyntaxKind.ClassExpression]: addClassName,
  [ts.SyntaxKind.ClassStaticBlockDeclaration]: ({ body }: ts.ClassStaticBlockDeclaration, names) => {
    addVarNames(body, names);
  },
  [ts.SyntaxKind.EnumDeclaration]: ({ members }: ts.EnumDeclaration, names) => {
    for (const { name } of members) if (ts.isIdentifier(name) || ts.isStringLiteral(name)) names.add(name.text);
  },
};

/** `var` declarations anywhere in `node` but not in functions inside it: they belong to the enclosing function or module. */
export function hoistedVarNames(node: ts.Node): ts.Identifier[] {
  const found: ts.Identifier[] = [];
  const visit = (child: ts.Node): void => {
    if (ts.isFunctionLike(child) || ts.isClassLike(child) || ts.isClassStaticBlockDeclaration(child)) return;
    if (ts.isVariableDeclarationList(child) && !(child.flags & ts.NodeFlags.BlockScoped)) {
      for (const { name } of child.declarations) found.push(...boundNames(name));
    }
    ts.forEachChild(child, visit);
  };
  visit(node);
  return found;
}

function addFunctionNames(node: ts.SignatureDeclaration, names: Set<string>): void {
  if (!ts.isArrowFunction(node)) names.add("arguments");
  if (ts.isFunctionExpression(node) && node.name) names.add(node.name.text);
  for (const parameter of node.parameters) addBinding(parameter.name, names);
  const body = (node as ts.FunctionLikeDeclaration).body;
  if (body) addVarNames(body, names);
}

function addVarNames(body: ts.Node, names: Set<string>): void {
  for (const name of hoistedVarNames(body)) names.add(name.text);
}

function addLexicalNames(statements: readonly ts.Statement[], names: Set<string>): void {
  for (const statement of statements) {
    if (ts.isVariableStatement(statement)) addVariables(statement.declarationList, names);
    else if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) {
      if (statement.name) names.add(statement.name.text);
    } else if (ts.isEnumDeclaration(statement)) names.add(statement.name.text);
    else if (ts.isModuleDeclaration(statement) && ts.isIdentifier(statement.name)) names.add(statement.name.text);
  }
}

function addVariables(list: ts.VariableDeclarationList, names: Set<string>): void {
  if (!(list.flags & ts.NodeFlags.BlockScoped)) return;
  for (const { name } of list.declarations) addBinding(name, names);
}

function addBinding(name: ts.BindingName, names: Set<string>): void {
  for (const identifier of boundNames(name)) names.add(identifier.text);
}

/** Asks for the `arguments` of the function that the node belongs to, or of the one around it. */
export function mentionsArguments(node: ts.Node): boolean {
  if (ts.isIdentifier(node)) return node.text === "arguments" && !isPropertyName(node);
  if (ts.isFunctionLike(node) && !ts.isArrowFunction(node)) return false;
  return ts.forEachChild(node, (child) => mentionsArguments(child) || undefined) ?? false;
}

function isPropertyName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  return ts.isPropertyAssignment(parent) && parent.name === node;
}
