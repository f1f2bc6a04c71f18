/** What opens the port, in the server's configuration. */
export const OPENING = `[postgres]
listen = "127.0.0.1:5433"`;

const TOKEN = "fct_…";

/** What to write in which program, for a server whose pages are at `place`. */
export function connectingTo(
  { hostname, protocol }: { hostname: string; protocol: string },
  port: number,
): { program: string; code: string }[] {
  const host = hostname.replaceAll(/^\[|\]$/g, "");
  const inUrl = host.includes(":") ? `[${host}]` : host;
  const mode = protocol === "https:" ? "require" : "prefer";
  return [
    {
      program: "psql",
      code: `PGPASSWORD=${TOKEN} psql "host=${host} port=${String(port)} user=bi dbname=forecourt sslmode=${mode}"`,
    },
    {
      program: "SQLAlchemy",
      code: `postgresql+psycopg://bi:${TOKEN}@${inUrl}:${String(port)}/forecourt?sslmode=${mode}`,
    },
  ];
}
