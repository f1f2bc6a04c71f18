/** The browser and the system that a `User-Agent` names, as far as people know them by name. */
export function browserOf(agent: string): { browser: string; system: string; isMobile: boolean } {
  const named = (names: [RegExp, string][]) => names.find(([pattern]) => pattern.test(agent))?.[1] ?? "";
  const browser = named([
    [/YaBrowser\//, "Yandex Browser"],
    [/Edg(A|iOS)?\//, "Edge"],
    [/OPR\//, "Opera"],
    [/Firefox\/|FxiOS\//, "Firefox"],
    [/Chrome\/|CriOS\//, "Chrome"],
    [/Safari\//, "Safari"],
    [/^curl\//, "curl"],
  ]);
  const system = named([
    [/iPhone/, "iPhone"],
    [/iPad/, "iPad"],
    [/Android/, "Android"],
    [/Windows/, "Windows"],
    [/Mac OS X/, "macOS"],
    [/CrOS/, "ChromeOS"],
    [/Linux/, "Linux"],
  ]);
  return { browser, system, isMobile: /Mobile|iPhone|Android/.test(agent) };
}
