import { queryOptions, skipToken } from "@tanstack/react-query";
import { api, body } from "../../api/client";

/** More are fetched by export and by the command line. */
export const ROWS_MAX = 10_000;

/** The answer to a question; asked again only on demand. */
export const answerQuery = (asked: { sql: string; at: number } | null) =>
  queryOptions({
    queryKey: ["sql", asked],
    queryFn: asked
      ? ({ signal }) => body(api.POST("/api/query", { body: { sql: asked.sql, limit: ROWS_MAX }, signal }))
      : skipToken,
    staleTime: Infinity,
    retry: false,
  });

export const TABLES = ["events", "profiles", "leads", "orders", "calls", "ad_costs"] as const;
export type TableName = (typeof TABLES)[number];
export type TableColumns = { table: TableName; columns: { name: string; type: string }[] };

/** The tables and their columns, as the server itself names them. */
export const tablesQuery = queryOptions({
  queryKey: ["sql", "tables"],
  queryFn: ({ signal }) =>
    Promise.all(
      TABLES.map(async (table): Promise<TableColumns> => {
        const { columns } = await body(
          api.POST("/api/query", { body: { sql: `SELECT * FROM ${table} LIMIT 0`, limit: 1 }, signal }),
        );
        return { table, columns };
      }),
    ),
  staleTime: Infinity,
});
