const DARK = /@media([^{]*)\(\s*prefers-color-scheme\s*:\s*dark\s*\)/gi;

/** Whether an e-mail says itself how it looks in the dark. */
export const knowsDark = (html: string) => html.search(DARK) !== -1;

/** The e-mail as a mail program shows it in the dark, or in the light, whatever the reader's own screen is set to. */
export function inScheme(html: string, scheme: "light" | "dark"): string {
  const met = scheme === "dark" ? "(min-width: 0px)" : "(max-width: 0px)";
  return html.replace(DARK, (_, before: string) => `@media${before}${met}`);
}
