import { useQuery } from "@tanstack/react-query";
import { filtersQuery } from "../../message/template";
import { fieldsQuery } from "../../segment/queries";
import type { Variable } from "./completion";

const ALWAYS: Variable[] = [
  { name: "vars.items", group: "message" },
  { name: "vars.url", group: "message" },
  { name: "vars.model", group: "message" },
  { name: "vars.dealer", group: "message" },
  { name: "unsubscribe_url", group: "message" },
  { name: "brand.name", group: "brand" },
];
/** Known of nearly everybody, so offered before anything else. */
const FIRST = ["first_name", "last_name", "email", "phone"];

/** What a text may name: traits, what comes with the message, the brand; and what can be done with it. */
export function useVariables() {
  const fields = useQuery(fieldsQuery);
  const filters = useQuery(filtersQuery);
  // A name that is no name in the language of templates cannot be written with a dot.
  const traits = (fields.data?.traits ?? []).filter((name) => /^[\p{L}_][\p{L}\d_]*$/u.test(name));
  const names = [...new Set([...FIRST, ...traits])];
  const person: Variable[] = names.map((name) => ({ name: `profile.${name}`, group: "person" }));
  return { variables: [...person, ...ALWAYS], filters: filters.data?.filters ?? [] };
}
