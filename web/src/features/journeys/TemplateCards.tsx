import { Skeleton, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Card } from "../../ui/Page";
import { Answer } from "../../ui/states";
import canvas from "./Canvas.module.css";
import { outline } from "./graph";
import classes from "./Journeys.module.css";
import type { Journey } from "./journey";
import { groupOf, KIND_ICONS } from "./kinds";
import { journeyTemplatesQuery } from "./queries";

const STEPS_SHOWN = 7;

/** Journeys that work as they are, to begin with. */
export function TemplateCards() {
  const { t } = useTranslation();
  const templates = useQuery(journeyTemplatesQuery);
  return (
    <Card title={t("journeys.empty.title")} hint={t("journeys.empty.hint")}>
      <ul className={classes.cards}>
        <li>
          <Link to="/journeys/new" className={classes.card} data-blank>
            <IconPlus size={22} aria-hidden />
            <b>{t("journeys.empty.blank")}</b>
            <Text size="sm" c="dimmed">
              {t("journeys.empty.blank_hint")}
            </Text>
          </Link>
        </li>
        <Answer query={templates} skeleton={<Skeleton height={150} radius="lg" />}>
          {({ templates: all }) =>
            all.map(({ template_id, name, says, journey }) => (
              <li key={template_id}>
                <Link to="/journeys/new" search={{ template: template_id }} className={classes.card}>
                  <Steps of={journey} />
                  <b>{name}</b>
                  <Text size="sm" c="dimmed">
                    {says}
                  </Text>
                </Link>
              </li>
            ))
          }
        </Answer>
      </ul>
    </Card>
  );
}

/** What a journey does, as the pictures of its steps in a row. */
function Steps({ of }: { of: Journey }) {
  const lines = outline(of);
  return (
    <div className={classes.steps} aria-hidden>
      {lines.slice(0, STEPS_SHOWN).map(({ step: { step_id, does } }) => {
        const Picture = KIND_ICONS[does.do];
        return (
          <span key={step_id} className={canvas.mark} data-group={groupOf(does.do)} data-size="small">
            <Picture size={14} stroke={1.8} />
          </span>
        );
      })}
      {STEPS_SHOWN < lines.length && <span>+{lines.length - STEPS_SHOWN}</span>}
    </div>
  );
}
