import type { Journey } from "./journey";

/** Whether two journeys are the same, whoever wrote them: the order of fields and what is left out make no difference. */
export const isSame = (a: Journey, b: Journey) => a === b || text(a) === text(b);

const isNothing = (value: unknown) =>
  value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

const text = (journey: Journey) =>
  JSON.stringify(journey, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, held]) => !isNothing(held))
            .toSorted(([a], [b]) => a.localeCompare(b)),
        )
      : value,
  );
