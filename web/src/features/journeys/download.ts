/** Gives the reader a file with a journey in it. */
export function saveJson(name: string, value: unknown) {
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(value, null, 2)}\n`], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the address after the click.
  window.setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
