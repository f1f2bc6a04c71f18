import { ActionIcon, Alert, Group, TextInput, Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconCopyPlus, IconTrash, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useBench } from "./bench";
import classes from "./Panel.module.css";
import canvas from "./Canvas.module.css";
import { copied, ENTRY, pasted, step as stepOf, withDoes, withName } from "./graph";
import { JourneyForm } from "./JourneyForm";
import { groupOf, KIND_ICONS } from "./kinds";
import { StepForm } from "./StepForm";
import { summary } from "./sentence";

const NAME_CHARS_MAX = 80;

/**
 * What is chosen, to be edited: a step, or the journey itself where none is.
 *
 * * `turn`: fields that hold their own text begin anew whenever it changes.
 */
export function StepPanel({ turn, onClose }: { turn: number; onClose?: () => void }) {
  const { t } = useTranslation();
  const { journey, mode, selected, problems, select } = useBench();
  const [only, ...more] = selected;
  const step = only && more.length === 0 ? stepOf(journey, only) : undefined;
  const of = step?.step_id ?? ENTRY;
  const wrong = problems.get(of) ?? [];
  return (
    <div className={classes.panel} data-panel>
      {1 < selected.length ? (
        <Several />
      ) : (
        <>
          <Head id={step?.step_id} onClose={onClose ?? (step ? () => select([]) : undefined)} />
          {0 < wrong.length && (
            <Alert color="red" variant="light" py={8} icon={<IconAlertTriangle size={17} aria-hidden />}>
              <ul className={classes.wrongs}>
                {wrong.map((says) => (
                  <li key={says}>{says}</li>
                ))}
              </ul>
            </Alert>
          )}
          <fieldset className={classes.fields} disabled={mode === "read"} key={`${of} ${turn}`}>
            <legend className={classes.legend}>
              {step ? t(`journeys.kind.${step.does.do}`) : t("journeys.panel.journey")}
            </legend>
            {mode === "read" && <p className={classes.hint}>{t("journeys.panel.read_only")}</p>}
            {step ? <OneStep id={step.step_id} /> : <JourneyForm />}
          </fieldset>
        </>
      )}
    </div>
  );
}

function OneStep({ id }: { id: string }) {
  const { t } = useTranslation();
  const { journey, speech, change } = useBench();
  const step = stepOf(journey, id);
  if (!step) return null;
  return (
    <>
      <StepForm does={step.does} onChange={(does) => change((held) => withDoes(held, id, does), id)} />
      <TextInput
        label={t("journeys.field.step_name")}
        placeholder={summary(step, journey, speech)}
        maxLength={NAME_CHARS_MAX}
        value={step.name ?? ""}
        onChange={({ currentTarget: { value } }) => change((held) => withName(held, id, value), `${id} name`)}
      />
    </>
  );
}

function Head({ id, onClose }: { id: string | undefined; onClose: (() => void) | undefined }) {
  const { t } = useTranslation();
  const { journey, mode } = useBench();
  const step = id === undefined ? undefined : stepOf(journey, id);
  const Picture = KIND_ICONS[step?.does.do ?? "entry"];
  return (
    <div className={classes.head}>
      <span className={canvas.mark} data-group={step ? groupOf(step.does.do) : "entry"} data-size="small">
        <Picture size={15} stroke={1.8} aria-hidden />
      </span>
      <h2>{step ? t(`journeys.kind.${step.does.do}`) : t("journeys.panel.journey")}</h2>
      <Group gap={2} ml="auto">
        {step && mode === "edit" && <StepTools ids={[step.step_id]} />}
        {onClose && (
          <Tooltip label={t("journeys.tool.close_panel")}>
            <ActionIcon
              variant="subtle"
              color="gray"
              c="dimmed"
              aria-label={t("journeys.tool.close_panel")}
              onClick={onClose}
            >
              <IconX size={17} />
            </ActionIcon>
          </Tooltip>
        )}
      </Group>
    </div>
  );
}

/** What can be done with all that are chosen. */
function Several() {
  const { t } = useTranslation();
  const { selected, mode } = useBench();
  const ids = selected.filter((id) => id !== ENTRY);
  return (
    <div className={classes.head}>
      <h2>{t("journeys.selected", { count: ids.length })}</h2>
      <Group gap={2} ml="auto">
        {mode === "edit" && <StepTools ids={ids} />}
      </Group>
    </div>
  );
}

function StepTools({ ids }: { ids: string[] }) {
  const { t } = useTranslation();
  const { change, select, remove, journey } = useBench();
  const duplicate = () => {
    const twice = pasted(journey, copied(journey, ids));
    change(() => twice.journey);
    select(twice.ids);
  };
  return (
    <>
      <Tooltip label={t("journeys.tool.duplicate")}>
        <ActionIcon
          variant="subtle"
          color="gray"
          c="dimmed"
          aria-label={t("journeys.tool.duplicate")}
          onClick={duplicate}
        >
          <IconCopyPlus size={17} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={t("journeys.tool.remove")}>
        <ActionIcon
          variant="subtle"
          color="gray"
          c="dimmed"
          aria-label={t("journeys.tool.remove")}
          onClick={() => remove(ids)}
        >
          <IconTrash size={17} />
        </ActionIcon>
      </Tooltip>
    </>
  );
}
