import type { Rule } from "./rule";
import { sentencePieces, type Speech } from "./sentence";

/** A rule read aloud, what somebody chose in it in bold. */
export function Sentence({ rule, speech }: { rule: Rule; speech: Speech }) {
  return sentencePieces(rule, speech).map(({ kind, text }, at) =>
    kind === "name" ? <b key={at}>{text}</b> : <span key={at}>{text}</span>,
  );
}
