/** What opens the port, in the server's configuration. */
export const OPENING = `[postgres]
listen = "127.0.0.1:5433"`;

const TOKEN = "fct_…";

/** What to write in which program, for a server whose pages are at `place`. */
export function connectingTo(
  { hostname, protocol }: { hostname: string; protocol: string },
  port: number,
): { program: string; code: string }[] {
  const at = `${hostname}:${String(port)}`;
  const mode = protocol === "https:" ? "require" : "prefer";
  return [
    {
      program: "psql",
      code: `export PGPASSWORD=${TOKEN}
psql "postgresql://bi@${at}/forecourt?sslmode=${mode}"`,
    },
    {
      program: "SQLAlchemy",
      code: `postgresql+psycopg://bi:${TOKEN}@${at}/forecourt?sslmode=${mode}`,
    },
  ];
}
