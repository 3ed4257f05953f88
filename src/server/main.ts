/** Entry of dist/server.cjs: `node server.cjs --node-ipc | --stdio`. */
import path from "node:path";
import { createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { serveLanguage } from "./language-server.ts";

const connection = createConnection(ProposedFeatures.all);
const bundle = process.argv[1] ?? process.execPath;
serveLanguage(connection, { shimFolder: path.join(path.dirname(bundle), "shim") });
// Without its editor it has nothing to do.
process.on("disconnect", () => process.exit(0));
connection.listen();
