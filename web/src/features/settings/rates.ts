import type { CurrencyRate } from "../../api/types";

export type ReadRates = { rates: CurrencyRate[]; bad: { line: number; text: string }[] };

/**
 * Reads pasted rates: a line each with base, currency, day and rate, apart by commas, semicolons or tabs.
 *
 * A head line and empty lines are passed over; days are `2026-01-31` or `31.01.2026`; a rate may have a decimal comma where the
 * columns are apart by something else.
 */
export function readRates(text: string): ReadRates {
  const read: ReadRates = { rates: [], bad: [] };
  text.split(/\r?\n/).forEach((line, at) => {
    if (line.trim() === "") return;
    const rate = readRate(line);
    if (rate) read.rates.push(rate);
    else if (at > 0 || /\d/.test(line)) read.bad.push({ line: at + 1, text: line.trim() });
  });
  return read;
}

function readRate(line: string): CurrencyRate | null {
  const separator = line.includes("\t") ? "\t" : line.includes(";") ? ";" : ",";
  const [base, currency, day, rate, ...more] = line
    .split(separator)
    .map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
  if (!base || !currency || !day || !rate || 0 < more.filter((cell) => cell !== "").length) return null;
  const number = Number(separator === "," ? rate : rate.replace(",", "."));
  const isoDay = readDay(day);
  const codes = [base.toUpperCase(), currency.toUpperCase()] as const;
  if (!codes.every((code) => /^[A-Z]{3}$/.test(code)) || codes[0] === codes[1]) return null;
  if (!isoDay || !Number.isFinite(number) || number <= 0) return null;
  return { base: codes[0], currency: codes[1], day: isoDay, rate: number };
}

function readDay(text: string): string | null {
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(text);
  const day = dotted ? `${dotted[3]}-${dotted[2]?.padStart(2, "0")}-${dotted[1]?.padStart(2, "0")}` : text;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return null;
  const time = Date.parse(`${day}T00:00:00Z`);
  // The 31st of a month of 30 days would become the 1st of the next.
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== day ? null : day;
}
