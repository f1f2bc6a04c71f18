import { StreamLanguage, type StringStream } from "@codemirror/language";

/** Where the reader of a text stands: between tags, in a tag, in what is filled in, and inside of which of them. */
type State = {
  in: "text" | "tag" | "attributes" | "place" | "comment";
  back: "text" | "attributes" | "value";
  quote: string;
};

/** MJML and HTML with places that are filled in for each person: `{{ … }}`, `{% … %}`, `{# … #}`. */
export const markup = StreamLanguage.define<State>({
  name: "markup",
  startState: () => ({ in: "text", back: "text", quote: "" }),
  token(stream, state) {
    if (state.in === "place") return place(stream, state);
    if (state.in === "comment") {
      if (stream.skipTo("-->")) {
        stream.match("-->");
        state.in = "text";
      } else stream.skipToEnd();
      return "comment";
    }
    if (stream.match(/^\{#.*?#\}/)) return "comment";
    if (stream.match(/^\{[{%]-?/)) {
      state.back = state.quote ? "value" : state.in === "attributes" ? "attributes" : "text";
      state.in = "place";
      return "processingInstruction";
    }
    if (state.quote) return value(stream, state);
    if (state.in === "attributes") return attributes(stream, state);
    if (stream.match("<!--")) {
      state.in = "comment";
      return "comment";
    }
    if (stream.match(/^<\/?[\w:-]*/)) {
      state.in = "attributes";
      return "tagName";
    }
    stream.next();
    stream.eatWhile(/[^<{]/);
    return null;
  },
  languageData: {
    commentTokens: { block: { open: "<!--", close: "-->" } },
    closeBrackets: { brackets: ["(", "[", "{", '"'] },
  },
});

function place(stream: StringStream, state: State): string | null {
  if (stream.match(/^-?[}%]\}/)) {
    state.in = state.back === "text" ? "text" : "attributes";
    return "processingInstruction";
  }
  if (stream.eatSpace()) return null;
  if (stream.match(/^(["']).*?\1/)) return "string";
  if (stream.match(/^\d+(\.\d+)?/)) return "number";
  if (stream.match(/^(if|elif|else|endif|for|endfor|in|not|and|or|is|set|defined)\b/)) return "keyword";
  if (stream.match(/^[\p{L}_][\p{L}\d_.]*/u)) return "variableName";
  stream.next();
  return null;
}

function attributes(stream: StringStream, state: State): string | null {
  if (stream.match(/^\/?>/)) {
    state.in = "text";
    return "tagName";
  }
  if (stream.eatSpace()) return null;
  if (stream.match(/^[\w:-]+/)) return "attributeName";
  const quote = stream.next();
  if (quote === '"' || quote === "'") {
    state.quote = quote;
    return "string";
  }
  return null;
}

function value(stream: StringStream, state: State): string {
  while (!stream.eol()) {
    if (stream.match(/^\{[{%]/, false)) return "string";
    if (stream.next() === state.quote) {
      state.quote = "";
      return "string";
    }
  }
  return "string";
}
