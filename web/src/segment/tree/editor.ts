import type { Condition } from "../rule";
import type { Wrong } from "./fields";

/** A kind of condition. */
type Of<Kind extends Condition["if"]> = Extract<Condition, { if: Kind }>;
/** What the fields of a kind of condition are given. */
export type Editor<Kind extends Condition["if"]> = {
  condition: Of<Kind>;
  wrong: Wrong;
  onChange: (condition: Condition) => void;
};
