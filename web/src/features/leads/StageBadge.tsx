import { Badge } from "@mantine/core";
import { label } from "../../api/labels";

const COLORS: Record<string, string> = { lost: "red", silent: "gray", contract: "green", delivered: "green" };

export function StageBadge({ stage, size = "sm" }: { stage: string; size?: "sm" | "lg" }) {
  return (
    <Badge size={size} variant="light" color={COLORS[stage] ?? "petrol"}>
      {label("stage", stage)}
    </Badge>
  );
}
