import { useEffect, useReducer } from "react";
import { api, body } from "../../api/client";
import type { LiveEvent } from "../../api/types";
import { changeFeed, emptyFeed } from "./feed";

const FLUSH_MS = 250;
const RECENT_EVENTS = 100;

/** The stream of events, from those just before to those to come, for as long as the page is open. */
export function useFeed() {
  const [feed, change] = useReducer(changeFeed, emptyFeed);

  useEffect(() => {
    let arrived: LiveEvent[] = [];
    const stream = new EventSource("/api/live/stream");
    stream.addEventListener("event", (message: MessageEvent<string>) => {
      arrived.unshift(JSON.parse(message.data));
    });
    stream.onopen = () => {
      change({ kind: "line", line: "open" });
      // What came in before the stream was open, or while it was broken.
      void body(api.GET("/api/live/recent", { params: { query: { limit: RECENT_EVENTS } } }))
        .then(({ events }) => change({ kind: "recent", events }))
        .catch(() => change({ kind: "line", line: "broken" }));
    };
    stream.onerror = () => change({ kind: "line", line: "broken" });

    // A busy installation brings hundreds of events a second: the page draws four times a second.
    const flush = setInterval(() => {
      if (arrived.length === 0) return;
      change({ kind: "arrived", events: arrived });
      arrived = [];
    }, FLUSH_MS);

    return () => {
      stream.close();
      clearInterval(flush);
    };
  }, []);

  return { feed, change };
}
