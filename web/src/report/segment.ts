/** Reads a segment from a URL. */
export function readSegment(given: unknown): string | undefined {
  // An id of digits alone has been read as a number.
  const text = typeof given === "number" ? String(given) : given;
  return typeof text === "string" && /^[a-z0-9_-]{1,64}$/.test(text) ? text : undefined;
}
