import { Table, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { PathsReport, PathsSpec } from "../../api/types";
import sheet from "../../report/Report.module.css";
import { useFormat } from "../../ui/FormatContext";
import { WideTable } from "../../ui/WideTable";
import classes from "./Paths.module.css";
import type { Crowd } from "./queries";
import { useWords } from "./words";

type Part = { report: PathsReport; spec: PathsSpec; onCrowd: (crowd: Crowd) => void };

/** A column a level, in the order of time; in each the steps that most people took there. */
export function LevelTable({ report, spec, onCrowd }: Part) {
  const { t } = useTranslation();
  const format = useFormat();
  const { placeName, levelName } = useWords(spec);
  const levels = report.levels.map(({ places }, level) => ({ places, level }));
  const inTime = spec.end ? levels.toReversed() : levels;
  const height = Math.max(...levels.map(({ places }) => places.length));
  return (
    <WideTable
      label={t("paths.levels")}
      minWidth={80 + 150 * levels.length}
      verticalSpacing={6}
      className={classes.sheet}
    >
      <Table.Thead>
        <Table.Tr>
          {inTime.map(({ level }) => (
            <Table.Th key={level}>{levelName(level)}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {Array.from({ length: height }, (_, row) => (
          <Table.Tr key={row}>
            {inTime.map(({ places, level }) => {
              const place = places[row];
              if (!place) return <Table.Td key={level} />;
              const { element, people, ended } = place;
              return (
                <Table.Td key={level}>
                  <span className={classes.place}>{placeName(element)}</span>
                  <UnstyledButton
                    className={sheet.figure}
                    onClick={() => onCrowd({ at: [{ level, element }], ended: false })}
                  >
                    {format.integer(people)}
                  </UnstyledButton>{" "}
                  <span className={classes.rest}>
                    {format.percent(people / report.people)}
                    {0 < ended && level < (spec.steps ?? 0) && (
                      <>
                        {" · "}
                        {t(spec.end ? "paths.of_these_began" : "paths.of_these_ended", {
                          people: format.integer(ended),
                        })}
                      </>
                    )}
                  </span>
                </Table.Td>
              );
            })}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

/** A row a whole path, by falling number of people; the last row are all the others. */
export function SequenceTable({ report, spec, onCrowd }: Part) {
  const { t } = useTranslation();
  const format = useFormat();
  const { placeName } = useWords(spec);
  const hasGoal = report.converted !== null;
  return (
    <WideTable label={t("paths.sequences")} minWidth={620} verticalSpacing={6} className={classes.sheet}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("paths.column.sequence")}</Table.Th>
          <Table.Th className="num">{t("paths.column.people")}</Table.Th>
          <Table.Th className="num">{t("paths.column.share")}</Table.Th>
          {hasGoal && <Table.Th className="num">{t("paths.converted")}</Table.Th>}
          {hasGoal && <Table.Th className="num">{t("paths.column.rate")}</Table.Th>}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {report.sequences.map(({ elements, people, share, converted }) => {
          const last = elements.length - 1;
          const at = elements.map((element, place) => ({ level: spec.end ? last - place : place, element }));
          return (
            <Table.Tr key={JSON.stringify(elements)}>
              <Table.Th scope="row" fw={400}>
                <ol className={classes.way}>
                  {elements.map((element, place) => (
                    <li key={place}>{placeName(element)}</li>
                  ))}
                </ol>
              </Table.Th>
              <Table.Td className="num">
                <UnstyledButton className={sheet.figure} onClick={() => onCrowd({ at, ended: true })}>
                  {format.integer(people)}
                </UnstyledButton>
              </Table.Td>
              <Table.Td className="num">{format.share(share)}</Table.Td>
              {converted !== null && (
                <Table.Td className="num">
                  <UnstyledButton
                    className={sheet.figure}
                    onClick={() => onCrowd({ at, ended: true, converted: true })}
                  >
                    {format.integer(converted)}
                  </UnstyledButton>
                </Table.Td>
              )}
              {converted !== null && <Table.Td className="num">{format.share(converted / people)}</Table.Td>}
            </Table.Tr>
          );
        })}
        {0 < report.people_omitted && (
          <Table.Tr>
            <Table.Th scope="row" fw={400}>
              {t("paths.omitted", {
                count: report.sequences_omitted,
                sequences: format.integer(report.sequences_omitted),
              })}
            </Table.Th>
            <Table.Td className="num">{format.integer(report.people_omitted)}</Table.Td>
            <Table.Td className="num">{format.share(report.people_omitted / report.people)}</Table.Td>
            {hasGoal && <Table.Td />}
            {hasGoal && <Table.Td />}
          </Table.Tr>
        )}
      </Table.Tbody>
    </WideTable>
  );
}
