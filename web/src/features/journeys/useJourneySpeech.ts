import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { templatesQuery } from "../../message/template";
import { useSpeech } from "../../segment/useSpeech";
import { useFormat } from "../../ui/FormatContext";
import { journeysQuery } from "./queries";
import type { Speech } from "./sentence";

/** With what journeys are read aloud to this reader; what is gone is told by its id. */
export function useJourneySpeech(): Speech {
  const format = useFormat();
  const rules = useSpeech();
  const templates = useQuery(templatesQuery).data;
  const journeys = useQuery({ ...journeysQuery, refetchInterval: false }).data;
  return useMemo(() => {
    const texts = new Map(
      templates?.templates.map(({ template_id, name, message_channel }) => [
        template_id,
        { name, channel: message_channel },
      ]),
    );
    const names = new Map(journeys?.journeys.map(({ journey_id, name }) => [journey_id, name]));
    return {
      ...rules,
      template: (id) => texts.get(id),
      journey: (id) => names.get(id) ?? id,
      percent: format.percent,
    };
  }, [rules, format, templates, journeys]);
}
