/** Rows of cells as CSV; the first is the head. */
export function csv(rows: string[][]): string {
  return rows.map((cells) => cells.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Quotes what needs it; what a spreadsheet would take for a formula gets a `'` before it. */
function cell(text: string): string {
  const isNumber = text !== "" && Number.isFinite(Number(text));
  const harmless = !isNumber && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** Lets the browser save CSV as a file. */
export function saveCsv(name: string, text: string) {
  // A spreadsheet takes UTF-8 for what it is only with the mark in front.
  saveFile(name, new Blob([`\uFEFF${text}`], { type: "text/csv;charset=utf-8" }));
}

/** Lets the browser save a file. */
export function saveFile(name: string, file: Blob) {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
