/** Which directive stands above which function. */
import { ts } from "ts-morph";
import type { Directive } from "../../core/function-model.ts";
import {
  directiveMark,
  hasDirective,
  readDirective,
  type DirectiveProblem,
  type SourceComment,
} from "../directives.ts";
import type { FunctionSite } from "./function-sites.ts";
import type { Module } from "./module.ts";

export interface FileDirectives {
  readonly bySite: ReadonlyMap<FunctionSite, Directive>;
  readonly problems: readonly DirectiveProblem[];
}

interface PlacedComment extends SourceComment {
  /** Where it begins in the file. */
  readonly pos: number;
}

const none: FileDirectives = { bySite: new Map(), problems: [] };

/** Reads all directives of a file. Costs nothing where there are none. */
export function directivesOf(module: Module, sites: readonly FunctionSite[]): FileDirectives {
  if (!module.text.includes(directiveMark)) return none;
  const bySite = new Map<FunctionSite, Directive>();
  const problems: DirectiveProblem[] = [];
  const used = new Set<number>();
  for (const site of sites) {
    const comments = commentsAbove(module, site);
    const { directive, problems: wrong } = readDirective(comments);
    for (const { pos } of comments) used.add(pos);
    if (directive) bySite.set(site, directive);
    problems.push(...wrong);
  }
  for (const comment of allComments(module)) {
    if (used.has(comment.pos) || !hasDirective(comment)) continue;
    const message = `\`${directiveMark}\` is above no function here; put it directly above the function it is meant for`;
    problems.push({ message, line: comment.line });
  }
  return { bySite, problems: problems.toSorted((a, b) => a.line - b.line) };
}

function commentsAbove(module: Module, { rangeNode, node }: FunctionSite): PlacedComment[] {
  const places = new Set(
    [...overloadsBefore(node), rangeNode, wholeStatement(rangeNode)].map((place) => place.getFullStart()),
  );
  return Array.from(places).flatMap((pos) => leadingComments(module, pos));
}

/** `const f = …, g = …`: what stands above the statement is meant for the first. */
function wholeStatement(node: ts.Node): ts.Node {
  const { parent } = node;
  const isFirst = ts.isVariableDeclarationList(parent) && parent.declarations[0] === node;
  return isFirst ? parent.parent : node;
}

/** Comments stand above the first overload as well. */
function overloadsBefore(node: ts.Node): ts.Node[] {
  const { parent } = node;
  const siblings: readonly ts.Node[] =
    ts.isSourceFile(parent) || ts.isBlock(parent) ? parent.statements : ts.isClassLike(parent) ? parent.members : [];
  const found: ts.Node[] = [];
  for (let index = siblings.indexOf(node) - 1; index >= 0; index -= 1) {
    const sibling = siblings[index];
    if (!sibling || !isOverloadOf(sibling, node)) break;
    found.unshift(sibling);
  }
  return found;
}

function isOverloadOf(sibling: ts.Node, node: ts.Node): boolean {
  const isSame = ts.isFunctionDeclaration(sibling) || ts.isMethodDeclaration(sibling);
  if (!isSame || sibling.body || sibling.kind !== node.kind) return false;
  return sibling.name?.getText() === (node as ts.FunctionDeclaration).name?.getText();
}

function leadingComments(module: Module, pos: number): PlacedComment[] {
  return (ts.getLeadingCommentRanges(module.text, pos) ?? []).map((range) => placed(module, range));
}

function placed({ text, sourceFile }: Module, { pos, end }: ts.CommentRange): PlacedComment {
  return { pos, text: text.slice(pos, end), line: sourceFile.getLineAndCharacterOfPosition(pos).line + 1 };
}

/** Every comment that mentions the mark, in source order. */
function allComments(module: Module): PlacedComment[] {
  const found = new Map<number, PlacedComment>();
  for (let at = module.text.indexOf(directiveMark); at >= 0; at = module.text.indexOf(directiveMark, at + 1)) {
    const comment = commentAt(module, at);
    if (comment) found.set(comment.pos, comment);
  }
  return Array.from(found.values());
}

function commentAt(module: Module, at: number): PlacedComment | undefined {
  const { sourceFile, text } = module;
  let node: ts.Node = sourceFile;
  for (;;) {
    // Comments of JSDoc are nodes as well, but lie in front of the token that they belong to.
    const child: ts.Node | undefined = node
      .getChildren(sourceFile)
      .find((one) => !ts.isJSDoc(one) && one.getFullStart() <= at && at < one.getEnd());
    if (!child) break;
    node = child;
  }
  const pos = node.getFullStart();
  const ranges = [...(ts.getTrailingCommentRanges(text, pos) ?? []), ...(ts.getLeadingCommentRanges(text, pos) ?? [])];
  const range = ranges.find((one) => one.pos <= at && at < one.end);
  return range && placed(module, range);
}
