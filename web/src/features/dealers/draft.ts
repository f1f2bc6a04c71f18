import type { Dealer, DealerItem } from "../../api/dealers";
import { isSpan } from "../../lead/hours";

export const WEIGHT_USUAL = 100;
const WORKDAY = "09:00-18:00";

export function emptyDealer(zone: string): Dealer {
  return {
    dealer_id: "",
    name: "",
    region: "",
    group: "",
    brands: [],
    models: [],
    postcodes: [],
    lat: null,
    lon: null,
    languages: [],
    tz: zone,
    hours: [[WORKDAY], [WORKDAY], [WORKDAY], [WORKDAY], [WORKDAY], [], []],
    holidays: [],
    open_leads_max: null,
    leads_a_day_max: null,
    weight: WEIGHT_USUAL,
    quality: 50,
    takes_leads: true,
    stock: {},
    people: [],
    manager_email: "",
    webhook: null,
    webhook_format: "json",
  };
}

/** A dealer without what is counted of it. */
export function fieldsOf(item: DealerItem): Dealer {
  const { open_leads: _open, leads_today: _today, ...dealer } = item;
  return dealer;
}

export const PROBLEMS = [
  "id",
  "name",
  "region",
  "place",
  "hours",
  "holidays",
  "zone",
  "weight",
  "quality",
  "people",
  "manager",
  "webhook",
  "stock",
  "limits",
] as const;
export type Problem = (typeof PROBLEMS)[number];

const ID = /^[A-Za-z0-9_.-]{1,64}$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const within = (value: number | null, low: number, high: number) =>
  value === null || (Number.isFinite(value) && low <= value && value <= high);
const isCount = (value: number | null) => value === null || (Number.isInteger(value) && 0 <= value);

/** What the server would not have, field by field. */
export function problemsOf(dealer: Dealer): Problem[] {
  const wrong: Record<Problem, boolean> = {
    id: !ID.test(dealer.dealer_id),
    name: dealer.name.trim() === "",
    region: dealer.region.trim() === "",
    place:
      (dealer.lat === null) !== (dealer.lon === null) || !within(dealer.lat, -90, 90) || !within(dealer.lon, -180, 180),
    hours: dealer.hours.length !== 7 || !dealer.hours.flat().every(isSpan),
    holidays: !dealer.holidays.every((day) => DAY.test(day) && !Number.isNaN(Date.parse(day))),
    zone: !isZone(dealer.tz),
    weight: !Number.isInteger(dealer.weight) || !within(dealer.weight, 1, 1000),
    quality: !within(dealer.quality, 0, 100),
    people: !dealer.people.every(({ email }) => EMAIL.test(email)),
    manager: dealer.manager_email !== "" && !EMAIL.test(dealer.manager_email),
    webhook: dealer.webhook !== null && !/^https?:\/\//.test(dealer.webhook),
    stock: !Object.entries(dealer.stock).every(([model, count]) => model.trim() !== "" && isCount(count)),
    limits: !isCount(dealer.open_leads_max) || !isCount(dealer.leads_a_day_max),
  };
  return PROBLEMS.filter((problem) => wrong[problem]);
}

function isZone(zone: string): boolean {
  try {
    return Boolean(zone) && new Intl.DateTimeFormat("en", { timeZone: zone }).format() !== "";
  } catch {
    return false;
  }
}
