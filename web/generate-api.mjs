// Writes src/api/schema.d.ts from the server's OpenAPI document. Handlers of several features may share a name (`settings`): such
// operations are told apart by their path, since the types are kept by name.
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";

const document = JSON.parse(readFileSync(new URL("../openapi.json", import.meta.url), "utf8"));
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.values(methods).map((operation) => ({ path, operation })),
);
const names = operations.map(({ operation }) => operation.operationId);
const isShared = (name) => names.indexOf(name) !== names.lastIndexOf(name);
for (const { path, operation } of operations)
  if (isShared(operation.operationId)) operation.operationId += path.replaceAll(/\W+/g, "_");

const types = COMMENT_HEADER + astToString(await openapiTS(document));
writeFileSync(new URL("src/api/schema.d.ts", import.meta.url), types);
