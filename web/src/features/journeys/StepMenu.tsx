import { Menu } from "@mantine/core";
import { IconArrowRight, IconCircleOff, IconPlus } from "@tabler/icons-react";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { useBench } from "./bench";
import classes from "./Canvas.module.css";
import { connected, ENTRY, waysFrom, type Place } from "./graph";
import { STEPS_MAX } from "./journey";
import { KIND_GROUPS, KIND_ICONS } from "./kinds";
import { stepName, wayText } from "./sentence";

const GROUPS = ["say", "wait", "decide", "do"] as const;

/** The "+" at a place of the drawing: a new step there, or a step that is there already. */
export function StepMenu({ place, className = "" }: { place: Place; className?: string }) {
  const { t } = useTranslation();
  const { journey, speech, add, change } = useBench();
  const to = waysFrom(journey, place.from).find(({ way }) => way === place.way)?.to ?? null;
  const step = stepName(journey, place.from, speech);
  const name =
    to === null
      ? t("journeys.canvas.add", {
          step,
          way: wayText(journey, place.from, place.way, speech) || t("journeys.way.next"),
        })
      : t("journeys.canvas.insert", { step, next: stepName(journey, to, speech) });
  const others = journey.steps.filter(({ step_id }) => step_id !== place.from && step_id !== to);
  return (
    <Menu position="bottom" withinPortal transitionProps={{ duration: 0 }} width={260} trapFocus>
      <Menu.Target>
        <button
          type="button"
          className={`nodrag nopan ${classes.plus} ${className}`}
          aria-label={name}
          title={name}
          data-place={`${place.from} ${place.way}`}
          disabled={STEPS_MAX <= journey.steps.length}
        >
          <IconPlus size={14} stroke={2.4} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown className={classes.menu}>
        {GROUPS.map((group) => (
          <Fragment key={group}>
            <Menu.Label>{t(`journeys.group.${group}`)}</Menu.Label>
            {KIND_GROUPS[group].map((kind) => {
              const Picture = KIND_ICONS[kind];
              return (
                <Menu.Item
                  key={kind}
                  leftSection={
                    <span className={classes.mark} data-group={group} data-size="small">
                      <Picture size={15} stroke={1.8} aria-hidden />
                    </span>
                  }
                  onClick={() => add(place, kind)}
                >
                  {t(`journeys.kind.${kind}`)}
                </Menu.Item>
              );
            })}
          </Fragment>
        ))}
        {0 < others.length && place.from !== ENTRY && (
          <>
            <Menu.Divider />
            <Menu.Sub>
              <Menu.Sub.Target>
                <Menu.Sub.Item leftSection={<IconArrowRight size={16} aria-hidden />}>
                  {t("journeys.canvas.lead_to")}
                </Menu.Sub.Item>
              </Menu.Sub.Target>
              <Menu.Sub.Dropdown className={classes.targets}>
                {others.map(({ step_id }) => (
                  <Menu.Item key={step_id} onClick={() => change((held) => connected(held, place, step_id))}>
                    {stepName(journey, step_id, speech)}
                  </Menu.Item>
                ))}
              </Menu.Sub.Dropdown>
            </Menu.Sub>
          </>
        )}
        {to !== null && (
          <Menu.Item
            leftSection={<IconCircleOff size={16} aria-hidden />}
            onClick={() => change((held) => connected(held, place, null))}
          >
            {t("journeys.canvas.cut")}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
