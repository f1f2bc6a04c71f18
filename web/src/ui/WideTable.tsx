import { Table, type TableProps } from "@mantine/core";

/** A table that is pulled sideways, by the arrow keys too, where the screen is narrower than `minWidth` px. */
export function WideTable({ label, minWidth, ...table }: TableProps & { label: string; minWidth: number }) {
  return (
    <Table.ScrollContainer
      minWidth={minWidth}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, "aria-label": label } }}
    >
      <Table horizontalSpacing="md" {...table} />
    </Table.ScrollContainer>
  );
}
