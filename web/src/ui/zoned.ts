/** A moment as the clock on a wall in a zone shows it, `YYYY-MM-DDTHH:MM`. */
export function toWall(iso: string, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(new Date(iso));
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? "00";
  return `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}`;
}

/** The moment at which a clock in a zone shows this; `null` where it is no time. An hour that is skipped is the next one. */
export function fromWall(wall: string, zone: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/.test(wall)) return null;
  const asUtc = Date.parse(`${wall}:00Z`);
  if (Number.isNaN(asUtc)) return null;
  let moment = asUtc;
  // Twice: the first guess may lie on the other side of a change of the clocks.
  for (let turn = 0; turn < 2; turn++) {
    const shown = Date.parse(`${toWall(new Date(moment).toISOString(), zone)}:00Z`);
    moment += asUtc - shown;
  }
  return new Date(moment).toISOString();
}
